import type { NumberType } from 'libphonenumber-js/max';

/** Former spellings that still reach the same handset, and the current form. They share one allowance. */
export const LEGACY_FORMS: readonly { spelling: RegExp; replacement: string }[] = [
  // Mexico dropped the mobile digit 1 in 2019 (IFT resolution of 2018-06-21).
  { spelling: /^\+521(\d{10})$/, replacement: '+52$1' },
  // Brazil put a 9 before every mobile number of eight digits, from 2012 to 2016 (ANATEL resolution 553/2010).
  { spelling: /^\+55([1-9]\d)([6-9]\d{7})$/, replacement: '+55$19$2' },
  // Argentina: area code and number are one space for fixed and mobile; from abroad a mobile has a 9 before
  // them, and only a mobile can receive SMS. 600 and 800 are services.
  { spelling: /^\+54((?![68]00)[1-8]\d{9})$/, replacement: '+549$1' },
];

/** Kinds of number that cost the caller or the callee more than a message, or move with a person. */
export const UNSERVED_TYPES: ReadonlySet<NonNullable<NumberType>> = new Set([
  'PREMIUM_RATE',
  'SHARED_COST',
  'PERSONAL_NUMBER',
]);

/** Calling codes that are no country: satellite, international premium and shared cost, personal (ITU-T E.164.D). */
export const UNSERVED_CALLING_CODES: ReadonlySet<string> = new Set([
  '808', // international shared cost
  '870', // Inmarsat
  '878', // universal personal
  '881', // global mobile satellite
  '882', // international networks, Thuraya among them
  '883', // international networks
  '979', // international premium rate
]);

/** Twilio's magic test numbers lie in a personal-number range and are served. */
export const TWILIO_TEST_NUMBER = /^\+1500555000\d$/;
