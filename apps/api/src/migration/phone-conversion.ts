import { PhoneFormatError, PhoneNotAllowedError, PhoneNumber } from '@app/sms';
import {
  isValidPhoneNumber,
  ParseError,
  parsePhoneNumberWithError,
  type CountryCode,
  type PhoneNumber as ParsedNumber,
} from 'libphonenumber-js/max';

/** The canonical number, or why there is none; the reason does not repeat what was given. */
export type Conversion =
  | { readonly e164: string; /** Which few carriers deliver an SMS to. */ readonly isFixedLine: boolean }
  | { readonly reason: string };

/** The longest spelling that is looked at. */
const LONGEST = 64;
/** Marks of the writing direction, which come along when numbers are copied from address books. */
const INVISIBLE = /[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;
const COUNTRY_IN_PARENTHESES = /^[(\uff08]\s*([+\uff0b]\d{1,3})\s*[)\uff09]/;
const SEVERAL_VALUES = /[,;|\t]/;
const DECIMAL = /^\d+\.\d{1,2}$/;
const SCIENTIFIC = /^\d+(\.\d+)?e\+?\d+$/i;

/**
 * Brings a number as people wrote it to the form that this service knows. Only what is a number of its country's plan is
 * converted: a guess would send somebody else's codes to a stranger.
 * @param country for numbers without a country code
 */
export function convertPhone(spelling: string, country?: CountryCode): Conversion {
  const text = spelling
    .replace(INVISIBLE, '')
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .trim();
  if (text.length > LONGEST) return { reason: 'is too long for a phone number' };
  if (SEVERAL_VALUES.test(text))
    return { reason: 'has more than one value; the list needs one number per line' };
  if (DECIMAL.test(text) || SCIENTIFIC.test(text))
    return { reason: 'is a decimal number, as spreadsheets write it' };
  try {
    const parsed = parsePhoneNumberWithError(text.replace(COUNTRY_IN_PARENTHESES, '$1 '), {
      defaultCountry: country,
      extract: false,
    });
    if (parsed.ext) return { reason: 'has an extension' };
    const phone = PhoneNumber.parse(parsed.number);
    if (!isInPlan(parsed, phone))
      return { reason: `is not a number of its country${inWords(parsed.country)}` };
    phone.assertServed();
    return { e164: phone.e164, isFixedLine: parsed.getType() === 'FIXED_LINE' };
  } catch (error) {
    return { reason: reasonOf(error, country) };
  }
}

/** Former spellings are not in the plan of their country; the current one that they have is. */
function isInPlan(parsed: ParsedNumber, { e164 }: PhoneNumber): boolean {
  return e164 === parsed.number ? parsed.isValid() : isValidPhoneNumber(e164);
}

function inWords(country?: CountryCode): string {
  return country ? ` (${country})` : '';
}

function reasonOf(error: unknown, country?: CountryCode): string {
  if (error instanceof PhoneNotAllowedError) return 'is a kind of number that codes are not sent to';
  if (error instanceof PhoneFormatError) return 'is not a phone number';
  if (!(error instanceof ParseError)) throw error;
  switch (error.message) {
    case 'INVALID_COUNTRY':
      return country ? 'has no country code that exists' : 'has no country code; --country gives one';
    case 'TOO_SHORT':
      return 'is too short';
    case 'TOO_LONG':
    case 'INVALID_LENGTH':
      return 'has too many digits';
    default:
      return 'is not a phone number';
  }
}
