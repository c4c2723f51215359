import { readFileSync } from 'node:fs';
import { Cluster, type Result } from 'ioredis';
import { PhoneRecord } from '../storage/phone-record.js';
import type { RedisStorage } from '../storage/redis.storage.js';
import type { Quota } from './quota.rule.js';
import * as rule from './rate-limit.rule.js';
import type { Granted, RateLimit, RateLimitStore, Refused } from './rate-limit.store.js';
import { RedisQuotas } from './redis.quotas.js';
import { reservationKey } from './reservation-key.js';

/** As `reservations.lua` has them. */
const ID_BYTES = 5;
const LONGEST_SEND_MS = 65_534;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    smsReserve(
      numberOfKeys: number,
      ...keysAndArguments: (string | number | Buffer)[]
    ): Result<[1] | [0, Refused['rule'], number], Context>;
    smsSettle(
      numberOfKeys: number,
      ...keysAndArguments: (string | number | Buffer)[]
    ): Result<0 | 1, Context>;
    smsHolds(phone: string, id: Buffer): Result<0 | 1, Context>;
  }
}

/** Allowances in Redis, in the records of their phones, at the time of Redis, one script per step. */
export class RedisRateLimitStore implements RateLimitStore {
  /** The functions of `reservations.lua` and those that they need, to put before a script that uses them. */
  static readonly lua = PhoneRecord.lua + readLua('reservations');

  private readonly quotas: RedisQuotas;

  constructor(private readonly storage: RedisStorage) {
    const { client } = storage;
    this.quotas = new RedisQuotas(storage);
    const { lua } = RedisRateLimitStore;
    client.defineCommand('smsReserve', { lua: lua + RedisQuotas.lua + readLua('reserve') });
    client.defineCommand('smsSettle', { lua: lua + RedisQuotas.lua + readLua('settle') });
    client.defineCommand('smsHolds', { numberOfKeys: 1, lua: lua + readLua('holds') });
  }

  async reserve(
    key: string,
    limit: RateLimit,
    reservationId: string,
    quotas: readonly Quota[] = [],
  ): Promise<Granted | Refused> {
    if (limit.sendMs > LONGEST_SEND_MS) throw new RangeError(`A send takes ${LONGEST_SEND_MS} ms at most.`);
    return this.isCluster && quotas.length > 0
      ? this.reserveOnCluster(key, limit, reservationId, quotas)
      : this.ask('take', key, limit, reservationId, quotas);
  }

  async keep(key: string, reservationId: string): Promise<void> {
    await this.settle(key, reservationId, 'kept');
  }

  async release(
    key: string,
    reservationId: string,
    as: 'failed' | 'unused',
    quotas: readonly Quota[] = [],
  ): Promise<void> {
    if (!this.isCluster) return this.settle(key, reservationId, as, quotas);
    await Promise.all([
      this.settle(key, reservationId, as),
      ...quotas.map((quota) => this.quotas.giveBack(quota, reservationId)),
    ]);
  }

  async holds(key: string, reservationId: string): Promise<boolean> {
    const [phone] = await this.keysOf(key, []);
    return (await this.storage.run((client) => client.smsHolds(phone, idOf(reservationId)))) === 1;
  }

  private get isCluster(): boolean {
    return this.storage.client instanceof Cluster;
  }

  /**
   * A script may not touch two slots, so the quotas come first: what they refuse never holds a unit of a phone, which
   * somebody else may be asking for.
   */
  private async reserveOnCluster(
    key: string,
    limit: RateLimit,
    reservationId: string,
    quotas: readonly Quota[],
  ): Promise<Granted | Refused> {
    const waits = await Promise.all(quotas.map((quota) => this.quotas.take(quota, reservationId)));
    const byQuotas = quotas.map((quota, index) => rule.quotaAnswer(quota, waits[index]));
    const allTaken = byQuotas.every(({ granted }) => granted);
    const byPhone = await this.ask(allTaken ? 'take' : 'ask', key, limit, reservationId, []);
    const answer = rule.longestWait([byPhone, ...byQuotas]);
    if (!answer.granted) {
      await Promise.all(quotas.map((quota) => this.quotas.giveBack(quota, reservationId)));
    }
    return answer;
  }

  private async ask(
    mode: 'take' | 'ask',
    key: string,
    limit: RateLimit,
    reservationId: string,
    quotas: readonly Quota[],
  ): Promise<Granted | Refused> {
    const { units, windowMs, cooldownMs, sendMs, returns } = limit;
    const [phone, ...quotaKeys] = await this.keysOf(key, quotas);
    const [granted, refusedBy, waitMs] = await this.storage.run((client) =>
      client.smsReserve(
        1 + quotas.length,
        phone,
        ...quotaKeys,
        mode,
        units,
        windowMs,
        cooldownMs,
        sendMs,
        returns,
        idOf(reservationId),
        ...quotas.flatMap((quota) => [quota.name, quota.units, quota.windowMs, quota.bucketMs]),
      ),
    );
    return granted ? { granted: true } : { granted: false, rule: refusedBy, waitMs };
  }

  private async settle(
    key: string,
    reservationId: string,
    outcome: 'kept' | 'failed' | 'unused',
    quotas: readonly Quota[] = [],
  ): Promise<void> {
    const [phone, ...quotaKeys] = await this.keysOf(key, quotas);
    const buckets = quotas.map(({ bucketMs }) => bucketMs);
    await this.storage.run((client) =>
      client.smsSettle(1 + quotas.length, phone, ...quotaKeys, idOf(reservationId), outcome, ...buckets),
    );
  }

  private async keysOf(key: string, quotas: readonly Quota[]): Promise<[phone: string, ...quotas: string[]]> {
    const dataKey = await this.storage.dataKey();
    const ofQuotas = quotas.map((quota) => RedisQuotas.keyOf(quota, dataKey));
    return [PhoneRecord.keyOf(dataKey.tag(key)), ...ofQuotas];
  }
}

function idOf(reservationId: string): Buffer {
  return reservationKey(reservationId, ID_BYTES);
}

function readLua(name: string): string {
  return readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
}
