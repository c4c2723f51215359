import { readFileSync } from 'node:fs';
import type { RedisStorage } from '@app/sms/internals';
import type { Result } from 'ioredis';
import type { Claim } from './idempotency.rule.js';
import { REPEATED_MS, type IdempotencyStore } from './idempotency.store.js';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    idempotencyClaim(
      key: string,
      id: string,
      body: string,
      runningMs: number,
      lifeMs: number,
    ): Result<[result: Claim['result'], detail?: string], Context>;
    idempotencySettle(key: string, id: string, answer: string, lifeMs: number): Result<0 | 1, Context>;
  }
}

/** Idempotency keys in Redis, at the time of Redis, one script per step. */
export class RedisIdempotencyStore implements IdempotencyStore {
  constructor(private readonly storage: RedisStorage) {
    const script = (name: string): string => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
    storage.client.defineCommand('idempotencyClaim', { numberOfKeys: 1, lua: script('claim') });
    storage.client.defineCommand('idempotencySettle', { numberOfKeys: 1, lua: script('settle') });
  }

  async claim(key: string, call: { id: string; body: string }, runningMs: number): Promise<Claim> {
    const [result, detail = ''] = await this.storage.run((client) =>
      client.idempotencyClaim(recordOf(key), call.id, call.body, runningMs, REPEATED_MS),
    );
    switch (result) {
      case 'answered':
        return { result, answer: detail };
      case 'died':
        return { result, id: detail };
      default:
        return { result };
    }
  }

  async answer(key: string, id: string, answer: string): Promise<void> {
    await this.storage.run((client) => client.idempotencySettle(recordOf(key), id, answer, REPEATED_MS));
  }

  async free(key: string, id: string): Promise<void> {
    await this.storage.run((client) => client.idempotencySettle(recordOf(key), id, '', REPEATED_MS));
  }
}

function recordOf(key: string): string {
  return `sms:{${key}}:idempotency`;
}
