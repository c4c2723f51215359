import { readFileSync } from 'node:fs';
import { Cluster, type Redis, type Result } from 'ioredis';
import type { RedisStorage } from '../storage/redis.storage.js';
import type { Quota } from './quota.rule.js';
import * as rule from './rate-limit.rule.js';
import type { Granted, RateLimit, RateLimitStore, Refused } from './rate-limit.store.js';
import { RedisQuotas } from './redis.quotas.js';
import { decodeReservations, reservationKey } from './reservation.codec.js';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    smsReserve(
      numberOfKeys: number,
      ...keysAndArguments: (string | number | Buffer)[]
    ): Result<[1] | [0, Refused['rule'], number], Context>;
    smsSettle(key: string, id: Buffer, outcome: 'kept' | 'failed' | 'unused'): Result<0 | 1, Context>;
  }
}

/** Allowances in Redis, at the time of Redis, one script per step. */
export class RedisRateLimitStore implements RateLimitStore {
  private readonly quotas: RedisQuotas;

  constructor(private readonly storage: RedisStorage) {
    this.quotas = new RedisQuotas(storage);
    defineScripts(storage.client);
  }

  async reserve(
    key: string,
    limit: RateLimit,
    reservationId: string,
    quotas: readonly Quota[] = [],
  ): Promise<Granted | Refused> {
    return this.storage.client instanceof Cluster && quotas.length > 0
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
    await Promise.all([
      this.settle(key, reservationId, as),
      ...quotas.map((quota) => this.quotas.giveBack(quota, reservationId)),
    ]);
  }

  async holds(key: string, reservationId: string): Promise<boolean> {
    const allowance = await this.allowanceOf(key);
    const stored = await this.storage.run((client) => client.getBuffer(allowance));
    const id = reservationKey(reservationId).toString('hex');
    const reservations = decodeReservations(stored ?? Buffer.alloc(0));
    return reservations ? rule.holds(reservations, id) : true; // unreadable: nothing says that it was given back
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
    const id = reservationKey(reservationId);
    const allowance = await this.allowanceOf(key);
    const quotaKeys = await Promise.all(quotas.map((quota) => this.quotas.keysOf(quota, reservationId)));
    const [granted, refusedBy, waitMs] = await this.storage.run((client) =>
      client.smsReserve(
        1 + 2 * quotas.length,
        allowance,
        ...quotaKeys.flat(),
        mode,
        units,
        windowMs,
        cooldownMs,
        sendMs,
        returns,
        id,
        ...quotas.flatMap((quota) => [quota.name, quota.units, quota.windowMs, quota.bucketMs]),
      ),
    );
    return granted ? { granted: true } : { granted: false, rule: refusedBy, waitMs };
  }

  private async settle(
    key: string,
    reservationId: string,
    outcome: 'kept' | 'failed' | 'unused',
  ): Promise<void> {
    const allowance = await this.allowanceOf(key);
    await this.storage.run((client) => client.smsSettle(allowance, reservationKey(reservationId), outcome));
  }

  /** The braces put all keys of one phone into one slot of a Redis Cluster. */
  private async allowanceOf(key: string): Promise<string> {
    const dataKey = await this.storage.dataKey();
    return `sms:{${dataKey.tag(key)}}`;
  }
}

function defineScripts(client: Redis | Cluster): void {
  const script = (name: string): string => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
  client.defineCommand('smsReserve', { lua: RedisQuotas.lua + script('reserve') });
  client.defineCommand('smsSettle', { numberOfKeys: 1, lua: script('settle') });
}
