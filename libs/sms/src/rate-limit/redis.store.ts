import { readFileSync } from 'node:fs';
import type { Cluster, Redis, Result } from 'ioredis';
import type { RedisStorage } from '../storage/redis.storage.js';
import * as rule from './rate-limit.rule.js';
import type { Granted, RateLimit, RateLimitStore, Refused } from './rate-limit.store.js';
import { decodeReservations, reservationKey } from './reservation.codec.js';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    smsReserve(
      key: string,
      units: number,
      windowMs: number,
      cooldownMs: number,
      sendMs: number,
      returns: number,
      id: Buffer,
    ): Result<[1] | [0, 'window' | 'cooldown', number], Context>;
    smsSettle(key: string, id: Buffer, outcome: 'kept' | 'failed' | 'unused'): Result<0 | 1, Context>;
  }
}

/** Allowances in Redis, at the time of Redis, one script per step. */
export class RedisRateLimitStore implements RateLimitStore {
  constructor(private readonly storage: RedisStorage) {
    defineScripts(storage.client);
  }

  async reserve(key: string, limit: RateLimit, reservationId: string): Promise<Granted | Refused> {
    const { units, windowMs, cooldownMs, sendMs, returns } = limit;
    const id = reservationKey(reservationId);
    const allowance = await this.allowanceOf(key);
    const [granted, refusedBy, waitMs] = await this.storage.run((client) =>
      client.smsReserve(allowance, units, windowMs, cooldownMs, sendMs, returns, id),
    );
    return granted ? { granted: true } : { granted: false, rule: refusedBy, waitMs };
  }

  async keep(key: string, reservationId: string): Promise<void> {
    await this.settle(key, reservationId, 'kept');
  }

  async release(key: string, reservationId: string, as: 'failed' | 'unused'): Promise<void> {
    await this.settle(key, reservationId, as);
  }

  async holds(key: string, reservationId: string): Promise<boolean> {
    const allowance = await this.allowanceOf(key);
    const stored = await this.storage.run((client) => client.getBuffer(allowance));
    const id = reservationKey(reservationId).toString('hex');
    const reservations = decodeReservations(stored ?? Buffer.alloc(0));
    return reservations ? rule.holds(reservations, id) : true; // unreadable: nothing says that it was given back
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
  client.defineCommand('smsReserve', { numberOfKeys: 1, lua: script('reserve') });
  client.defineCommand('smsSettle', { numberOfKeys: 1, lua: script('settle') });
}
