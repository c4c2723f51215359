import { inspect } from 'node:util';
import parsePhoneNumber, { type CountryCode, type PhoneNumber as KnownNumber } from 'libphonenumber-js/max';
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
  /** What the numbering-plan metadata knows of it, once it was looked up, which is slow; null if nothing. */
  #known?: KnownNumber | null;
  #isServed?: boolean;

  private constructor(e164: string, known?: KnownNumber) {
    this.#e164 = e164;
    this.#known = known;
  }

  /**
   * Reads a number in international format. Spaces, dashes, dots and parentheses are removed; there is no default
   * country. A well-formed number that the numbering-plan metadata does not know is accepted: Twilio decides.
   * @throws PhoneFormatError if it is not a number in international format
   */
  static parse(spelling: string): PhoneNumber {
    if (typeof spelling !== 'string' || spelling.length > MAX_SPELLING_LENGTH) throw new PhoneFormatError();
    const { e164, known } = canonical(spelling.replace(TOLERATED_SEPARATORS, ''));
    return new PhoneNumber(e164, known);
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
    this.#isServed ??= isServed(this.known);
    if (!this.#isServed || !this.isIn(countries)) throw new PhoneNotAllowedError();
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
    return this.known?.country;
  }

  private isIn(countries: readonly string[]): boolean {
    if (countries.length === 0 || TWILIO_TEST_NUMBER.test(this.#e164)) return true;
    const possible = this.country ? [this.country] : (this.known?.getPossibleCountries() ?? []);
    return possible.length > 0 && possible.every((country) => countries.includes(country));
  }

  /** Undefined for a number that the metadata does not know, and for those that Twilio keeps for tests. */
  private get known(): KnownNumber | undefined {
    if (this.#known === undefined) {
      const isTest = TWILIO_TEST_NUMBER.test(this.#e164);
      this.#known = (isTest ? undefined : parsePhoneNumber(this.#e164)) ?? null;
    }
    return this.#known ?? undefined;
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
function canonical(compact: string): { e164: string; known?: KnownNumber } {
  if (!E164.test(compact)) throw new PhoneFormatError();
  let current = compact;
  for (const { spelling, replacement } of LEGACY_FORMS) current = current.replace(spelling, replacement);
  const known = parsePhoneNumber(current);
  const e164 = known?.number ?? current;
  if (e164 !== compact) return canonical(e164);
  return TWILIO_TEST_NUMBER.test(e164) ? { e164 } : { e164, known };
}

function isServed(known: KnownNumber | undefined): boolean {
  if (!known) return true;
  const type = known.getType();
  return !UNSERVED_CALLING_CODES.has(known.countryCallingCode) && !(type && UNSERVED_TYPES.has(type));
}
