import { Inject, Injectable } from '@nestjs/common';
import { PhoneNumber, SmsService, StoreUnavailableError, type Quota } from '@app/sms';
import { randomBytes, SmsStorage } from '@app/sms/internals';
import type { Caller } from '../caller/callers.js';
import { SystemParameters } from '../config/system-parameters.js';
import { ProofTokens } from '../proof/proof-tokens.js';
import { Deliveries } from './deliveries.js';
import { deliveryOf } from './delivery.js';
import { CodeSealer } from './verification.codes.js';
import type { ApprovedVerification, VerificationView } from './verification.dto.js';
import {
  SmsCheckTooFrequentlyError,
  SmsCodeError,
  SmsCodeExpiredError,
  VerificationNotFoundError,
} from './verification.errors.js';
import { VerificationOutcomes } from './verification.outcomes.js';
import type { CheckDecision, CheckLimits } from './verification.rule.js';
import { VerificationId } from './verification-id.js';
import { VerificationStore } from './verification.store.js';

const MINUTE_MS = 60 * 1000;
const HOUR_MS = 60 * MINUTE_MS;

/** Checks codes, and tells what became of them. */
@Injectable()
export class CheckingService {
  constructor(
    private readonly sms: SmsService,
    @Inject(SmsStorage) private readonly storage: SmsStorage,
    @Inject(VerificationStore) private readonly verifications: VerificationStore,
    private readonly deliveries: Deliveries,
    private readonly proofs: ProofTokens,
    private readonly parameters: SystemParameters,
    private readonly outcomes: VerificationOutcomes,
  ) {}

  /**
   * Checks a code. The right one is accepted once.
   * @throws VerificationNotFoundError, SmsCodeExpiredError, SmsCheckTooFrequentlyError, SmsCodeError, in this order
   * @throws StoreUnavailableError
   */
  check(idText: string, code: string, caller: Caller): Promise<ApprovedVerification> {
    return this.outcomes.record('verification.check', 'approved', caller, async (fields) => {
      const id = parseId(idText);
      const sealer = await this.sealer();
      const attempt = { id: randomBytes(8).toString('base64url'), mac: sealer.mac(id, code) };
      const guesses = this.guessesOf(caller.source);
      let answer = await this.verifications.check(id, attempt, this.checkLimits, guesses);
      if (answer.result === 'in_doubt') {
        await this.settleInterrupted(id, sealer.openPhone(answer.sealedPhone), answer.nonces);
        answer = await this.verifications.check(id, attempt, this.checkLimits, guesses);
      }
      if (answer.result === 'not_found') throw new VerificationNotFoundError();
      const phone = sealer.openPhone(answer.sealedPhone);
      fields.phone = phone;
      fields.purpose = answer.purpose;
      if (answer.result !== 'approved') throw checkError(answer);
      const token = await this.proofs.sign({ phone: phone.e164, purpose: answer.purpose, id: id.toString() });
      return { id: id.toString(), status: 'approved', token };
    });
  }

  /**
   * @param requestId for the log
   * @throws VerificationNotFoundError, StoreUnavailableError
   */
  async find(idText: string, requestId: string): Promise<VerificationView> {
    const id = parseId(idText);
    const sealer = await this.sealer();
    let found = await this.verifications.find(id, this.checkLimits.maxAttempts);
    if (found && found.inDoubt.length > 0) {
      await this.settleInterrupted(id, sealer.openPhone(found.sealedPhone), found.inDoubt);
      found = await this.verifications.find(id, this.checkLimits.maxAttempts);
    }
    if (!found) throw new VerificationNotFoundError();
    found = await this.deliveries.refresh(id, found, requestId);
    return {
      id: id.toString(),
      phone: sealer.openPhone(found.sealedPhone).masked,
      purpose: found.purpose,
      status: found.status,
      ...deliveryOf(found),
      expiresAt: new Date(found.expiresAt).toISOString(),
    };
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

function checkError(answer: Exclude<CheckDecision, { result: 'approved' }>): Error {
  switch (answer.result) {
    case 'wrong':
      return new SmsCodeError(answer.attemptsLeft);
    case 'ended':
      return new SmsCodeExpiredError(answer.status);
    case 'budget_used':
      return SmsCheckTooFrequentlyError.after(answer.waitMs);
    case 'in_doubt': // settled a moment ago, and another send was interrupted since
      return new StoreUnavailableError('in doubt');
  }
}
