import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  PhoneNumber,
  SmsConnectionFailedError,
  SmsError,
  SmsSendFailedError,
  SmsService,
  SmsStorage,
  StoreUnavailableError,
  type SmsOutcome,
  type Quota,
  type SmsReservation,
} from '@app/sms';
import type { Caller } from '../caller/callers.js';
import { SystemParameters } from '../config/system-parameters.js';
import { IdempotentSends } from '../idempotency/idempotent-sends.js';
import { ProofTokens } from '../proof/proof-tokens.js';
import { Deliveries } from './deliveries.js';
import { deliveryOf } from './delivery.js';
import { REGISTRATION_PURPOSES, type Purpose } from './purpose.js';
import { CodeSealer, generateCode } from './verification.codes.js';
import type { ApprovedVerification, StartedVerification, VerificationView } from './verification.dto.js';
import {
  MobileRegisterDisabledError,
  SmsCheckTooFrequentlyError,
  SmsCodeError,
  SmsCodeExpiredError,
  UnconfirmedSendError,
  VerificationError,
  VerificationNotFoundError,
} from './verification.errors.js';
import { VerificationOutcomes } from './verification.outcomes.js';
import type { CheckDecision, CheckLimits } from './verification.rule.js';
import { VerificationId } from './verification-id.js';
import { VerificationStore, type SealedCode, type SendResult } from './verification.store.js';

const MINUTE_MS = 60 * 1000;
const HOUR_MS = 60 * MINUTE_MS;

/** A send that was asked for. */
export interface RequestedSend {
  /** As it was written. */
  readonly phone: string;
  readonly purpose: Purpose;
  /** The same key again sends nothing, and is answered the same. */
  readonly idempotencyKey?: string;
}

/** Sends codes and checks them. */
@Injectable()
export class VerificationService {
  constructor(
    private readonly sms: SmsService,
    @Inject(SmsStorage) private readonly storage: SmsStorage,
    @Inject(VerificationStore) private readonly verifications: VerificationStore,
    private readonly idempotent: IdempotentSends,
    private readonly deliveries: Deliveries,
    private readonly proofs: ProofTokens,
    private readonly parameters: SystemParameters,
    private readonly outcomes: VerificationOutcomes,
  ) {}

  /**
   * Sends a code to a phone.
   * @throws PhoneFormatError, PhoneNotAllowedError, MobileRegisterDisabledError before anything is counted
   * @throws IdempotencyKeyInUseError, IdempotencyKeyReusedError
   * @throws SmsSendTooFrequentlyError, TodaySmsLimitReachedError, SmsCheckTooFrequentlyError; the longest wait answers
   * @throws SmsSendFailedError, SmsConnectionFailedError, StoreUnavailableError when nothing was sent
   * @throws UnconfirmedSendError when the code may arrive all the same
   */
  start(
    { phone: spelling, purpose, idempotencyKey }: RequestedSend,
    { source, account }: Caller,
  ): Promise<StartedVerification> {
    return this.outcomes.record('verification.send', 'sent', async (fields) => {
      fields.purpose = purpose;
      const phone = PhoneNumber.parse(spelling);
      fields.phone = phone.masked;
      if (REGISTRATION_PURPOSES.includes(purpose) && !this.parameters.serverEnableMobileRegister) {
        throw new MobileRegisterDisabledError();
      }
      phone.assertServed(this.parameters.serverSmsAllowedCountries);
      const sealer = await this.sealer();
      const id = VerificationId.create(sealer.tag(phone.e164));
      if (idempotencyKey === undefined) return this.send(phone, id, purpose, sealer, source);
      const body = `${purpose} ${phone.e164}`;
      fields.repeated = true;
      return this.idempotent.once({ key: idempotencyKey, account, body, id: id.toString() }, () => {
        fields.repeated = false;
        return this.send(phone, id, purpose, sealer, source);
      });
    });
  }

  /**
   * Checks a code. The right one is accepted once.
   * @throws VerificationNotFoundError, SmsCodeExpiredError, SmsCheckTooFrequentlyError, SmsCodeError, in this order
   * @throws StoreUnavailableError
   */
  check(idText: string, code: string, { source }: Caller): Promise<ApprovedVerification> {
    return this.outcomes.record('verification.check', 'approved', async (fields) => {
      const id = parseId(idText);
      const sealer = await this.sealer();
      const attempt = { id: randomBytes(8).toString('base64url'), mac: sealer.mac(id, code) };
      const guesses = this.guessesOf(source);
      let answer = await this.verifications.check(id, attempt, this.checkLimits, guesses);
      if (answer.result === 'in_doubt') {
        await this.settleInterrupted(id, sealer.openPhone(answer.sealedPhone), answer.nonces);
        answer = await this.verifications.check(id, attempt, this.checkLimits, guesses);
      }
      if (answer.result === 'not_found') throw new VerificationNotFoundError();
      const phone = sealer.openPhone(answer.sealedPhone);
      fields.phone = phone.masked;
      fields.purpose = answer.purpose;
      if (answer.result !== 'approved') throw checkError(answer);
      const token = await this.proofs.sign({ phone: phone.e164, purpose: answer.purpose, id: id.toString() });
      return { id: id.toString(), status: 'approved', token };
    });
  }

  /** @throws VerificationNotFoundError, StoreUnavailableError */
  async find(idText: string): Promise<VerificationView> {
    const id = parseId(idText);
    const sealer = await this.sealer();
    let found = await this.verifications.find(id, this.checkLimits.maxAttempts);
    if (found && found.inDoubt.length > 0) {
      await this.settleInterrupted(id, sealer.openPhone(found.sealedPhone), found.inDoubt);
      found = await this.verifications.find(id, this.checkLimits.maxAttempts);
    }
    if (!found) throw new VerificationNotFoundError();
    found = await this.deliveries.refresh(id, found);
    return {
      id: id.toString(),
      phone: sealer.openPhone(found.sealedPhone).masked,
      purpose: found.purpose,
      status: found.status,
      ...deliveryOf(found),
      expiresAt: new Date(found.expiresAt).toISOString(),
    };
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
    const { reservation, expiresAt } = await this.reserveAndOpen(phone, id, sealed, source);
    await this.deliver(reservation, id, code);
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
    const [reserving, opening] = await Promise.allSettled([
      this.sms.reserve(phone, { id: id.toString(), source }),
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
      opened && !opened.opened ? new SmsCheckTooFrequentlyError(seconds(opened.waitMs)) : undefined;
    throw longestWait([
      opening.status === 'rejected' ? opening.reason : guessesUsed,
      reserving.status === 'rejected' ? reserving.reason : undefined,
    ]);
  }

  private async deliver(reservation: SmsReservation, id: VerificationId, code: string): Promise<void> {
    const statusCallback = await this.deliveries.callbackUrl(id);
    const settleToo = (outcome: SmsOutcome) => this.verifications.settle(id, sendResult(outcome));
    try {
      await this.sms.deliver(reservation, code, { settleToo, statusCallback });
    } catch (error) {
      const sendFailed = error instanceof SmsSendFailedError || error instanceof SmsConnectionFailedError;
      throw sendFailed && error.mayArrive ? new UnconfirmedSendError(id.toString(), error) : error;
    }
  }

  /** Sends that a crash left without an outcome: what was reserved counts as sent, and nothing else does. */
  private async settleInterrupted(
    id: VerificationId,
    phone: PhoneNumber,
    nonces: readonly string[],
  ): Promise<void> {
    for (const nonce of nonces) {
      const interrupted = id.sibling(nonce);
      const reserved = await this.sms.holds(phone, interrupted.toString());
      await this.verifications.settle(
        interrupted,
        reserved ? { send: 'unknown' } : { send: 'failed', failure: 'unreachable' },
      );
    }
  }

  private get checkLimits(): CheckLimits {
    return {
      maxAttempts: this.parameters.serverSmsMaxCheckAttempts,
      maxWrongGuesses: this.parameters.serverSmsMaxFailedChecks,
    };
  }

  private guessesOf(source: string | undefined): Quota | undefined {
    if (source === undefined) return undefined;
    return {
      name: 'source',
      key: `wrong guesses of ${source}`,
      units: this.parameters.serverSmsMaxFailedChecksPerSource,
      windowMs: HOUR_MS,
      bucketMs: MINUTE_MS,
    };
  }

  private async sealer(): Promise<CodeSealer> {
    return CodeSealer.under(await this.storage.dataKey());
  }
}

function parseId(text: string): VerificationId {
  const id = VerificationId.parse(text);
  if (!id) throw new VerificationNotFoundError();
  return id;
}

function sendResult(outcome: SmsOutcome): SendResult {
  if (!outcome.kept) return { send: 'failed', failure: outcome.reason };
  return outcome.accepted ? { send: 'accepted', sid: outcome.sid } : { send: 'unknown' };
}

function checkError(answer: Exclude<CheckDecision, { result: 'approved' }>): Error {
  switch (answer.result) {
    case 'wrong':
      return new SmsCodeError(answer.attemptsLeft);
    case 'ended':
      return new SmsCodeExpiredError(answer.status);
    case 'budget_used':
      return new SmsCheckTooFrequentlyError(seconds(answer.waitMs));
    case 'in_doubt': // settled a moment ago, and another send was interrupted since
      return new StoreUnavailableError('in doubt');
  }
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

/** Whole seconds, rounded up, at least one: a client that waits that long is not refused again for the same reason. */
function seconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1_000));
}
