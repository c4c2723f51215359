import { randomInt } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { TwilioSimulator } from '@app/twilio-simulator';
import { apiEnvironment, STORES } from '../support/api.js';
import { closedLoop, LoadClient } from '../support/load.js';
import { ApiProcess } from '../support/process.js';
import { counted, progress, proved, tries } from '../support/proof.js';
import { RedisServer } from '../support/redis-server.js';
import { temporaryFolder } from '../support/stores.js';

const PHONES = tries(1_000, 500_000); // on each store
const AT_ONCE = 100;
/** For what a process keeps of each phone and source there would be no room in it. */
const HEAP_MIB = 80;

let simulator: TwilioSimulator;
let redis: RedisServer;
let folder: string;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  redis = await RedisServer.start();
  folder = await temporaryFolder();
});
afterAll(async () => {
  await simulator.close();
  await redis.stop();
  await rm(folder, { recursive: true });
});

const phoneNumber = (index: number): string => `+8613${String(100_000_000 + index)}`;
/** Each in a /64 of its own. */
const someAddress = (): string => `2001:db8:${group()}:${group()}::1`;
const group = (): string => randomInt(65_536).toString(16);

async function bytesStored(dataPath: string | undefined): Promise<number> {
  if (dataPath) return (await stat(join(dataPath, 'limits.mdb'))).size;
  const client = new Redis(redis.url);
  try {
    return Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1]);
  } finally {
    await client.quit();
  }
}

describe.each(STORES)(
  'A server that is asked for codes by more and more phones, with a %s store',
  (store) => {
    it('needs no more memory itself, and little in the store for each of them', async () => {
      const environment = await apiEnvironment(simulator, store, {
        ...(store === 'redis' && { REDIS_URL: redis.url }),
        SERVER_TRUST_PROXY: '1',
        SERVER_SMS_MAX_SENDS_PER_SOURCE: '60',
        NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`,
      });
      const api = await ApiProcess.start(environment, folder);
      const client = new LoadClient(api.url, AT_ONCE);
      const failed: unknown[] = [];
      const send = async (index: number): Promise<void> => {
        const answer = await client.send(phoneNumber(index), { 'x-forwarded-for': someAddress() });
        if (answer.status !== 201) failed.push(answer);
        progress(`many phones (${store}): ${counted(index)} of ${counted(PHONES)}`);
      };
      try {
        const warmUp = Math.min(PHONES / 10, 10_000);
        await closedLoop(warmUp, AT_ONCE, send);
        const before = await ownMemory(api);
        const seriesBefore = await seriesOf(api);
        const storedBefore = await bytesStored(environment.DATA_PATH);
        const began = performance.now();
        await closedLoop(PHONES, AT_ONCE, (index) => send(warmUp + index));
        const seconds = (performance.now() - began) / 1_000;
        const after = await ownMemory(api);
        const stored = (await bytesStored(environment.DATA_PATH)) - storedBefore;
        expect(failed.slice(0, 3)).toEqual([]);
        const series = await seriesOf(api);
        expect(series.filter((name) => !seriesBefore.includes(name))).toEqual([]);
        expect(after - before).toBeLessThan(HEAP_MIB * 2 ** 20);
        proved({
          guarantees: [],
          tries: `${counted(PHONES)} phones, each from a source of its own (${store})`,
          faults: `a heap of ${HEAP_MIB} MiB`,
          result:
            `all sent, ${Math.round(PHONES / seconds)} a second; heap and buffers of the process: ${mib(before)} before, ${mib(after)} after; ` +
            `${Math.round(stored / PHONES)} bytes in the store for a phone with its code and its source; ${series.length} series of metrics`,
        });
      } finally {
        await client.close();
        await api.stop();
        if (environment.DATA_PATH) await rm(environment.DATA_PATH, { recursive: true });
      }
    }, 3_600_000);
  },
);

/** In bytes: its heap, and its buffers. The data file, which is mapped into memory, is not its own. */
async function ownMemory(api: ApiProcess): Promise<number> {
  const [heap, buffers] = [
    await api.metric('nodejs_heap_size_used_bytes'),
    await api.metric('nodejs_external_memory_bytes'),
  ];
  return heap + buffers;
}

/** Series of ours: Node has one more for each kind of garbage collection that it has seen. */
async function seriesOf(api: ApiProcess): Promise<string[]> {
  const lines = (await api.metrics()).filter((line) => !/^(#|nodejs_|process_)/.test(line));
  return lines.map((line) => line.replace(/ \S+$/, ''));
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
