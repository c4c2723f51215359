import type { KeyObject } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  SmsConnectionFailedError,
  SmsSendFailedError,
  StoreUnavailableError,
  type SendFailureFacts,
  type SmsFailureReason,
} from '@app/sms';
import { seal, SmsStorage, unseal, Unsettled, type DataKey } from '@app/sms/internals';
import { SystemParameters } from '../config/system-parameters.js';
import { UnconfirmedSendError } from '../verification/verification.errors.js';
import { IdempotencyKeyInUseError, IdempotencyKeyReusedError } from './idempotency.errors.js';
import { IdempotencyStore } from './idempotency.store.js';

/** For the outcome of a send that ended at its deadline to be written down. */
const SETTLEMENT_GRACE_MS = 4_000;

/** One send that its caller may ask for again, after an answer that was lost. */
export interface IdempotentSend {
  /** The header `Idempotency-Key`. */
  readonly key: string;
  /** Whose key it is: those of two callers have nothing to do with each other. */
  readonly account: string;
  /** What was asked for; the same key with another body is refused. */
  readonly body: string;
  /** The verification's id. */
  readonly id: string;
}

/** An answer that is final: the send went out, or may have. Every other answer frees the key. */
type FinalAnswer<Answer> = { readonly answer: Answer } | UnconfirmedSend;

interface UnconfirmedSend {
  /** The verification's. */
  readonly id: string;
  readonly failure: SendFailureFacts;
  readonly reason?: SmsFailureReason;
}

/** Does a send once, and repeats its first answer for 24 hours (draft-ietf-httpapi-idempotency-key-header). */
@Injectable()
export class IdempotentSends implements OnApplicationShutdown {
  private readonly unsettled = new Unsettled();

  constructor(
    @Inject(IdempotencyStore) private readonly keys: IdempotencyStore,
    @Inject(SmsStorage) private readonly storage: SmsStorage,
    private readonly parameters: SystemParameters,
  ) {}

  /**
   * Runs `send` if it is the first with this key, else repeats what the first one answered.
   * @throws IdempotencyKeyInUseError while the first one runs
   * @throws IdempotencyKeyReusedError if it had another body
   * @throws UnconfirmedSendError if it did, or if it died without an answer
   * @throws StoreUnavailableError; nothing was sent
   */
  async once<Answer extends object>(
    call: IdempotentSend,
    send: () => Promise<Answer>,
  ): Promise<{ answer: Answer; repeated: boolean }> {
    const dataKey = await this.storage.dataKey();
    const key = dataKey.tag(`idempotency key of ${call.account}: ${call.key}`);
    const claim = await this.keys
      .claim(
        key,
        { id: call.id, body: dataKey.tag(call.body) },
        this.parameters.twilioSmsTimeoutMs + SETTLEMENT_GRACE_MS,
      )
      .catch((error: unknown) => {
        // The reply may have been lost after the key was taken.
        this.unsettled.later(() => this.keys.free(key, call.id));
        throw error;
      });
    switch (claim.result) {
      case 'first':
        return { answer: await this.first(dataKey, key, call.id, send), repeated: false };
      case 'answered':
        return { answer: repeat(openAnswer<Answer>(dataKey, claim.answer)), repeated: true };
      case 'in_use':
        throw new IdempotencyKeyInUseError();
      case 'other_body':
        throw new IdempotencyKeyReusedError();
      case 'died':
        throw unconfirmed({
          id: claim.id,
          failure: { mayArrive: true, retryAfterSeconds: this.parameters.serverSmsCooldownSeconds || 1 },
        });
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.unsettled.close();
  }

  private async first<Answer extends object>(
    dataKey: DataKey,
    key: string,
    id: string,
    send: () => Promise<Answer>,
  ): Promise<Answer> {
    const keep = (final: FinalAnswer<Answer>): Promise<void> => {
      const sealed = sealAnswer(dataKey, final);
      return this.unsettled.settle(() => this.keys.answer(key, id, sealed));
    };
    try {
      const answer = await send();
      await keep({ answer });
      return answer;
    } catch (error) {
      if (error instanceof UnconfirmedSendError) await keep({ id, ...factsOf(error) });
      else await this.unsettled.settle(() => this.keys.free(key, id));
      throw error;
    }
  }
}

function factsOf({ failure }: UnconfirmedSendError): {
  failure: SendFailureFacts;
  reason?: SmsFailureReason;
} {
  const { mayArrive, twilioRequestId, retryAfterSeconds } = failure;
  const twilioCode = failure instanceof SmsSendFailedError ? failure.twilioCode : undefined;
  const reason = failure instanceof SmsSendFailedError ? failure.reason : undefined;
  return { failure: { mayArrive, twilioCode, twilioRequestId, retryAfterSeconds }, reason };
}

function repeat<Answer>(final: FinalAnswer<Answer>): Answer {
  if ('answer' in final) return final.answer;
  throw unconfirmed(final);
}

function unconfirmed({ id, failure, reason }: UnconfirmedSend): UnconfirmedSendError {
  const error = reason ? new SmsSendFailedError(reason, failure) : new SmsConnectionFailedError(failure);
  return new UnconfirmedSendError(id, error, true);
}

/** It names a masked phone, so it is not stored readable. */
function sealAnswer(dataKey: DataKey, final: FinalAnswer<object>): string {
  return seal(answerKeyOf(dataKey), JSON.stringify(final)).toString('base64url');
}

/** @throws StoreUnavailableError if the stored answer was damaged */
function openAnswer<Answer>(dataKey: DataKey, sealed: string): FinalAnswer<Answer> {
  const opened = unseal(answerKeyOf(dataKey), Buffer.from(sealed, 'base64url'));
  if (!opened) throw new StoreUnavailableError('damaged record');
  return JSON.parse(opened.toString()) as FinalAnswer<Answer>;
}

function answerKeyOf(dataKey: DataKey): KeyObject {
  return dataKey.derive('answer to an idempotent send');
}
