import { HttpException, HttpStatus } from '@nestjs/common';
import { SMS_FAILURE_TEXTS, SmsError } from '@app/sms';
import { ApiProperty, ApiPropertyOptional } from '../docs/swagger.decorators.js';
import { IdempotencyError } from '../idempotency/idempotency.errors.js';
import {
  CODE_ENDED_REASONS,
  UnconfirmedSendError,
  VerificationError,
} from '../verification/verification.errors.js';
import { ERROR_CODES, ERROR_TITLE, statusOf, type ErrorCode, type HttpErrorCode } from './error-status.js';
import { FieldError, ValidationFailedError } from './validation.pipe.js';

/** The body of every error answer (RFC 9457). */
export class Problem {
  @ApiProperty({ description: 'A URN made of the code.', format: 'uri' })
  readonly type: string;

  @ApiProperty({ description: 'A short text, the same for every occurrence of the code.' })
  readonly title: string;

  @ApiProperty({ description: 'The HTTP status.', type: 'integer' })
  readonly status: number;

  @ApiProperty({ description: 'A sentence that may be shown to the person who waits for the code.' })
  readonly detail: string;

  @ApiProperty({ description: 'What went wrong. Decide by it.', enum: ERROR_CODES })
  readonly code: ErrorCode;

  @ApiProperty({ description: 'Also in the header X-Request-Id.', format: 'uuid' })
  readonly requestId: string;

  @ApiPropertyOptional({
    description:
      'Whole seconds, also in the header Retry-After. Later, the same reason does not refuse again.',
    type: 'integer',
    minimum: 1,
  })
  readonly retryAfterSeconds?: number;

  @ApiPropertyOptional({
    description: 'Why, with SMS_SEND_FAILED and SMS_CODE_EXPIRED.',
    enum: [...Object.keys(SMS_FAILURE_TEXTS), ...CODE_ENDED_REASONS],
  })
  readonly reason?: string;

  @ApiPropertyOptional({
    description: 'Wrong guesses that the code still allows, with SMS_CODE_ERROR.',
    type: 'integer',
    minimum: 0,
  })
  readonly attemptsLeft?: number;

  @ApiPropertyOptional({
    description: 'The faults of the request, with VALIDATION_FAILED.',
    type: [FieldError],
  })
  readonly errors?: readonly FieldError[];

  @ApiPropertyOptional({ description: 'The verification whose code may arrive although its send failed.' })
  readonly id?: string;
}

/** A problem before it belongs to a request. */
export type ProblemFacts = Omit<Problem, 'requestId'>;

type KnownError = (SmsError | VerificationError | IdempotencyError | ValidationFailedError) &
  Partial<Pick<ProblemFacts, 'retryAfterSeconds' | 'reason' | 'attemptsLeft' | 'errors'>>;

/** Domain errors by the table, Nest's own by their status, and everything else as INTERNAL_ERROR. */
export function toProblem(error: unknown): ProblemFacts {
  if (error instanceof UnconfirmedSendError) return { ...toProblem(error.failure), id: error.verificationId };
  if (isKnown(error)) {
    const { code, message, retryAfterSeconds, reason, attemptsLeft, errors } = error;
    return { ...problem(code, message, reason), retryAfterSeconds, reason, attemptsLeft, errors };
  }
  if (error instanceof HttpException) return fromStatus(error.getStatus());
  if (isHangUp(error)) return fromStatus(HttpStatus.BAD_REQUEST);
  return fromStatus(HttpStatus.INTERNAL_SERVER_ERROR);
}

/** Errors that HTTP itself raises: no route, a body that cannot be read. Their own texts may repeat the request. */
export function fromStatus(status: number): ProblemFacts {
  const [code, detail] = HTTP_ERRORS[status] ?? (status < 500 ? HTTP_ERRORS[400] : HTTP_ERRORS[500]);
  return problem(code, detail);
}

function problem(code: ErrorCode, detail: string, reason?: string): ProblemFacts {
  const type = `urn:problem:phone-verification:${code.toLowerCase().replaceAll('_', '-')}`;
  return { type, title: ERROR_TITLE[code], status: statusOf(code, reason), detail, code };
}

/** The caller closed the connection in the middle of its request. Nobody hears the answer. */
function isHangUp(error: unknown): boolean {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'ECONNRESET' && message === 'aborted';
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
