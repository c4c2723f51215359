import { randomUUID } from 'node:crypto';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { PhoneNumber } from './phone/phone-number.js';
import type { Quota } from './rate-limit/quota.rule.js';
import { RateLimitStore, type RateLimit, type Refused } from './rate-limit/rate-limit.store.js';
import { Unsettled } from './rate-limit/unsettled.js';
import {
  isRefusal,
  SmsCodeFormatError,
  SmsError,
  type SmsSendFailedError,
  SmsSendTooFrequentlyError,
  TodaySmsLimitReachedError,
  type SmsFailureReason,
} from './sms.errors.js';
import { SmsEventBus, type PhoneFacts } from './sms.events.js';
import { SmsSettings } from './sms.settings.js';
import { tracedSend } from './sms.tracing.js';
import { CircuitBreaker } from './twilio/circuit-breaker.js';
import { Deadline } from './twilio/deadline.js';
import { fetchMessageStatus } from './twilio/fetch-message-status.js';
import { sendMessage } from './twilio/send-message.js';
import { SendPermits, type SendPermit } from './twilio/send-permits.js';
import { TwilioClient } from './twilio/twilio.client.js';
import { asTwilioFailure, neverReached, TwilioFailure } from './twilio/twilio.failure.js';

const MINUTE_MS = 60 * 1000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Failed sends that may be given back to one phone in a day, as a multiple of its allowance. */
const RETURNS_PER_UNIT = 3;
const CODE = /^[0-9A-Za-z]{4,10}$/;

/** One unit of a phone's allowance, taken before a send. */
export interface SmsReservation {
  readonly id: string;
  readonly phone: PhoneNumber;
  /** Who asked for it, if the caller said so. */
  readonly source?: string;
  /** The send is over by then, so that no message goes out after its reservation stopped to protect it. */
  readonly deadline: Deadline;
  readonly permit: SendPermit;
}

export interface ReserveOptions {
  /** Of the reservation, a new one for every send. */
  readonly id?: string;
  /** Who asked for it, such as an IP address; the limit per source applies then too. */
  readonly source?: string;
  /** Of {@link SmsService.admit}; without one, it is asked for first. */
  readonly permit?: SendPermit;
}

/** What became of a send: the message may have gone out (and Twilio said so, or not), or it certainly did not. */
export type SmsOutcome =
  | { readonly kept: true; readonly accepted: true; readonly sid: string }
  | { readonly kept: true; readonly accepted: false }
  | { readonly kept: false; readonly reason: SmsFailureReason | 'unreachable' };

export interface DeliverOptions {
  /**
   * Is called with the outcome while the reservation is settled, so that a caller's own record is written in the same
   * trip to the store. It is called again if it fails, so it must be idempotent.
   */
  readonly settleToo?: (outcome: SmsOutcome) => Promise<void>;
  /** Where Twilio reports what becomes of the message; see https://www.twilio.com/docs/usage/webhooks */
  readonly statusCallback?: string;
}

/** How far a message got, as Twilio says. */
export interface SmsStatus {
  /** Such as `queued`, `sent`, `delivered`, `undelivered` or `failed`. */
  readonly status: string;
  /** Why it was not delivered. See https://www.twilio.com/docs/api/errors */
  readonly twilioCode?: number;
}

/** How busy this process is, at this moment. */
export interface SmsLoad {
  /** Sends that hold a permit, from before their reservation until their outcome is recorded. */
  readonly underWay: number;
  /** Sends that wait for a permit. */
  readonly waiting: number;
  /** Twilio does not answer, and is not asked but now and then. */
  readonly isBreakerOpen: boolean;
}

/** A message that Twilio accepted. */
export interface SmsReceipt {
  /** Twilio's id of the message, `SM` and 32 hexadecimal digits. */
  readonly sid: string;
  /** Twilio's first status: `queued`, or `accepted` with a Messaging Service. */
  readonly status: string;
  /** The number in canonical E.164. */
  readonly to: string;
  /** Messages that Twilio bills for it. */
  readonly segments: number;
}

/** Sends verification codes by SMS through Twilio, within limits per phone. */
@Injectable()
export class SmsService implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(SmsService.name);
  private readonly unsettled = new Unsettled();
  private readonly breaker: CircuitBreaker;
  private readonly permits: SendPermits;
  private readonly limit: RateLimit;

  constructor(
    @Inject(TwilioClient) private readonly twilio: TwilioClient,
    @Inject(RateLimitStore) private readonly limits: RateLimitStore,
    @Inject(SmsSettings) private readonly settings: SmsSettings,
    private readonly events: SmsEventBus,
  ) {
    const { maxSendsPerDay, cooldownSeconds } = settings.limits;
    this.limit = {
      units: maxSendsPerDay,
      windowMs: DAY_MS,
      cooldownMs: cooldownSeconds * 1_000,
      sendMs: settings.twilio.timeoutMs,
      returns: maxSendsPerDay * RETURNS_PER_UNIT,
    };
    this.breaker = new CircuitBreaker(new URL(settings.twilio.baseUrl).host, settings.twilio.timeoutMs);
    this.permits = new SendPermits(settings.twilio.maxConcurrency, this.breaker);
    this.tellCostOfMessage();
  }

  /**
   * Sends a code of the caller's: 4 to 10 ASCII letters and digits. The limits of the phone apply, and the cap of all.
   * @param phone international format; see {@link PhoneNumber.parse}
   * @param options.source who asked for it, such as an IP address; the limit per source applies then too
   * @param options.statusCallback see {@link DeliverOptions}
   * @throws SmsCodeFormatError, PhoneFormatError, PhoneNotAllowedError before anything is counted
   * @throws ServerBusyError, SmsConnectionFailedError before anything is counted
   * @throws SmsSendTooFrequentlyError, TodaySmsLimitReachedError, StoreUnavailableError when nothing was sent
   * @throws SmsSendFailedError, SmsConnectionFailedError when Twilio did not take it, or may have taken it
   */
  async sendVerificationCodeSms(
    phone: string,
    code: string,
    options: { source?: string; statusCallback?: string } = {},
  ): Promise<SmsReceipt> {
    if (!isCode(code)) throw new SmsCodeFormatError();
    const number = PhoneNumber.parse(phone);
    return tracedSend(number, async () =>
      this.deliverReserved(await this.reserve(number, options), code, options),
    );
  }

  /**
   * Before anything else: the right to be under way, for a caller that does something of its own beside {@link reserve}.
   * @throws ServerBusyError when too many sends are under way, or the app is about to close
   * @throws SmsConnectionFailedError while Twilio does not answer
   */
  admit(): Promise<SendPermit> {
    return this.permits.acquire();
  }

  /** Whether the app is about to close: sends are refused, and those under way come to their end. */
  get isClosing(): boolean {
    return this.permits.isClosed;
  }

  get load(): SmsLoad {
    return { ...this.permits.load, isBreakerOpen: this.breaker.isOpen };
  }

  /**
   * The first half of a send: takes one unit of each allowance. A caller that stores its code does so beside this step,
   * then calls {@link deliver} or {@link cancel}. If it is refused, its permit is given back.
   * @throws PhoneNotAllowedError, ServerBusyError, SmsConnectionFailedError before anything is counted
   * @throws SmsSendTooFrequentlyError, TodaySmsLimitReachedError; then nothing has changed
   * @throws StoreUnavailableError
   */
  async reserve(phone: PhoneNumber, options: ReserveOptions = {}): Promise<SmsReservation> {
    try {
      return await this.admitAndTake(phone, options);
    } catch (error) {
      this.emitFailure(phone, error);
      throw error;
    }
  }

  private async admitAndTake(phone: PhoneNumber, options: ReserveOptions): Promise<SmsReservation> {
    const { id = randomUUID(), source } = options;
    let { permit } = options;
    try {
      phone.assertServed();
      permit ??= await this.admit();
      const deadline = Deadline.in(this.settings.twilio.timeoutMs);
      await this.take(phone, id, source);
      return { id, phone, source, deadline, permit };
    } catch (error) {
      permit?.release();
      throw error;
    }
  }

  private async take(phone: PhoneNumber, id: string, source?: string): Promise<void> {
    const quotas = this.quotasOf(source);
    const answer = await this.limits.reserve(phone.e164, this.limit, id, quotas).catch((error: unknown) => {
      // The reply may have been lost after the unit was taken.
      this.unsettled.later(() => this.limits.release(phone.e164, id, 'unused', quotas));
      throw error;
    });
    if (!answer.granted) throw refusal(answer);
  }

  /**
   * The second half: asks Twilio to deliver the code, and settles the reservation.
   * @throws SmsCodeFormatError after it gave the reservation back
   * @throws SmsSendFailedError, SmsConnectionFailedError; `mayArrive` says whether the unit was kept
   */
  async deliver(
    reservation: SmsReservation,
    code: string,
    options: DeliverOptions = {},
  ): Promise<SmsReceipt> {
    return tracedSend(reservation.phone, () => this.deliverReserved(reservation, code, options));
  }

  private async deliverReserved(
    reservation: SmsReservation,
    code: string,
    options: DeliverOptions,
  ): Promise<SmsReceipt> {
    const { phone, permit } = reservation;
    if (!isCode(code)) {
      await this.cancel(reservation);
      throw new SmsCodeFormatError();
    }
    try {
      const receipt = await this.sendAndSettle(reservation, code, options);
      const { sid, segments } = receipt;
      this.events.emit('sms.sent', () => ({ ...factsOf(phone), sid, segments }));
      return receipt;
    } catch (error) {
      this.emitFailure(phone, error);
      throw error;
    } finally {
      permit.release();
    }
  }

  /** Gives back a reservation that is not going to be used, as if it had never been taken. */
  async cancel({ id, phone, source, permit }: SmsReservation): Promise<void> {
    try {
      await this.unsettled.settle(() => this.limits.release(phone.e164, id, 'unused', this.quotasOf(source)));
    } finally {
      permit.release();
    }
  }

  /**
   * Asks Twilio what has become of a message.
   * @param sid of its receipt
   * @throws SmsSendFailedError, SmsConnectionFailedError when Twilio does not say
   */
  async fetchStatus(sid: string): Promise<SmsStatus> {
    try {
      if (this.breaker.isOpen) throw neverReached();
      return await fetchMessageStatus(this.twilio, sid);
    } catch (error) {
      throw asTwilioFailure(error).toSmsError(0);
    }
  }

  /** Whether a reservation was granted and not given back: for records whose outcome was never written. */
  holds(phone: PhoneNumber, reservationId: string): Promise<boolean> {
    return this.limits.holds(phone.e164, reservationId);
  }

  /** Sends under way end by their deadline, and their outcome is recorded. New ones are refused meanwhile. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.permits.close();
  }

  /** The store is closed after that. */
  async onApplicationShutdown(): Promise<void> {
    await this.unsettled.close();
  }

  private emitFailure(phone: PhoneNumber, error: unknown): void {
    if (!(error instanceof SmsError)) return;
    const { code } = error;
    if (isRefusal(error)) {
      const { limit, retryAfterSeconds } = error as Partial<TodaySmsLimitReachedError>;
      this.events.emit('sms.refused', () => ({ ...factsOf(phone), code, limit, retryAfterSeconds }));
    } else {
      const { reason, twilioCode, mayArrive = false } = error as Partial<SmsSendFailedError>;
      this.events.emit('sms.failed', () => ({ ...factsOf(phone), code, reason, twilioCode, mayArrive }));
    }
  }

  /** What each code costs, once, at the start; a warning when it is more than it may have to be. */
  private tellCostOfMessage(): void {
    const { template, codeLength } = this.settings.message;
    const facts = template.facts(codeLength);
    const { segmentsPerCode, charactersOutsideGsm7 } = facts;
    this.logger.log({ event: 'sms.template', codeLength, ...facts });
    if (charactersOutsideGsm7.length > 0) {
      this.logger.warn({
        event: 'sms.template_not_gsm7',
        charactersOutsideGsm7,
        consequence: 'One segment has room for 70 characters; with GSM-7 characters alone it has for 160.',
      });
    }
    if (segmentsPerCode > 1) {
      this.logger.warn({
        event: 'sms.template_long',
        segmentsPerCode,
        consequence: `Each code costs ${segmentsPerCode} times the price of one message. Shorten the text.`,
      });
    }
  }

  private async sendAndSettle(
    reservation: SmsReservation,
    code: string,
    { settleToo, statusCallback }: DeliverOptions,
  ): Promise<SmsReceipt> {
    const { template, codeTtlSeconds } = this.settings.message;
    const { twilio, limits, observer } = this.settings;
    const { deadline, permit } = reservation;
    const message = {
      to: reservation.phone.e164,
      ...twilio.sender,
      body: template.render(code),
      validityPeriod: codeTtlSeconds,
      statusCallback,
    };
    const context = { deadline, permit, observer };
    const result = await sendMessage(this.twilio, message, twilio, context).catch(asTwilioFailure);
    const { country } = reservation.phone;
    const segments = template.segments(code.length);
    if (result instanceof TwilioFailure) {
      const { certainty, reason = 'unreachable' } = result.facts;
      const kept = certainty === 'ambiguous';
      observer.send({ outcome: kept ? 'unconfirmed' : 'failed', country, segments });
      await this.settle(reservation, kept ? { kept, accepted: false } : { kept, reason }, settleToo);
      throw result.toSmsError(limits.cooldownSeconds);
    }
    const { sid, status } = result;
    observer.send({ outcome: 'accepted', country, segments });
    await this.settle(reservation, { kept: true, accepted: true, sid }, settleToo);
    return { sid, status, to: reservation.phone.e164, segments };
  }

  private async settle(
    { id, phone, source }: SmsReservation,
    outcome: SmsOutcome,
    settleToo: DeliverOptions['settleToo'],
  ): Promise<void> {
    await Promise.all([
      this.unsettled.settle(() =>
        outcome.kept
          ? this.limits.keep(phone.e164, id)
          : this.limits.release(phone.e164, id, 'failed', this.givenBackBy(outcome.reason, source)),
      ),
      settleToo && this.unsettled.settle(() => settleToo(outcome)),
    ]);
  }

  /** The total counts what may be billed. A source counts what it had Twilio asked for, so that it cannot try numbers. */
  private givenBackBy(reason: SmsFailureReason | 'unreachable', source?: string): Quota[] {
    return this.quotasOf(source).filter(({ name }) => name === 'total' || reason === 'unreachable');
  }

  private quotasOf(source?: string): Quota[] {
    const { maxSendsPerSource, maxSendsTotal } = this.settings.limits;
    const quotas: Quota[] = [];
    if (source !== undefined) {
      quotas.push({
        name: 'source',
        key: `sends of ${source}`,
        units: maxSendsPerSource,
        windowMs: HOUR_MS,
        bucketMs: MINUTE_MS,
      });
    }
    if (maxSendsTotal !== undefined) {
      quotas.push({
        name: 'total',
        key: 'all sends',
        units: maxSendsTotal,
        windowMs: DAY_MS,
        bucketMs: 15 * MINUTE_MS,
      });
    }
    return quotas;
  }
}

function factsOf({ masked: phone, country }: PhoneNumber): PhoneFacts {
  return { phone, country };
}

function refusal({ rule, waitMs }: Refused): SmsError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  switch (rule) {
    case 'cooldown':
      return new SmsSendTooFrequentlyError(retryAfterSeconds);
    case 'source':
      return new SmsSendTooFrequentlyError(retryAfterSeconds, 'source');
    case 'window':
      return new TodaySmsLimitReachedError(retryAfterSeconds);
    case 'total':
      return new TodaySmsLimitReachedError(retryAfterSeconds, 'total');
  }
}

function isCode(code: unknown): boolean {
  return typeof code === 'string' && CODE.test(code);
}
