import { HttpStatus } from '@nestjs/common';
import type { SmsErrorCode, SmsFailureReason } from '@app/sms';
import type { IdempotencyErrorCode } from '../idempotency/idempotency.errors.js';
import type { VerificationErrorCode } from '../verification/verification.errors.js';

/** Errors of HTTP itself, not of a feature. */
export type HttpErrorCode =
  | 'VALIDATION_FAILED'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'INTERNAL_ERROR';

export type ErrorCode = SmsErrorCode | VerificationErrorCode | IdempotencyErrorCode | HttpErrorCode;

/** The status of every error code. A code without one does not compile. */
export const ERROR_STATUS: Record<ErrorCode, HttpStatus> = {
  SMS_SEND_FAILED: HttpStatus.BAD_GATEWAY, // or 422, see statusOf
  SMS_CONNECTION_FAILED: HttpStatus.SERVICE_UNAVAILABLE,
  SMS_SEND_TOO_FREQUENTLY: HttpStatus.TOO_MANY_REQUESTS,
  TODAY_SMS_LIMIT_REACHED: HttpStatus.TOO_MANY_REQUESTS,
  PHONE_FORMAT_ERROR: HttpStatus.BAD_REQUEST,
  PHONE_NOT_ALLOWED: HttpStatus.UNPROCESSABLE_ENTITY,
  MOBILE_REGISTER_DISABLED: HttpStatus.FORBIDDEN,
  SMS_CODE_ERROR: HttpStatus.UNPROCESSABLE_ENTITY,
  SMS_CODE_EXPIRED: HttpStatus.GONE,
  VERIFICATION_NOT_FOUND: HttpStatus.NOT_FOUND,
  SMS_CHECK_TOO_FREQUENTLY: HttpStatus.TOO_MANY_REQUESTS,
  IDEMPOTENCY_KEY_IN_USE: HttpStatus.CONFLICT,
  IDEMPOTENCY_KEY_REUSED: HttpStatus.UNPROCESSABLE_ENTITY,
  STORE_UNAVAILABLE: HttpStatus.SERVICE_UNAVAILABLE,
  SERVER_BUSY: HttpStatus.SERVICE_UNAVAILABLE,
  VALIDATION_FAILED: HttpStatus.BAD_REQUEST,
  UNAUTHORIZED: HttpStatus.UNAUTHORIZED,
  FORBIDDEN: HttpStatus.FORBIDDEN,
  NOT_FOUND: HttpStatus.NOT_FOUND,
  METHOD_NOT_ALLOWED: HttpStatus.METHOD_NOT_ALLOWED,
  PAYLOAD_TOO_LARGE: HttpStatus.PAYLOAD_TOO_LARGE,
  UNSUPPORTED_MEDIA_TYPE: HttpStatus.UNSUPPORTED_MEDIA_TYPE,
  INTERNAL_ERROR: HttpStatus.INTERNAL_SERVER_ERROR,
};

/** All of them. */
export const ERROR_CODES = Object.keys(ERROR_STATUS) as ErrorCode[];

/** The recipient's number is the cause, so asking again is of no use. */
const RECIPIENT_REASONS: ReadonlySet<unknown> = new Set<SmsFailureReason>([
  'invalid_number',
  'not_mobile',
  'opted_out',
  'blocked_as_fraud',
]);

export function statusOf(code: ErrorCode, reason?: string): HttpStatus {
  if (code === 'SMS_SEND_FAILED' && RECIPIENT_REASONS.has(reason)) return HttpStatus.UNPROCESSABLE_ENTITY;
  return ERROR_STATUS[code];
}

/** A short text for each code, the same for every occurrence (RFC 9457, section 3.1.3). */
export const ERROR_TITLE: Record<ErrorCode, string> = {
  SMS_SEND_FAILED: 'The SMS could not be sent',
  SMS_CONNECTION_FAILED: 'The SMS provider did not answer',
  SMS_SEND_TOO_FREQUENTLY: 'A code was sent a moment ago',
  TODAY_SMS_LIMIT_REACHED: 'No more codes for now',
  PHONE_FORMAT_ERROR: 'Not a phone number in international format',
  PHONE_NOT_ALLOWED: 'This number is not served',
  MOBILE_REGISTER_DISABLED: 'Registration by phone is off',
  SMS_CODE_ERROR: 'Wrong code',
  SMS_CODE_EXPIRED: 'The code cannot be accepted any more',
  VERIFICATION_NOT_FOUND: 'No such verification',
  SMS_CHECK_TOO_FREQUENTLY: 'Too many wrong codes',
  IDEMPOTENCY_KEY_IN_USE: 'The first request is still running',
  IDEMPOTENCY_KEY_REUSED: 'The key was used for another request',
  STORE_UNAVAILABLE: 'The store cannot answer',
  SERVER_BUSY: 'The service is busy',
  VALIDATION_FAILED: 'The request is not valid',
  UNAUTHORIZED: 'Not authorized',
  FORBIDDEN: 'Not allowed',
  NOT_FOUND: 'No such resource',
  METHOD_NOT_ALLOWED: 'Method not allowed',
  PAYLOAD_TOO_LARGE: 'The body is too large',
  UNSUPPORTED_MEDIA_TYPE: 'The body must be JSON',
  INTERNAL_ERROR: 'Something went wrong',
};
