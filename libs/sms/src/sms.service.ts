import { randomUUID } from 'node:crypto';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { PhoneNumber } from './phone/phone-number.js';
import { RateLimitStore, type Refused } from './rate-limit/rate-limit.store.js';
import { SendAllowances } from './rate-limit/send-allowances.js';
import { Unsettled } from './rate-limit/unsettled.js';
import {
  isRefusal,
  SmsCodeFormatError,
  SmsError,
  type SmsSendFailedError,
  SmsSendTooFrequentlyError,
  TodaySmsLimitReachedError,
} from './sms.errors.js';
import { SmsEventBus, type PhoneFacts } from './sms.events.js';
import { SmsSettings } from './sms.settings.js';
import { tracedSend } from './sms.tracing.js';
import type {
  DeliverOptions,
  ReserveOptions,
  SmsLoad,
  SmsOutcome,
  SmsReceipt,
  SmsReservation,
  SmsStatus,
} from './sms.types.js';
import { CircuitBreaker } from './twilio/circuit-breaker.js';
import { Deadline } from './twilio/deadline.js';
import { fetchMessageStatus } from './twilio/fetch-message-status.js';
import { sendMessage } from './twilio/send-message.js';
import { SendPermits, type SendPermit } from './twilio/send-permits.js';
import { TwilioClient } from './twilio/twilio.client.js';
import { asTwilioFailure, neverReached, TwilioFailure } from './twilio/twilio.failure.js';

const CODE = /^[0-9A-Za-z]{4,10}$/;

/** Sends verification codes by SMS through Twilio, within limits per phone. */
@Injectable()
export class SmsService implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(SmsService.name);
  private readonly unsettled = new Unsettled();
  private readonly breaker: CircuitBreaker;
  private readonly permits: SendPermits;
  private readonly allowances: SendAllowances;

  constructor(
    @Inject(TwilioClient) private readonly twilio: TwilioClient,
    @Inject(RateLimitStore) private readonly limits: RateLimitStore,
    @Inject(SmsSettings) private readonly settings: SmsSettings,
    private readonly events: SmsEventBus,
  ) {
    this.allowances = new SendAllowances(settings);
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
    const { ofPhone } = this.allowances;
    const quotas = this.allowances.quotasOf(source);
    const answer = await this.limits.reserve(phone.e164, ofPhone, id, quotas).catch((error: unknown) => {
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
      await this.unsettled.settle(() =>
        this.limits.release(phone.e164, id, 'unused', this.allowances.quotasOf(source)),
      );
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
          : this.limits.release(phone.e164, id, 'failed', this.allowances.givenBack(outcome.reason, source)),
      ),
      settleToo && this.unsettled.settle(() => settleToo(outcome)),
    ]);
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
