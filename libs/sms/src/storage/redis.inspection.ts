import { Cluster, type Redis } from 'ioredis';
import type { Secret } from '../secret.js';
import { unwrapWithAny } from './data-key.js';
import { weaknessesOf, type RedisWeakness } from './redis-set-up.js';
import { createRedisClient, runCommand } from './redis.client.js';
import { faultOf, isNotConnected } from './redis.faults.js';
import { DATA_KEY } from './redis.storage.js';

/** What was found of a Redis. A fault is one word: `ECONNREFUSED`, `NOAUTH`, `READONLY`. */
export interface RedisInspection {
  /** Why it cannot be used. Nothing else is known then. */
  readonly fault?: string;
  /** Whether the secrets open what is kept there; undefined when nothing is, or without secrets. */
  readonly opens?: boolean;
  /** Those of all primaries, each once. */
  readonly weaknesses: readonly RedisWeakness[];
  /** Why the set-up could not be seen. */
  readonly setUpFault?: string;
  /** By how much its clock is ahead of this machine, in milliseconds; the worst one of a cluster. */
  readonly clockAheadMs: number;
}

const PROBE_KEY = 'sms:probe';
const PROBE_LIFE_MS = 1_000;

/**
 * Looks at a Redis as the store would use it. It writes one key, which is gone a second later.
 * @param urls as of `redisUrl` of the options
 */
export async function inspectRedis(urls: Secret, secrets: readonly Secret[]): Promise<RedisInspection> {
  const client = createRedisClient(urls);
  let reported: string | undefined;
  const note = (error: Error): void => {
    const fault = faultOf(error);
    if (reported === undefined || isNotConnected(reported)) reported = fault;
  };
  client.on('error', note);
  client.on('node error', note);
  try {
    await client.connect();
    return await inspect(client, secrets);
  } catch (error) {
    const fault = faultOf(error);
    return { fault: isNotConnected(fault) ? (reported ?? fault) : fault, weaknesses: [], clockAheadMs: 0 };
  } finally {
    client.disconnect();
  }
}

async function inspect(client: Redis | Cluster, secrets: readonly Secret[]): Promise<RedisInspection> {
  await runCommand(client, (redis) => redis.set(PROBE_KEY, '', 'PX', PROBE_LIFE_MS));
  const wrapped = await runCommand(client, (redis) => redis.get(DATA_KEY));
  const isCluster = client instanceof Cluster;
  const nodes = isCluster ? client.nodes('master') : [client];
  const clocks = await Promise.all(nodes.map(clockAheadMs));
  const worst = clocks.toSorted((one, other) => Math.abs(other) - Math.abs(one))[0] ?? 0;
  return {
    opens: wrapped === null || secrets.length === 0 ? undefined : Boolean(unwrapWithAny(wrapped, secrets)),
    clockAheadMs: worst,
    ...(await setUpOf(nodes, isCluster)),
  };
}

async function setUpOf(
  nodes: readonly Redis[],
  isCluster: boolean,
): Promise<Pick<RedisInspection, 'weaknesses' | 'setUpFault'>> {
  try {
    const infos = await Promise.all(nodes.map((node) => node.info()));
    const found = infos.flatMap((info) => weaknessesOf(info, isCluster));
    return { weaknesses: [...new Map(found.map((one) => [one.weakness, one])).values()] };
  } catch (error) {
    return { weaknesses: [], setUpFault: faultOf(error) };
  }
}

async function clockAheadMs(node: Redis): Promise<number> {
  const before = Date.now();
  const [seconds, microseconds] = await node.time();
  return Number(seconds) * 1_000 + Number(microseconds) / 1_000 - (before + Date.now()) / 2;
}
