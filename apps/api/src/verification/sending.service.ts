import { Inject, Injectable } from '@nestjs/common';
import {
  PhoneNumber,
  SmsConnectionFailedError,
  SmsError,
  SmsSendFailedError,
  SmsService,
  StoreUnavailableError,
  type SmsOutcome,
  type SmsReservation,
} from '@app/sms';
import { SmsStorage } from '@app/sms/internals';
import type { Caller } from '../caller/callers.js';
import { SystemParameters } from '../config/system-parameters.js';
import { IdempotentSends } from '../idempotency/idempotent-sends.js';
import { Deliveries } from './deliveries.js';
import { REGISTRATION_PURPOSES, type Purpose } from './purpose.js';
import { CodeSealer, generateCode } from './verification.codes.js';
import type { StartedVerification } from './verification.dto.js';
import {
  MobileRegisterDisabledError,
  SmsCheckTooFrequentlyError,
  UnconfirmedSendError,
  VerificationError,
} from './verification.errors.js';
import { VerificationOutcomes } from './verification.outcomes.js';
import { VerificationId } from './verification-id.js';
import { VerificationStore, type SealedCode, type SendResult } from './verification.store.js';

/** A send that was asked for. */
export interface RequestedSend {
  /** As it was written. */
  readonly phone: string;
  readonly purpose: Purpose;
  /** The same key again sends nothing, and is answered the same. */
  readonly idempotencyKey?: string;
}

/** Sends codes. */
@Injectable()
export class SendingService {
  constructor(
    private readonly sms: SmsService,
    @Inject(SmsStorage) private readonly storage: SmsStorage,
    @Inject(VerificationStore) private readonly verifications: VerificationStore,
    private readonly idempotent: IdempotentSends,
    private readonly deliveries: Deliveries,
    private readonly parameters: SystemParameters,
    private readonly outcomes: VerificationOutcomes,
  ) {}

  /**
   * Sends a code to a phone.
   * @throws PhoneFormatError, PhoneNotAllowedError, MobileRegisterDisabledError before anything is counted
   * @throws IdempotencyKeyInUseError, IdempotencyKeyReusedError
   * @throws ServerBusyError, and SmsConnectionFailedError while Twilio does not answer, before any limit is asked
   * @throws SmsSendTooFrequentlyError, TodaySmsLimitReachedError, SmsCheckTooFrequentlyError; the longest wait answers
   * @throws SmsSendFailedError, SmsConnectionFailedError, StoreUnavailableError when nothing was sent
   * @throws UnconfirmedSendError when the code may arrive all the same
   */
  start(
    { phone: spelling, purpose, idempotencyKey }: RequestedSend,
    caller: Caller,
  ): Promise<StartedVerification> {
    const { source, account } = caller;
    return this.outcomes.record('verification.send', 'sent', caller, async (fields) => {
      fields.purpose = purpose;
      const phone = PhoneNumber.parse(spelling);
      fields.phone = phone;
      if (REGISTRATION_PURPOSES.includes(purpose) && !this.parameters.serverEnableMobileRegister) {
        throw new MobileRegisterDisabledError();
      }
      phone.assertServed(this.parameters.serverSmsAllowedCountries);
      const sealer = CodeSealer.under(await this.storage.dataKey());
      const id = VerificationId.create(sealer.tag(phone.e164));
      if (idempotencyKey === undefined) return this.send(phone, id, purpose, sealer, source);
      const body = `${purpose} ${phone.e164}`;
      const call = { key: idempotencyKey, account, body, id: id.toString() };
      const { answer, repeated } = await this.idempotent.once(call, () =>
        this.send(phone, id, purpose, sealer, source),
      );
      fields.repeated = repeated;
      return answer;
    });
  }

  private async send(
    phone: PhoneNumber,
    id: VerificationId,
    purpose: Purpose,
    sealer: CodeSealer,
    source: string | undefined,
  ): Promise<StartedVerification> {
    const code = generateCode(this.parameters.serverSmsCodeLength);
    const sealed = { mac: sealer.mac(id, code), sealedPhone: sealer.sealPhone(phone.e164), purpose };
    const statusCallback = this.deliveries.callbackUrl(id, sealer);
    const { reservation, expiresAt } = await this.reserveAndOpen(phone, id, sealed, source);
    await this.deliver(reservation, id, code, statusCallback);
    return {
      id: id.toString(),
      phone: phone.masked,
      purpose,
      status: 'pending',
      codeLength: code.length,
      expiresAt: new Date(expiresAt).toISOString(),
      resendAfterSeconds: this.parameters.serverSmsCooldownSeconds,
    };
  }

  /**
   * Takes a reservation and stores the code, in one trip: nobody knows the id of a code whose send is refused, and it
   * is forgotten in the next trip.
   */
  private async reserveAndOpen(
    phone: PhoneNumber,
    id: VerificationId,
    code: SealedCode,
    source?: string,
  ): Promise<{ reservation: SmsReservation; expiresAt: number }> {
    const permit = await this.sms.admit();
    const [reserving, opening] = await Promise.allSettled([
      this.sms.reserve(phone, { id: id.toString(), source, permit }),
      this.verifications.open(id, code, {
        ttlMs: this.parameters.serverSmsCodeTtlSeconds * 1_000,
        maxWrongGuesses: this.parameters.serverSmsMaxFailedChecks,
        sendMs: this.parameters.twilioSmsTimeoutMs,
      }),
    ]);
    const reservation = reserving.status === 'fulfilled' ? reserving.value : undefined;
    const opened = opening.status === 'fulfilled' ? opening.value : undefined;
    if (reservation && opened?.opened) return { reservation, expiresAt: opened.expiresAt };

    await Promise.all([
      reservation && this.sms.cancel(reservation),
      opened?.opened && this.verifications.discard(id).catch(() => undefined), // nobody knows its id, and it expires
    ]);
    const guessesUsed =
      opened && !opened.opened ? SmsCheckTooFrequentlyError.after(opened.waitMs) : undefined;
    throw longestWait([
      opening.status === 'rejected' ? opening.reason : guessesUsed,
      reserving.status === 'rejected' ? reserving.reason : undefined,
    ]);
  }

  private async deliver(
    reservation: SmsReservation,
    id: VerificationId,
    code: string,
    statusCallback: string | undefined,
  ): Promise<void> {
    const settleToo = (outcome: SmsOutcome) => this.verifications.settle(id, sendResult(outcome));
    try {
      await this.sms.deliver(reservation, code, { settleToo, statusCallback });
    } catch (error) {
      const sendFailed = error instanceof SmsSendFailedError || error instanceof SmsConnectionFailedError;
      throw sendFailed && error.mayArrive ? new UnconfirmedSendError(id.toString(), error) : error;
    }
  }
}

function sendResult(outcome: SmsOutcome): SendResult {
  if (!outcome.kept) return { send: 'failed', failure: outcome.reason };
  return outcome.accepted ? { send: 'accepted', sid: outcome.sid } : { send: 'unknown' };
}

/** When several limits refuse, the one with the longest wait answers; a store that cannot answer comes first. */
function longestWait(errors: unknown[]): unknown {
  const wait = (error: unknown): number => {
    if (error === undefined) return -1;
    const { retryAfterSeconds } = error as { retryAfterSeconds?: number };
    const refused = error instanceof SmsError || error instanceof VerificationError;
    return refused && !(error instanceof StoreUnavailableError) ? (retryAfterSeconds ?? 0) : Infinity;
  };
  return errors.reduce((longest, error) => (wait(error) > wait(longest) ? error : longest));
}
