import {
  SMS_FAILURE_TEXTS,
  STORE_FAULTS,
  TWILIO_ANSWERS,
  type SmsErrorCode,
  type SmsFailureReason,
} from '@app/sms';
import { getCountries, isSupportedCountry } from 'libphonenumber-js/max';
import type { IdempotencyErrorCode } from '../idempotency/idempotency.errors.js';
import { DELIVERY_CODES, FINAL_DELIVERIES } from '../verification/delivery.js';
import type { VerificationErrorCode } from '../verification/verification.errors.js';

// Every label takes its values from a closed set: no phone, code, address or id can become one.

/** How a call for a code ended. */
export const SEND_OUTCOMES = [
  'sent',
  'repeated',
  'unconfirmed',
  'failed',
  'refused',
  'store_unavailable',
  'error',
] as const;
export type SendOutcome = (typeof SEND_OUTCOMES)[number];

/** Whose limit refused a call for a code. */
export const LIMITS = ['none', 'phone', 'source', 'total'] as const;
export type Limit = (typeof LIMITS)[number];

export interface RefusalLabels {
  readonly code: SmsErrorCode | VerificationErrorCode | IdempotencyErrorCode;
  readonly limit: Limit;
}

/** How a check of a code ended. */
export const CHECK_RESULTS = [
  'approved',
  'wrong_code',
  'expired',
  'used',
  'replaced',
  'attempts_exhausted',
  'send_failed',
  'not_found',
  'too_frequent',
  'store_unavailable',
  'error',
] as const;
export type CheckResult = (typeof CHECK_RESULTS)[number];

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'] as const;

/** Anybody may call with any method that Node can read. */
export function methodLabel(method: string): string {
  return METHODS.find((known) => known === method) ?? 'other';
}

/** The countries that the numbering plans know, and `none` for all other numbers. */
export const COUNTRIES: readonly string[] = [...getCountries(), 'none'];

export function countryLabel(country: string | undefined): string {
  return country !== undefined && isSupportedCountry(country) ? country : 'none';
}

const TWILIO_CODES: readonly string[] = ['none', ...DELIVERY_CODES.map(String), 'other'];

/** Twilio has some hundred codes, and adds more. */
export function twilioCodeLabel(twilioCode: number | undefined): string {
  if (twilioCode === undefined) return 'none';
  return DELIVERY_CODES.includes(twilioCode) ? String(twilioCode) : 'other';
}

/** The values of each label whose set is the same for every installation. */
export const LABEL_VALUES = {
  outcome: SEND_OUTCOMES,
  limit: LIMITS,
  result: CHECK_RESULTS,
  delivery: FINAL_DELIVERIES,
  twilio_code: TWILIO_CODES,
  answer: TWILIO_ANSWERS,
  reason: Object.keys(SMS_FAILURE_TEXTS) as SmsFailureReason[],
  store: ['redis', 'embedded'],
  fault: STORE_FAULTS,
  method: METHODS,
} as const;
