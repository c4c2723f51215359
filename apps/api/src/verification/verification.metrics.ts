import {
  SmsConnectionFailedError,
  SmsError,
  SmsSendFailedError,
  SmsSendTooFrequentlyError,
  StoreUnavailableError,
  TodaySmsLimitReachedError,
  type PhoneNumber,
} from '@app/sms';
import { IdempotencyError } from '../idempotency/idempotency.errors.js';
import type { CheckResult, RefusalLabels, SendOutcome } from '../metrics/metrics.labels.js';
import type { Metrics } from '../metrics/metrics.js';
import {
  SmsCheckTooFrequentlyError,
  SmsCodeError,
  SmsCodeExpiredError,
  VerificationError,
  VerificationNotFoundError,
} from './verification.errors.js';

type Refusal = SmsError | VerificationError | IdempotencyError;

/** What is counted besides the outcome. */
interface CountedFields {
  readonly phone?: PhoneNumber;
  /** The answer is that of an earlier call. */
  readonly repeated?: boolean;
}

/** @param failure undefined if the code was sent */
export function countSend(metrics: Metrics, failure?: unknown, { repeated }: CountedFields = {}): void {
  const outcome = failure === undefined ? 'sent' : sendOutcomeOf(failure);
  // What was answered before was counted then.
  metrics.call(repeated ? 'repeated' : outcome);
  if (outcome === 'refused') metrics.refusal(refusalOf(failure as Refusal));
}

/** @param failure undefined if the code was approved */
export function countCheck(metrics: Metrics, failure?: unknown, { phone }: CountedFields = {}): void {
  if (failure === undefined) metrics.approval(phone?.country);
  metrics.check(failure === undefined ? 'approved' : checkResultOf(failure));
}

function sendOutcomeOf(failure: unknown): SendOutcome {
  if (failure instanceof StoreUnavailableError) return 'store_unavailable';
  if (failure instanceof SmsSendFailedError || failure instanceof SmsConnectionFailedError) {
    return failure.mayArrive ? 'unconfirmed' : 'failed';
  }
  const refused =
    failure instanceof SmsError ||
    failure instanceof VerificationError ||
    failure instanceof IdempotencyError;
  return refused ? 'refused' : 'error';
}

function refusalOf(error: Refusal): RefusalLabels {
  const { code } = error;
  if (error instanceof SmsSendTooFrequentlyError || error instanceof TodaySmsLimitReachedError) {
    return { code, limit: error.limit };
  }
  // Of wrong guesses, only those at the phone's codes refuse a send.
  return { code, limit: error instanceof SmsCheckTooFrequentlyError ? 'phone' : 'none' };
}

function checkResultOf(failure: unknown): CheckResult {
  if (failure instanceof SmsCodeError) return 'wrong_code';
  if (failure instanceof SmsCodeExpiredError) return failure.reason;
  if (failure instanceof VerificationNotFoundError) return 'not_found';
  if (failure instanceof SmsCheckTooFrequentlyError) return 'too_frequent';
  return failure instanceof StoreUnavailableError ? 'store_unavailable' : 'error';
}
