import { readFileSync } from 'node:fs';
import type { Quota } from '@app/sms';
import { PhoneRecord, RedisQuotas, type RedisStorage } from '@app/sms/internals';
import { Cluster, type Result } from 'ioredis';
import { progressOf, type DeliveryReport } from './delivery.js';
import { PURPOSES } from './purpose.js';
import * as rule from './verification.rule.js';
import type { VerificationId } from './verification-id.js';
import type {
  CheckAnswer,
  OpenLimits,
  RecordedReport,
  SealedCode,
  SendResult,
  StoredVerification,
  VerificationStore,
} from './verification.store.js';

type Argument = string | number | Buffer;
type CheckReply = [result: Buffer, sealedPhone: Buffer, purpose: number, ...details: (Buffer | number)[]];
type FoundCode = [
  number: number,
  expiresAt: number,
  send: Buffer,
  purpose: number,
  progress: number,
  newsAt: number,
  sid: Buffer,
  failure: Buffer,
  wrongAttempts: Buffer,
  approvedBy: Buffer,
  sealedPhone: Buffer,
];
type FoundPhone = [opened: number, ended: number, endedAt: number, isInForce: 0 | 1];
type FindReply = [now: number, code: FoundCode, phone: FoundPhone, inFlight: (Buffer | number)[]];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    verificationOpen(phone: string, ...args: Argument[]): Result<[0 | 1, number], Context>;
    verificationSettle(phone: string, ...args: Argument[]): Result<number, Context>;
    verificationCheckBuffer(
      numberOfKeys: number,
      ...keysAndArguments: Argument[]
    ): Result<CheckReply, Context>;
    verificationReportBuffer(
      phone: string,
      ...args: Argument[]
    ): Result<[number, number, Buffer] | null, Context>;
    verificationClaimRefresh(phone: string, ...args: Argument[]): Result<0 | 1, Context>;
    verificationFindBuffer(phone: string, ...args: Argument[]): Result<FindReply | null, Context>;
  }
}

/** Of the 32 bytes of a mac, half are stored, which is enough (RFC 2104, section 5). */
const MAC_BYTES = 16;

/** Codes in Redis, in the records of their phones, at the time of Redis, one script per step. */
export class RedisVerificationStore implements VerificationStore {
  private readonly quotas: RedisQuotas;

  constructor(private readonly storage: RedisStorage) {
    this.quotas = new RedisQuotas(storage);
    const script = (name: string): string => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
    const lua = PhoneRecord.lua + script('codes');
    const { client } = storage;
    client.defineCommand('verificationOpen', { numberOfKeys: 1, lua: lua + script('open') });
    client.defineCommand('verificationSettle', { numberOfKeys: 1, lua: lua + script('settle') });
    client.defineCommand('verificationCheck', { lua: lua + RedisQuotas.lua + script('check') });
    client.defineCommand('verificationReport', { numberOfKeys: 1, lua: lua + script('report') });
    client.defineCommand('verificationClaimRefresh', { numberOfKeys: 1, lua: lua + script('claim-refresh') });
    client.defineCommand('verificationFind', { numberOfKeys: 1, lua: lua + script('find') });
  }

  async open(id: VerificationId, code: SealedCode, limits: OpenLimits) {
    const { mac, sealedPhone, purpose } = code;
    const [opened, time] = await this.storage.run((client) =>
      client.verificationOpen(
        recordOf(id),
        fromBase64(id.nonce),
        limits.ttlMs,
        limits.maxWrongGuesses,
        limits.sendMs,
        storedMac(mac),
        fromBase64(sealedPhone),
        PURPOSES.indexOf(purpose),
      ),
    );
    return opened ? { opened: true as const, expiresAt: time } : { opened: false as const, waitMs: time };
  }

  async settle(id: VerificationId, result: SendResult): Promise<void> {
    const detail = result.send === 'failed' ? result.failure : result.send === 'accepted' ? result.sid : '';
    await this.storage.run((client) =>
      client.verificationSettle(recordOf(id), fromBase64(id.nonce), result.send, detail),
    );
  }

  async discard(id: VerificationId): Promise<void> {
    await this.storage.run((client) =>
      client.verificationSettle(recordOf(id), fromBase64(id.nonce), 'discard', ''),
    );
  }

  async check(
    id: VerificationId,
    attempt: { id: string; mac: string },
    limits: rule.CheckLimits,
    source?: Quota,
  ): Promise<CheckAnswer> {
    return source && this.storage.client instanceof Cluster
      ? this.checkOnCluster(id, attempt, limits, source)
      : this.runCheck(id, attempt, limits, 0, source);
  }

  /**
   * A script may not touch two slots: the guess is taken from the source first, and given back if it was not wrong.
   * If that fails it stays counted for its hour, which is better than to lose the answer: the code may be used now.
   */
  private async checkOnCluster(
    id: VerificationId,
    attempt: { id: string; mac: string },
    limits: rule.CheckLimits,
    source: Quota,
  ): Promise<CheckAnswer> {
    const sourceWaitMs = await this.quotas.take(source, attempt.id);
    const answer = await this.runCheck(id, attempt, limits, sourceWaitMs);
    if (answer.result !== 'wrong') await this.quotas.giveBack(source, attempt.id).catch(() => undefined);
    return answer;
  }

  private async runCheck(
    id: VerificationId,
    attempt: { id: string; mac: string },
    { maxAttempts, maxWrongGuesses }: rule.CheckLimits,
    sourceWaitMs: number,
    source?: Quota,
  ): Promise<CheckAnswer> {
    const sourceKeys = source ? [RedisQuotas.keyOf(source, await this.storage.dataKey())] : [];
    const { units, windowMs, bucketMs } = source ?? { units: 0, windowMs: 0, bucketMs: 0 };
    const reply = await this.storage.run((client) =>
      client.verificationCheckBuffer(
        1 + sourceKeys.length,
        recordOf(id),
        ...sourceKeys,
        fromBase64(id.nonce),
        attempt.id,
        storedMac(attempt.mac),
        maxAttempts,
        maxWrongGuesses,
        sourceWaitMs,
        units,
        windowMs,
        bucketMs,
      ),
    );
    const [resultBytes, sealedPhone, purpose, ...details] = reply;
    const result = resultBytes.toString();
    if (result === 'not_found') return { result };
    return {
      ...decisionOf(result, details),
      sealedPhone: toBase64(sealedPhone),
      purpose: PURPOSES[purpose],
    };
  }

  async report(id: VerificationId, report: DeliveryReport): Promise<RecordedReport | undefined> {
    const reply = await this.storage.run((client) =>
      client.verificationReportBuffer(recordOf(id), fromBase64(id.nonce), progressOf(report)),
    );
    if (!reply) return undefined;
    const [before, progress, sealedPhone] = reply;
    return { before, progress, sealedPhone: toBase64(sealedPhone) };
  }

  async claimRefresh(id: VerificationId, quietMs: number): Promise<boolean> {
    const claimed = await this.storage.run((client) =>
      client.verificationClaimRefresh(recordOf(id), fromBase64(id.nonce), quietMs),
    );
    return claimed === 1;
  }

  async find(id: VerificationId, maxAttempts: number): Promise<StoredVerification | undefined> {
    const reply = await this.storage.run((client) =>
      client.verificationFindBuffer(recordOf(id), fromBase64(id.nonce)),
    );
    if (!reply) return undefined;
    const [now, code, foundPhone, inFlight] = reply;
    const [number, expiresAt, send, purpose, progress, newsAt, sid, failure, wrong, approvedBy, sealedPhone] =
      code;
    const state: rule.CodeState = {
      number,
      expiresAt,
      send: send.toString() as rule.CodeState['send'],
      guesses: wrong.toString().match(/.{11}/g) ?? [],
      approvedBy: textOf(approvedBy),
    };
    const phone = phoneOf(id, foundPhone, inFlight);
    const status = rule.statusOf(phone, id.nonce, state, maxAttempts, now);
    return {
      status,
      send: state.send,
      failure: textOf(failure),
      sid: textOf(sid),
      progress,
      quietMs: now - newsAt,
      sealedPhone: toBase64(sealedPhone),
      purpose: PURPOSES[purpose],
      expiresAt,
      inDoubt: status === 'pending' ? rule.inDoubt(phone, id.nonce, now) : [],
    };
  }
}

function recordOf(id: VerificationId): string {
  return PhoneRecord.keyOf(id.tag);
}

function storedMac(mac: string): Buffer {
  return fromBase64(mac).subarray(0, MAC_BYTES);
}

function decisionOf(result: string, details: (Buffer | number)[]): rule.CheckDecision {
  switch (result) {
    case 'approved':
      return { result };
    case 'wrong':
      return { result, attemptsLeft: Number(details[0]) };
    case 'budget_used':
      return { result, waitMs: Number(details[0]) };
    case 'in_doubt':
      return { result, nonces: (details as Buffer[]).map(toBase64).sort() };
    default: {
      const [status] = details as Buffer[];
      return { result: 'ended', status: status.toString() as Exclude<rule.VerificationStatus, 'pending'> };
    }
  }
}

function phoneOf(
  id: VerificationId,
  [opened, endedThrough, endedAt, isInForce]: FoundPhone,
  inFlight: (Buffer | number)[],
): rule.PhoneState {
  const interruptedAt: Record<string, number> = {};
  for (let index = 0; index < inFlight.length; index += 2) {
    interruptedAt[toBase64(inFlight[index] as Buffer)] = inFlight[index + 1] as number;
  }
  return {
    current: isInForce ? id.nonce : undefined,
    opened,
    endedThrough,
    endedAt,
    inFlight: interruptedAt,
    wrongGuesses: [], // not asked for here
  };
}

/** Scripts say '' for what is not there. */
function textOf(bytes: Buffer): string | undefined {
  return bytes.length > 0 ? bytes.toString() : undefined;
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64url');
}

function toBase64(bytes: Buffer): string {
  return bytes.toString('base64url');
}
