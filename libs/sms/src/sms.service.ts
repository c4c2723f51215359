import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { PhoneNumber } from './phone/phone-number.js';
import { RateLimitStore, type RateLimit } from './rate-limit/rate-limit.store.js';
import { Unsettled } from './rate-limit/unsettled.js';
import {
  SmsCodeFormatError,
  SmsSendTooFrequentlyError,
  TodaySmsLimitReachedError,
  type SmsFailureReason,
} from './sms.errors.js';
import { SmsSettings } from './sms.options.js';
import { Deadline } from './twilio/deadline.js';
import { sendMessage } from './twilio/send-message.js';
import { TwilioClient } from './twilio/twilio.client.js';
import { asTwilioFailure, TwilioFailure } from './twilio/twilio.failure.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Failed sends that may be given back to one phone in a day, as a multiple of its allowance. */
const RETURNS_PER_UNIT = 3;
const CODE = /^[0-9A-Za-z]{4,10}$/;

/** One unit of a phone's allowance, taken before a send. */
export interface SmsReservation {
  readonly id: string;
  readonly phone: PhoneNumber;
  /** The send is over by then, so that no message goes out after its reservation stopped to protect it. */
  readonly deadline: Deadline;
}

/** What became of a send: the message may have gone out (and Twilio said so, or not), or it certainly did not. */
export type SmsOutcome =
  | { readonly kept: true; readonly accepted: boolean }
  | { readonly kept: false; readonly reason: SmsFailureReason | 'unreachable' };

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
export class SmsService implements OnApplicationShutdown {
  private readonly logger = new Logger(SmsService.name);
  private readonly unsettled = new Unsettled();
  private readonly underWay = new Set<Promise<SmsReceipt>>();
  private readonly limit: RateLimit;

  constructor(
    @Inject(TwilioClient) private readonly twilio: TwilioClient,
    @Inject(RateLimitStore) private readonly limits: RateLimitStore,
    @Inject(SmsSettings) private readonly settings: SmsSettings,
  ) {
    const { maxSendsPerDay, cooldownSeconds } = settings.limits;
    this.limit = {
      units: maxSendsPerDay,
      windowMs: DAY_MS,
      cooldownMs: cooldownSeconds * 1_000,
      sendMs: settings.twilio.timeoutMs,
      returns: maxSendsPerDay * RETURNS_PER_UNIT,
    };
    this.warnOfLongMessages();
  }

  /**
   * Sends a code of the caller's: 4 to 10 ASCII letters and digits. The limits of the phone apply.
   * @param phone international format; see {@link PhoneNumber.parse}
   * @throws SmsCodeFormatError, PhoneFormatError, PhoneNotAllowedError before anything is counted
   * @throws SmsSendTooFrequentlyError, TodaySmsLimitReachedError, StoreUnavailableError when nothing was sent
   * @throws SmsSendFailedError, SmsConnectionFailedError when Twilio did not take it, or may have taken it
   */
  async sendVerificationCodeSms(phone: string, code: string): Promise<SmsReceipt> {
    assertCode(code);
    const reservation = await this.reserve(PhoneNumber.parse(phone));
    return this.deliver(reservation, code);
  }

  /**
   * The first half of a send: takes one unit of the phone's allowance. A caller that stores its code does so beside
   * this step, then calls {@link deliver} or {@link cancel}.
   * @param id of the reservation, a new one for every send
   * @throws PhoneNotAllowedError
   * @throws SmsSendTooFrequentlyError, TodaySmsLimitReachedError; then nothing has changed
   * @throws StoreUnavailableError
   */
  async reserve(phone: PhoneNumber, id: string = randomUUID()): Promise<SmsReservation> {
    phone.assertServed();
    const deadline = Deadline.in(this.settings.twilio.timeoutMs);
    const answer = await this.limits.reserve(phone.e164, this.limit, id).catch((error: unknown) => {
      // The reply may have been lost after the unit was taken.
      this.unsettled.later(() => this.limits.release(phone.e164, id, 'unused'));
      throw error;
    });
    if (answer.granted) return { id, phone, deadline };
    const retryAfterSeconds = Math.max(1, Math.ceil(answer.waitMs / 1_000));
    throw answer.rule === 'cooldown'
      ? new SmsSendTooFrequentlyError(retryAfterSeconds)
      : new TodaySmsLimitReachedError(retryAfterSeconds);
  }

  /**
   * The second half: asks Twilio to deliver the code, and settles the reservation.
   * @param settleToo is called with the outcome while the reservation is settled, so that a caller's own record is
   * written in the same trip to the store. It is called again if it fails, so it must be idempotent.
   * @throws SmsSendFailedError, SmsConnectionFailedError; `mayArrive` says whether the unit was kept
   */
  async deliver(
    reservation: SmsReservation,
    code: string,
    settleToo: (outcome: SmsOutcome) => Promise<void> = () => Promise.resolve(),
  ): Promise<SmsReceipt> {
    assertCode(code);
    const delivery = this.sendAndSettle(reservation, code, settleToo);
    this.underWay.add(delivery);
    try {
      return await delivery;
    } finally {
      this.underWay.delete(delivery);
    }
  }

  /** Gives back a reservation that is not going to be used, as if it had never been taken. */
  async cancel({ id, phone }: SmsReservation): Promise<void> {
    await this.unsettled.settle(() => this.limits.release(phone.e164, id, 'unused'));
  }

  /** Whether a reservation was granted and not given back: for records whose outcome was never written. */
  holds(phone: PhoneNumber, reservationId: string): Promise<boolean> {
    return this.limits.holds(phone.e164, reservationId);
  }

  /** Sends under way end by their deadline; the store is closed after that. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.underWay);
    await this.unsettled.close();
  }

  private warnOfLongMessages(): void {
    const { template, codeLength } = this.settings.message;
    const segments = template.segments(codeLength);
    if (segments === 1) return;
    this.logger.warn(
      `The message template takes ${segments} SMS segments, so each code costs ${segments} times the price of one. ` +
        'Shorten the text, or leave out characters outside the GSM-7 alphabet.',
    );
  }

  private async sendAndSettle(
    reservation: SmsReservation,
    code: string,
    settleToo: (outcome: SmsOutcome) => Promise<void>,
  ): Promise<SmsReceipt> {
    const { template, codeTtlSeconds } = this.settings.message;
    const { twilio, limits } = this.settings;
    const message = {
      to: reservation.phone.e164,
      ...twilio.sender,
      body: template.render(code),
      validityPeriod: codeTtlSeconds,
    };
    const result = await sendMessage(this.twilio, message, twilio, reservation.deadline).catch(
      asTwilioFailure,
    );
    if (result instanceof TwilioFailure) {
      const { certainty, reason = 'unreachable' } = result.facts;
      const kept = certainty === 'ambiguous';
      await this.settle(reservation, kept ? { kept, accepted: false } : { kept, reason }, settleToo);
      throw result.toSmsError(limits.cooldownSeconds);
    }
    await this.settle(reservation, { kept: true, accepted: true }, settleToo);
    const { sid, status } = result;
    return { sid, status, to: reservation.phone.e164, segments: template.segments(code.length) };
  }

  private async settle(
    { id, phone }: SmsReservation,
    outcome: SmsOutcome,
    settleToo: (outcome: SmsOutcome) => Promise<void>,
  ): Promise<void> {
    await Promise.all([
      this.unsettled.settle(() =>
        outcome.kept ? this.limits.keep(phone.e164, id) : this.limits.release(phone.e164, id, 'failed'),
      ),
      this.unsettled.settle(() => settleToo(outcome)),
    ]);
  }
}

function assertCode(code: string): void {
  if (typeof code !== 'string' || !CODE.test(code)) throw new SmsCodeFormatError();
}
