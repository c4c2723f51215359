import {
  PhoneFormatError,
  PhoneNotAllowedError,
  ServerBusyError,
  SmsConnectionFailedError,
  SmsSendFailedError,
  SmsSendTooFrequentlyError,
  StoreUnavailableError,
  TodaySmsLimitReachedError,
} from '@app/sms';
import { IdempotencyKeyInUseError, IdempotencyKeyReusedError } from '../idempotency/idempotency.errors.js';
import {
  MobileRegisterDisabledError,
  SmsCheckTooFrequentlyError,
  SmsCodeError,
  SmsCodeExpiredError,
  UnconfirmedSendError,
  VerificationNotFoundError,
} from '../verification/verification.errors.js';
import type { ErrorCode } from './error-status.js';
import { fromStatus, toProblem, type Problem } from './problem.js';
import { ValidationFailedError } from './validation.pipe.js';

const ID = 'rDvJduOdDzuuhUt7hhoZxA7bVid6Un5O2iPb9EDaxu1w';
const requestId = '3b36df7d-a0cb-4882-915e-f70a1b1b3a36';
const NO_PHONE = { pointer: '/phone', detail: 'phone must be a string, for example "+12025550123"' };

const problem = (error: Error): Problem => ({ ...toProblem(error), requestId });
const httpProblem = (status: number): Problem => ({ ...fromStatus(status), requestId });

/** Every code as it is answered. The API description shows these, and `docs/errors.md` the same. */
export const PROBLEM_EXAMPLES: Record<ErrorCode, readonly Problem[]> = {
  SMS_SEND_FAILED: [
    problem(new SmsSendFailedError('not_mobile', { mayArrive: false })),
    problem(new SmsSendFailedError('rate_limited', { mayArrive: false, retryAfterSeconds: 5 })),
    problem(new UnconfirmedSendError(ID, new SmsSendFailedError('provider_error', { mayArrive: true }))),
  ],
  SMS_CONNECTION_FAILED: [
    problem(new SmsConnectionFailedError({ mayArrive: false })),
    problem(
      new UnconfirmedSendError(ID, new SmsConnectionFailedError({ mayArrive: true, retryAfterSeconds: 60 })),
    ),
  ],
  SMS_SEND_TOO_FREQUENTLY: [problem(new SmsSendTooFrequentlyError(60))],
  TODAY_SMS_LIMIT_REACHED: [problem(new TodaySmsLimitReachedError(86_400))],
  PHONE_FORMAT_ERROR: [problem(new PhoneFormatError())],
  PHONE_NOT_ALLOWED: [problem(new PhoneNotAllowedError())],
  MOBILE_REGISTER_DISABLED: [problem(new MobileRegisterDisabledError())],
  SMS_CODE_ERROR: [problem(new SmsCodeError(4))],
  SMS_CODE_EXPIRED: [problem(new SmsCodeExpiredError('approved'))],
  VERIFICATION_NOT_FOUND: [problem(new VerificationNotFoundError())],
  SMS_CHECK_TOO_FREQUENTLY: [problem(new SmsCheckTooFrequentlyError(86_400))],
  IDEMPOTENCY_KEY_IN_USE: [problem(new IdempotencyKeyInUseError())],
  IDEMPOTENCY_KEY_REUSED: [problem(new IdempotencyKeyReusedError())],
  STORE_UNAVAILABLE: [problem(new StoreUnavailableError('timeout'))],
  SERVER_BUSY: [problem(new ServerBusyError())],
  VALIDATION_FAILED: [problem(new ValidationFailedError([NO_PHONE]))],
  UNAUTHORIZED: [httpProblem(401)],
  FORBIDDEN: [httpProblem(403)],
  NOT_FOUND: [httpProblem(404)],
  METHOD_NOT_ALLOWED: [httpProblem(405)],
  PAYLOAD_TOO_LARGE: [httpProblem(413)],
  UNSUPPORTED_MEDIA_TYPE: [httpProblem(415)],
  INTERNAL_ERROR: [httpProblem(500)],
};
