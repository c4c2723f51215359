import { readFileSync } from 'node:fs';
import type { Result } from 'ioredis';
import type { DataKey } from '../storage/data-key.js';
import type { RedisStorage } from '../storage/redis.storage.js';
import type { Quota } from './quota.rule.js';
import { reservationKey } from './reservation-key.js';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    smsQuotaTake(
      quota: string,
      receipt: string,
      units: number,
      windowMs: number,
      bucketMs: number,
    ): Result<number, Context>;
    smsQuotaGiveBack(quota: string, receipt: string): Result<0 | 1, Context>;
  }
}

const RECEIPT_BYTES = 8;

/**
 * Quotas in Redis, each in a slot of its own. Scripts of one Redis count them beside a phone; on a Redis Cluster they
 * are taken and given back in steps of their own, with receipts.
 */
export class RedisQuotas {
  /** The functions of `quota.lua`, to put before a script that counts a quota beside its own keys. */
  static readonly lua = readLua('quota');

  constructor(private readonly storage: RedisStorage) {
    const { client } = storage;
    client.defineCommand('smsQuotaTake', { numberOfKeys: 2, lua: RedisQuotas.lua + readLua('quota-take') });
    client.defineCommand('smsQuotaGiveBack', {
      numberOfKeys: 2,
      lua: RedisQuotas.lua + readLua('quota-give-back'),
    });
  }

  static keyOf(quota: Quota, dataKey: DataKey): string {
    return `sms:{${dataKey.tag(quota.key)}}:quota`;
  }

  /** @returns milliseconds to wait; 0 when the unit was taken */
  async take(quota: Quota, unitId: string): Promise<number> {
    const [key, receipt] = await this.keysOf(quota, unitId);
    const { units, windowMs, bucketMs } = quota;
    return this.storage.run((client) => client.smsQuotaTake(key, receipt, units, windowMs, bucketMs));
  }

  /** Gives exactly this unit back, if it was taken. */
  async giveBack(quota: Quota, unitId: string): Promise<void> {
    const [key, receipt] = await this.keysOf(quota, unitId);
    await this.storage.run((client) => client.smsQuotaGiveBack(key, receipt));
  }

  private async keysOf(quota: Quota, unitId: string): Promise<[quota: string, receipt: string]> {
    const key = RedisQuotas.keyOf(quota, await this.storage.dataKey());
    return [key, `${key}:${reservationKey(unitId, RECEIPT_BYTES).toString('base64url')}`];
  }
}

function readLua(name: string): string {
  return readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
}
