import { readFileSync } from 'node:fs';
import { RedisQuotas, type Quota, type RedisStorage } from '@app/sms';
import { Cluster, type Result } from 'ioredis';
import { progressOf, type DeliveryReport } from './delivery.js';
import type { Purpose } from './purpose.js';
import * as rule from './verification.rule.js';
import type { VerificationId } from './verification-id.js';
import {
  REMEMBERED_MS,
  type CheckAnswer,
  type OpenLimits,
  type RecordedReport,
  type SealedCode,
  type SendResult,
  type StoredVerification,
  type VerificationStore,
} from './verification.store.js';

type CheckReply = [result: string, sealedPhone: string, purpose: Purpose, ...details: (string | number)[]];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    verificationOpen(...keysAndArguments: (string | number)[]): Result<[0 | 1, number], Context>;
    verificationSettle(...keysAndArguments: string[]): Result<number, Context>;
    verificationCheck(
      numberOfKeys: number,
      ...keysAndArguments: (string | number)[]
    ): Result<CheckReply, Context>;
    verificationReport(key: string, progress: number): Result<[number, number, string] | null, Context>;
    verificationClaimRefresh(key: string, quietMs: number): Result<0 | 1, Context>;
    verificationFind(...keys: string[]): Result<[number, string[], string[]], Context>;
  }
}

/** Codes in Redis, at the time of Redis, one script per step. */
export class RedisVerificationStore implements VerificationStore {
  private readonly quotas: RedisQuotas;

  constructor(private readonly storage: RedisStorage) {
    this.quotas = new RedisQuotas(storage);
    const script = (name: string): string => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
    storage.client.defineCommand('verificationOpen', { numberOfKeys: 2, lua: script('open') });
    storage.client.defineCommand('verificationSettle', { numberOfKeys: 2, lua: script('settle') });
    storage.client.defineCommand('verificationCheck', { lua: RedisQuotas.lua + script('check') });
    storage.client.defineCommand('verificationReport', { numberOfKeys: 1, lua: script('report') });
    storage.client.defineCommand('verificationClaimRefresh', {
      numberOfKeys: 1,
      lua: script('claim-refresh'),
    });
    storage.client.defineCommand('verificationFind', { numberOfKeys: 2, lua: script('find') });
  }

  async open(id: VerificationId, code: SealedCode, limits: OpenLimits) {
    const { mac, sealedPhone, purpose } = code;
    const [opened, time] = await this.storage.run((client) =>
      client.verificationOpen(
        ...keys(id),
        id.nonce,
        limits.ttlMs,
        REMEMBERED_MS,
        limits.maxWrongGuesses,
        limits.sendMs,
        mac,
        sealedPhone,
        purpose,
      ),
    );
    return opened ? { opened: true as const, expiresAt: time } : { opened: false as const, waitMs: time };
  }

  async settle(id: VerificationId, result: SendResult): Promise<void> {
    const detail = result.send === 'failed' ? result.failure : result.send === 'accepted' ? result.sid : '';
    await this.storage.run((client) => client.verificationSettle(...keys(id), id.nonce, result.send, detail));
  }

  async discard(id: VerificationId): Promise<void> {
    await this.storage.run((client) => client.verificationSettle(...keys(id), id.nonce, 'discard', ''));
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
    const sourceKeys = source ? [await this.quotas.keyOf(source)] : [];
    const { units, windowMs, bucketMs } = source ?? { units: 0, windowMs: 0, bucketMs: 0 };
    const reply = await this.storage.run((client) =>
      client.verificationCheck(
        2 + sourceKeys.length,
        ...keys(id),
        ...sourceKeys,
        id.nonce,
        attempt.id,
        attempt.mac,
        maxAttempts,
        maxWrongGuesses,
        sourceWaitMs,
        units,
        windowMs,
        bucketMs,
      ),
    );
    const [result, sealedPhone, purpose, ...details] = reply;
    if (result === 'not_found') return { result };
    return { ...decisionOf(result, details), sealedPhone, purpose };
  }

  async report(id: VerificationId, report: DeliveryReport): Promise<RecordedReport | undefined> {
    const [, code] = keys(id);
    const reply = await this.storage.run((client) => client.verificationReport(code, progressOf(report)));
    if (!reply) return undefined;
    const [before, progress, sealedPhone] = reply;
    return { before, progress, sealedPhone };
  }

  async claimRefresh(id: VerificationId, quietMs: number): Promise<boolean> {
    const [, code] = keys(id);
    return (await this.storage.run((client) => client.verificationClaimRefresh(code, quietMs))) === 1;
  }

  async find(id: VerificationId, maxAttempts: number): Promise<StoredVerification | undefined> {
    const [now, phoneFields, codeFields] = await this.storage.run((client) =>
      client.verificationFind(...keys(id)),
    );
    const code = fieldsOf(codeFields);
    if (!code.number) return undefined;
    const phone = phoneOf(fieldsOf(phoneFields));
    const state: rule.CodeState = {
      number: Number(code.number),
      expiresAt: Number(code.expires),
      send: code.send as rule.CodeState['send'],
      guesses: (code.tries ?? '').match(/.{11}/g) ?? [],
      approvedBy: code.approved,
    };
    const status = rule.statusOf(phone, id.nonce, state, maxAttempts, now);
    return {
      status,
      send: state.send,
      failure: code.failure,
      sid: code.sid,
      progress: Number(code.progress ?? 0),
      quietMs: now - Number(code.news_at ?? 0),
      sealedPhone: code.phone ?? '',
      purpose: code.purpose as Purpose,
      expiresAt: state.expiresAt,
      inDoubt: status === 'pending' ? rule.inDoubt(phone, id.nonce, now) : [],
    };
  }
}

/** The braces put all keys of one phone into one slot of a Redis Cluster. */
function keys(id: VerificationId): [phone: string, code: string] {
  return [`sms:{${id.tag}}:codes`, `sms:{${id.tag}}:code:${id.nonce}`];
}

function decisionOf(result: string, details: (string | number)[]): rule.CheckDecision {
  switch (result) {
    case 'approved':
      return { result };
    case 'wrong':
      return { result, attemptsLeft: Number(details[0]) };
    case 'budget_used':
      return { result, waitMs: Number(details[0]) };
    case 'in_doubt':
      return { result, nonces: details.map(String) };
    default:
      return { result: 'ended', status: details[0] as Exclude<rule.VerificationStatus, 'pending'> };
  }
}

function phoneOf({
  current,
  opened,
  ended,
  ended_at: endedAt,
  ...fields
}: Record<string, string>): rule.PhoneState {
  const inFlight = Object.entries(fields).filter(([field]) => field.startsWith('in:'));
  return {
    current,
    opened: Number(opened ?? 0),
    endedThrough: Number(ended ?? 0),
    endedAt: Number(endedAt ?? 0),
    inFlight: Object.fromEntries(
      inFlight.map(([field, interruptedAt]) => [field.slice(3), Number(interruptedAt)]),
    ),
    wrongGuesses: [], // not asked for here
  };
}

/** Redis answers a hash as a list of fields and values. */
function fieldsOf(list: string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let index = 0; index < list.length; index += 2) fields[list[index]] = list[index + 1];
  return fields;
}
