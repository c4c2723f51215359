import { HttpException, HttpStatus } from '@nestjs/common';
import { SmsError } from '@app/sms';
import { IdempotencyError } from '../idempotency/idempotency.errors.js';
import { UnconfirmedSendError, VerificationError } from '../verification/verification.errors.js';
import { ERROR_TITLE, statusOf, type ErrorCode, type HttpErrorCode } from './error-status.js';
import { ValidationFailedError, type FieldError } from './validation.pipe.js';

/** The body of every error answer (RFC 9457), before the request's id is added. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly retryAfterSeconds?: number;
  readonly reason?: string;
  readonly attemptsLeft?: number;
  readonly errors?: readonly FieldError[];
  /** The verification whose code may arrive although its send failed. */
  readonly id?: string;
}

type KnownError = (SmsError | VerificationError | IdempotencyError | ValidationFailedError) &
  Partial<Pick<Problem, 'retryAfterSeconds' | 'reason' | 'attemptsLeft' | 'errors'>>;

/** Domain errors by the table, Nest's own by their status, and everything else as INTERNAL_ERROR. */
export function toProblem(error: unknown): Problem {
  if (error instanceof UnconfirmedSendError) return { ...toProblem(error.failure), id: error.verificationId };
  if (isKnown(error)) {
    const { code, message, retryAfterSeconds, reason, attemptsLeft, errors } = error;
    return { ...problem(code, message, reason), retryAfterSeconds, reason, attemptsLeft, errors };
  }
  if (error instanceof HttpException) return fromStatus(error.getStatus());
  return fromStatus(HttpStatus.INTERNAL_SERVER_ERROR);
}

/** Errors that HTTP itself raises: no route, a body that cannot be read. Their own texts may repeat the request. */
export function fromStatus(status: number): Problem {
  const [code, detail] = HTTP_ERRORS[status] ?? (status < 500 ? HTTP_ERRORS[400] : HTTP_ERRORS[500]);
  return problem(code, detail);
}

function problem(code: ErrorCode, detail: string, reason?: string): Problem {
  const type = `urn:problem:phone-verification:${code.toLowerCase().replaceAll('_', '-')}`;
  return { type, title: ERROR_TITLE[code], status: statusOf(code, reason), detail, code };
}

function isKnown(error: unknown): error is KnownError {
  return (
    error instanceof SmsError ||
    error instanceof VerificationError ||
    error instanceof IdempotencyError ||
    error instanceof ValidationFailedError
  );
}

const HTTP_ERRORS: Record<number, [code: HttpErrorCode, detail: string]> = {
  400: ['VALIDATION_FAILED', 'The request cannot be read. Send a JSON object.'],
  401: ['UNAUTHORIZED', 'Send Authorization: Bearer with a valid key.'],
  403: ['FORBIDDEN', 'This address is for Twilio alone, which signs its requests.'],
  404: ['NOT_FOUND', 'There is nothing at this address.'],
  405: [
    'METHOD_NOT_ALLOWED',
    'This address does not support the method. The Allow header names those it supports.',
  ],
  413: ['PAYLOAD_TOO_LARGE', 'The body is larger than 8 KiB.'],
  415: ['UNSUPPORTED_MEDIA_TYPE', 'Send the body as JSON, with Content-Type: application/json.'],
  500: ['INTERNAL_ERROR', 'Something went wrong on our side. The request id helps to find it.'],
};
