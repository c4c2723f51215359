import type { Secret } from '@app/sms';
import { inspectRedis, type RedisInspection } from '@app/sms/internals';
import type { Finding, Remedy } from './finding.js';

const MAX_SKEW_MS = 5_000;

const UNREACHABLE: Remedy = {
  seen: 'Redis cannot be reached',
  fix: 'Start Redis, and see that host and port of redis.url are right and let through from here.',
};
const WRONG_PASSWORD: Remedy = {
  seen: 'Redis refuses the user or the password',
  fix: 'Give redis.url the user and password that Redis knows: redis://USER:PASSWORD@HOST:PORT, percent-encoded.',
};
const NOT_ALLOWED: Remedy = {
  seen: 'Redis does not allow its user what the service needs',
  fix: 'Give the user the rights of the ACL line in the README, under Redis.',
};

/** By what Redis or the connection said, in its one word. */
const FAULTS = new Map<string, Remedy>([
  [
    'ENOTFOUND',
    { seen: 'The host of redis.url is not known', fix: 'Correct the host in redis.url, or the DNS.' },
  ],
  ['WRONGPASS', WRONG_PASSWORD],
  ['NOAUTH', WRONG_PASSWORD],
  ['NOPERM', NOT_ALLOWED],
  [
    'READONLY',
    { seen: 'This Redis is a replica and cannot be written to', fix: 'Point redis.url at the primary.' },
  ],
  [
    'OOM',
    {
      seen: 'The memory of Redis is full, so nothing can be written',
      fix: 'Give Redis more memory (maxmemory).',
    },
  ],
  [
    'MISCONF',
    {
      seen: 'Redis cannot write to its disk, so it takes nothing',
      fix: 'Look at the log of Redis, and at the space on its disk.',
    },
  ],
  [
    'LOADING',
    { seen: 'Redis is still loading its data', fix: 'Wait until it is ready, and run this again.' },
  ],
]);

/** Whether the store can be used, and what in its set-up can lose limits. */
export async function* redisFindings(url: Secret, secrets: readonly Secret[]): AsyncGenerator<Finding> {
  const inspection = await inspectRedis(url, secrets);
  if (inspection.fault !== undefined) {
    yield faultFinding(inspection.fault);
    return;
  }
  yield { check: 'redis', result: 'pass', seen: 'Redis is there, and can be written to.' };
  if (inspection.opens === false) yield wrongSecret('Redis');
  yield* setUpFindings(inspection);
  yield clockFinding(inspection.clockAheadMs);
}

/** The same for both stores. */
export function wrongSecret(store: string): Finding {
  return {
    check: 'secret',
    result: 'fail',
    seen: `${store} was set up with another server.secret, and what it counted cannot be read with this one.`,
    fix: 'Give the former secret after the new one: server.secret=new,old',
  };
}

function faultFinding(fault: string): Finding {
  const { seen, fix } = FAULTS.get(fault) ?? UNREACHABLE;
  return { check: 'redis', result: 'fail', seen: `${seen} (${fault}).`, fix };
}

function* setUpFindings({ weaknesses, setUpFault }: RedisInspection): Generator<Finding> {
  if (setUpFault !== undefined) {
    yield {
      check: 'redis set-up',
      result: 'look here',
      seen: `Redis does not say how it is set up (${setUpFault}).`,
      fix: 'See in its configuration: appendonly yes, maxmemory-policy noeviction. Or allow its user +info.',
    };
    return;
  }
  for (const { kind, weakness, remedy } of weaknesses) {
    // Without an append-only file a crash loses what came last; with eviction limits are lost while all seems well.
    const result = kind === 'persistence' ? 'warn' : 'fail';
    yield { check: `redis ${kind}`, result, seen: weakness, fix: remedy };
  }
  if (weaknesses.length === 0) {
    yield {
      check: 'redis set-up',
      result: 'pass',
      seen: 'Redis keeps what it is given: an append-only file, no eviction.',
    };
  }
}

function clockFinding(aheadMs: number): Finding {
  if (Math.abs(aheadMs) <= MAX_SKEW_MS) {
    return { check: 'redis clock', result: 'pass', seen: 'The clocks of Redis and of this machine agree.' };
  }
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  return {
    check: 'redis clock',
    result: 'warn',
    seen: `The clock of Redis is ${seconds} seconds ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's.`,
    fix: 'Synchronize the clocks of both machines (NTP).',
  };
}
