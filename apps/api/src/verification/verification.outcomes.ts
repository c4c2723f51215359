import { SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  isRefusal,
  SmsError,
  SmsEventBus,
  SmsSendFailedError,
  StoreUnavailableError,
  TodaySmsLimitReachedError,
  type LimitOwner,
  type PhoneNumber,
} from '@app/sms';
import type { Caller } from '../caller/callers.js';
import { IdempotencyError } from '../idempotency/idempotency.errors.js';
import { Metrics } from '../metrics/metrics.js';
import { SmsCodeExpiredError, UnconfirmedSendError, VerificationError } from './verification.errors.js';
import type { Purpose } from './purpose.js';
import type { OutcomeCode, VerificationEvents } from './verification.events.js';
import { countCheck, countSend } from './verification.metrics.js';

/** What a log line may say besides. Of the user it says the masked phone, and nothing else. */
export interface OutcomeFields {
  readonly requestId: string;
  phone?: PhoneNumber;
  purpose?: Purpose;
  /** It is the answer of an earlier call with the same Idempotency-Key, and nothing was done. */
  repeated?: boolean;
}

/** Goes nowhere unless an SDK of OpenTelemetry is registered. */
const tracer = trace.getTracer('phone-verification');

/** Faults of the operator's set-up, at Twilio or here: no code arrives until somebody acts. */
const NEEDS_OPERATOR = new Set<unknown>(['authentication_failed', 'sender_misconfigured']);

const COUNT = { 'verification.send': countSend, 'verification.check': countCheck };

/**
 * Logs, counts, traces and tells of each send and each check: one line that says what came of it and how long it took,
 * one count, one span and one event.
 */
@Injectable()
export class VerificationOutcomes {
  private readonly logger = new Logger('Verification');

  constructor(
    private readonly metrics: Metrics,
    @Inject(SmsEventBus) private readonly events: SmsEventBus<VerificationEvents>,
  ) {}

  record<T>(
    event: keyof typeof COUNT,
    success: string,
    { requestId }: Caller,
    work: (fields: OutcomeFields) => Promise<T>,
  ): Promise<T> {
    return tracer.startActiveSpan(event, (span) =>
      this.recordIn(span, event, success, { requestId }, work).finally(() => span.end()),
    );
  }

  private async recordIn<T>(
    span: Span,
    event: keyof typeof COUNT,
    success: string,
    fields: OutcomeFields,
    work: (fields: OutcomeFields) => Promise<T>,
  ): Promise<T> {
    const began = performance.now();
    const facts = (): object => ({
      ...fields,
      phone: fields.phone?.masked,
      durationMs: Math.round(performance.now() - began),
    });
    try {
      const result = await work(fields);
      COUNT[event](this.metrics, undefined, fields);
      this.logger.log({ event, outcome: success, ...facts() });
      this.emitSuccess(event, fields);
      describeEnd(span, fields);
      return result;
    } catch (error) {
      const failure = error instanceof UnconfirmedSendError ? error.failure : error;
      if (error instanceof UnconfirmedSendError) fields.repeated = error.repeated;
      COUNT[event](this.metrics, failure, fields);
      this.logger[levelOf(failure)]({ event, ...outcomeOf(failure), ...facts() });
      this.emitFailure(event, fields, failure);
      describeEnd(span, fields, failure);
      throw error;
    }
  }

  private emitSuccess(event: keyof typeof COUNT, { phone, purpose, repeated }: OutcomeFields): void {
    if (!phone || !purpose || repeated) return;
    const name = event === 'verification.send' ? 'verification.started' : 'verification.approved';
    this.events.emit(name, () => ({ phone: phone.masked, country: phone.country, purpose }));
  }

  private emitFailure(
    event: keyof typeof COUNT,
    { phone, purpose, repeated }: OutcomeFields,
    failure: unknown,
  ): void {
    if (repeated) return;
    const facts = factsOf(failure);
    const common = () => ({ phone: phone?.masked, country: phone?.country, purpose, code: facts.code });
    if (event === 'verification.check') {
      if (isSaidNo(failure)) {
        const reason = failure instanceof SmsCodeExpiredError ? failure.reason : undefined;
        const { attemptsLeft } = facts;
        this.events.emit('verification.rejected', () => ({ ...common(), reason, attemptsLeft }));
      } else {
        this.events.emit('verification.check_failed', common);
      }
    } else if (isSaidNo(failure)) {
      const { limit, retryAfterSeconds } = facts;
      this.events.emit('verification.refused', () => ({ ...common(), limit, retryAfterSeconds }));
    } else {
      const reason = failure instanceof SmsSendFailedError ? failure.reason : undefined;
      const { twilioCode, mayArrive } = facts;
      this.events.emit('verification.failed', () => ({ ...common(), reason, twilioCode, mayArrive }));
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

interface Facts {
  readonly code: OutcomeCode;
  readonly reason?: SmsSendFailedError['reason'] | SmsCodeExpiredError['reason'];
  readonly limit?: LimitOwner;
  readonly retryAfterSeconds?: number;
  readonly mayArrive?: boolean;
  readonly attemptsLeft?: number;
  readonly twilioCode?: number;
  readonly twilioRequestId?: string;
  readonly fault?: StoreUnavailableError['fault'];
}

/** The facts of our own errors. Of any other error only that there was one. */
function factsOf(error: unknown): Facts {
  return isOurs(error) ? error : { code: 'INTERNAL_ERROR' };
}

/** For the log. Of an error that is not ours its class. */
function outcomeOf(error: unknown): object {
  if (!isOurs(error)) {
    return { outcome: 'INTERNAL_ERROR', error: error instanceof Error ? error.name : typeof error };
  }
  const { code: outcome, reason, limit, mayArrive, twilioCode, twilioRequestId, fault } = factsOf(error);
  return { outcome, reason, limit, mayArrive, twilioCode, twilioRequestId, fault };
}

/** A call that was refused, and a code that was not accepted, in contrast to what failed. */
function isSaidNo(error: unknown): boolean {
  return isOurs(error) && (!(error instanceof SmsError) || isRefusal(error));
}

/** The span tells no phone, no id and no code. */
function describeEnd(span: Span, { phone, purpose, repeated }: OutcomeFields, failure?: unknown): void {
  if (!span.isRecording()) return;
  const { code, reason, twilioCode, limit } = failure === undefined ? { code: 'OK' } : factsOf(failure);
  span.setAttributes({
    'verification.outcome': code,
    'verification.reason': reason,
    'verification.limit': limit,
    'verification.purpose': purpose,
    'verification.repeated': repeated,
    'sms.country': phone && (phone.country ?? 'none'),
    'twilio.code': twilioCode,
  });
  if (failure === undefined || isSaidNo(failure)) return;
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function isOurs(error: unknown): error is SmsError | VerificationError | IdempotencyError {
  return error instanceof SmsError || error instanceof VerificationError || error instanceof IdempotencyError;
}
