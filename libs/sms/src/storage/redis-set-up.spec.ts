import { describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { redisUrl } from '../../../../test/support/stores.js';
import { weaknessesOf } from './redis-set-up.js';

const info = (policy: string, aof: 0 | 1): string =>
  `# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:${policy}\r\n# Persistence\r\naof_enabled:${aof}\r\naof_rewrite_in_progress:0\r\n`;

describe('The set-up of Redis', () => {
  it('is as it should be with noeviction and an append-only file', () => {
    expect(weaknessesOf(info('noeviction', 1))).toEqual([]);
  });

  it.each(['allkeys-lru', 'volatile-lru', 'volatile-ttl', 'allkeys-random'])(
    'is warned about with %s',
    (policy) => {
      expect(weaknessesOf(info(policy, 1))).toMatchObject([
        { kind: 'eviction', weakness: expect.stringContaining(`maxmemory-policy ${policy}`) },
      ]);
    },
  );

  it('is warned about without an append-only file', () => {
    expect(weaknessesOf(info('noeviction', 0))).toMatchObject([
      { kind: 'persistence', remedy: 'Set appendonly yes.' },
    ]);
  });

  it('is read from what a real Redis says of itself', async () => {
    const redis = new Redis(redisUrl());
    const said = await redis.info();
    await redis.quit();
    expect(said).toMatch(/^maxmemory_policy:\S+/m);
    expect(said).toMatch(/^aof_enabled:[01]/m);
  });
});
