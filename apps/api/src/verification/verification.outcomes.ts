import { Injectable, Logger } from '@nestjs/common';
import {
  SmsError,
  SmsSendFailedError,
  StoreUnavailableError,
  TodaySmsLimitReachedError,
  type PhoneNumber,
} from '@app/sms';
import { IdempotencyError } from '../idempotency/idempotency.errors.js';
import { Metrics } from '../metrics/metrics.js';
import { UnconfirmedSendError, VerificationError } from './verification.errors.js';
import { countCheck, countSend } from './verification.metrics.js';

/** What a log line may say besides. Of the user it says the masked phone, and nothing else. */
export interface OutcomeFields {
  phone?: PhoneNumber;
  purpose?: string;
  /** It is the answer of an earlier call with the same Idempotency-Key, and nothing was done. */
  repeated?: boolean;
}

/** Faults of the operator's set-up, at Twilio or here: no code arrives until somebody acts. */
const NEEDS_OPERATOR = new Set<unknown>(['authentication_failed', 'sender_misconfigured']);

const COUNT = { 'verification.send': countSend, 'verification.check': countCheck };

/** Logs and counts each send and each check: one line that says what came of it and how long it took, and one count. */
@Injectable()
export class VerificationOutcomes {
  private readonly logger = new Logger('Verification');

  constructor(private readonly metrics: Metrics) {}

  async record<T>(
    event: keyof typeof COUNT,
    success: string,
    work: (fields: OutcomeFields) => Promise<T>,
  ): Promise<T> {
    const began = performance.now();
    const fields: OutcomeFields = {};
    const facts = (): object => ({
      ...fields,
      phone: fields.phone?.masked,
      durationMs: Math.round(performance.now() - began),
    });
    try {
      const result = await work(fields);
      COUNT[event](this.metrics, undefined, fields);
      this.logger.log({ event, outcome: success, ...facts() });
      return result;
    } catch (error) {
      const failure = error instanceof UnconfirmedSendError ? error.failure : error;
      if (error instanceof UnconfirmedSendError) fields.repeated = error.repeated;
      COUNT[event](this.metrics, failure, fields);
      this.logger[levelOf(failure)]({ event, ...outcomeOf(failure), ...facts() });
      throw error;
    }
  }
}

function levelOf(error: unknown): 'log' | 'warn' | 'error' {
  if (error instanceof StoreUnavailableError) return 'error';
  // The spending cap is used up: nobody gets a code any more.
  if (error instanceof TodaySmsLimitReachedError && error.limit === 'total') return 'error';
  if (error instanceof SmsSendFailedError) return NEEDS_OPERATOR.has(error.reason) ? 'error' : 'warn';
  return isOurs(error) ? 'log' : 'error';
}

/** The facts of our own errors. Of any other error only its class. */
function outcomeOf(error: unknown): object {
  if (!isOurs(error)) {
    return { outcome: 'INTERNAL_ERROR', error: error instanceof Error ? error.name : typeof error };
  }
  const {
    code: outcome,
    reason,
    limit,
    mayArrive,
    twilioCode,
    twilioRequestId,
    fault,
  } = error as Partial<SmsSendFailedError> &
    Partial<StoreUnavailableError> &
    Partial<TodaySmsLimitReachedError> & { code: string };
  return { outcome, reason, limit, mayArrive, twilioCode, twilioRequestId, fault };
}

function isOurs(error: unknown): error is SmsError | VerificationError | IdempotencyError {
  return error instanceof SmsError || error instanceof VerificationError || error instanceof IdempotencyError;
}
