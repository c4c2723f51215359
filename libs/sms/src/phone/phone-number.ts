import { inspect } from 'node:util';
import parsePhoneNumber, { type CountryCode } from 'libphonenumber-js/max';
import { PhoneFormatError, PhoneNotAllowedError } from '../sms.errors.js';
import { LEGACY_FORMS, UNSERVED_CALLING_CODES, UNSERVED_TYPES, TWILIO_TEST_NUMBER } from './number-plan.js';

/** E.164 by format: + and 7 to 15 digits, the first not zero (ITU-T E.164, section 6). */
const E164 = /^\+[1-9]\d{6,14}$/;
const TOLERATED_SEPARATORS = /[ ().-]/g;
/** The longest spelling that is looked at: 15 digits with generous separators. */
const MAX_SPELLING_LENGTH = 32;

/**
 * A phone number in canonical E.164: the one form that limits, the store, Twilio and logs know.
 * Every spelling of a number gives the same `PhoneNumber` or is refused. It prints masked.
 */
export class PhoneNumber {
  readonly #e164: string;

  private constructor(e164: string) {
    this.#e164 = e164;
  }

  /**
   * Reads a number in international format. Spaces, dashes, dots and parentheses are removed; there is no default
   * country. A well-formed number that the numbering-plan metadata does not know is accepted: Twilio decides.
   * @throws PhoneFormatError if it is not a number in international format
   */
  static parse(spelling: string): PhoneNumber {
    if (typeof spelling !== 'string' || spelling.length > MAX_SPELLING_LENGTH) throw new PhoneFormatError();
    return new PhoneNumber(canonical(spelling.replace(TOLERATED_SEPARATORS, '')));
  }

  /** A number that was stored as {@link e164}, and so needs no reading. */
  static ofStored(e164: string): PhoneNumber {
    return new PhoneNumber(e164);
  }

  /**
   * @param countries ISO 3166 codes of the countries that are served; empty means all
   * @throws PhoneNotAllowedError if codes are not sent to this kind of number (premium, shared-cost, satellite or
   * personal) or to its country. A number that the metadata does not know is served, unless there is a list of
   * countries and it may belong to another one.
   */
  assertServed(countries: readonly string[] = []): void {
    if (!isServed(this.#e164) || !isIn(this.#e164, countries)) throw new PhoneNotAllowedError();
  }

  /** The whole number. For sending, hashing and sealing only. */
  get e164(): string {
    return this.#e164;
  }

  /** At most the first four and the last two digits, and at least half of the digits hidden: `+1202*****23`. */
  get masked(): string {
    return maskPhone(this.#e164);
  }

  /** ISO 3166 code of its country; undefined for a number that the numbering-plan metadata does not know. */
  get country(): CountryCode | undefined {
    return TWILIO_TEST_NUMBER.test(this.#e164) ? undefined : parsePhoneNumber(this.#e164)?.country;
  }

  toString(): string {
    return this.masked;
  }

  toJSON(): string {
    return this.masked;
  }

  [inspect.custom](): string {
    return this.masked;
  }
}

/** Masks a number in E.164; see {@link PhoneNumber.masked}. */
export function maskPhone(e164: string): string {
  const digits = e164.slice(1);
  const shown = Math.min(6, Math.ceil(digits.length / 2));
  const head = digits.slice(0, shown - 2);
  return `+${head}${'*'.repeat(digits.length - shown)}${digits.slice(-2)}`;
}

/** Applies the metadata until nothing changes, so that reading a canonical number gives the same number. */
function canonical(compact: string): string {
  if (!E164.test(compact)) throw new PhoneFormatError();
  let current = compact;
  for (const { spelling, replacement } of LEGACY_FORMS) current = current.replace(spelling, replacement);
  const parsed = parsePhoneNumber(current);
  const next = parsed?.number ?? current;
  return next === compact ? next : canonical(next);
}

function isServed(e164: string): boolean {
  if (TWILIO_TEST_NUMBER.test(e164)) return true;
  const parsed = parsePhoneNumber(e164);
  if (!parsed) return true;
  const type = parsed.getType();
  return !UNSERVED_CALLING_CODES.has(parsed.countryCallingCode) && !(type && UNSERVED_TYPES.has(type));
}

function isIn(e164: string, countries: readonly string[]): boolean {
  if (countries.length === 0 || TWILIO_TEST_NUMBER.test(e164)) return true;
  const parsed = parsePhoneNumber(e164);
  const possible = parsed?.country ? [parsed.country] : (parsed?.getPossibleCountries() ?? []);
  return possible.length > 0 && possible.every((country) => countries.includes(country));
}
