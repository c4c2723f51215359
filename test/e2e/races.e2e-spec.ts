import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { apiEnvironment, codeFor, wrongCode, type StoreKind } from '../support/api.js';
import { ApiProcess } from '../support/process.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { newPhone, temporaryFolder } from '../support/stores.js';

const DEPLOYMENTS: readonly { name: string; store: StoreKind; processes: number; rounds: number }[] = [
  { name: 'one Redis', store: 'redis', processes: 4, rounds: 3 },
  { name: 'one Redis Cluster', store: 'redis', processes: 4, rounds: 2 },
  { name: 'one embedded store', store: 'embedded', processes: 2, rounds: 3 },
];

let simulator: TwilioSimulator;
let folder: string;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  folder = await temporaryFolder();
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

describe.each(DEPLOYMENTS)('$processes processes on $name', ({ name, store, processes, rounds }) => {
  let apis: ApiProcess[] = [];
  let cluster: RedisCluster | undefined;
  let environment: Record<string, string>;
  beforeAll(async () => {
    if (name === 'one Redis Cluster') cluster = await RedisCluster.start();
    environment = await apiEnvironment(simulator, store, {
      LOG_LEVEL: 'info',
      ...(cluster && { REDIS_URL: cluster.url }),
    });
    apis = await ApiProcess.startAll(processes, environment, folder);
  });
  afterAll(async () => {
    await Promise.all(apis.map((api) => api.stop()));
    await cluster?.stop();
    if (environment.DATA_PATH) await rm(environment.DATA_PATH, { recursive: true });
  });

  /** The same call, many times at once, spread over the processes. */
  const atOnce = <T>(times: number, call: (api: ApiProcess) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: times }, (_, index) => call(apis[index % apis.length])));

  const messagesTo = (phone: string): number =>
    simulator.inbox.list().filter(({ to }) => to === phone).length;

  it.each(Array.from({ length: rounds }, (_, round) => round + 1))(
    'send one message for 200 requests at once, accept its code once, and compare no sixth guess (round %i)',
    async () => {
      const phone = newPhone();
      const sends = await atOnce(200, (api) => api.send(phone));
      const granted = sends.filter(({ status }) => status === 201);
      const refused = sends.filter(({ status }) => status === 429);
      expect([granted.length, refused.length]).toEqual([1, 199]);
      expect(new Set(refused.map(({ body }) => body.code))).toEqual(new Set(['SMS_SEND_TOO_FREQUENTLY']));
      expect(refused.every(({ retryAfter }) => Number(retryAfter) >= 1)).toBe(true);
      expect(messagesTo(phone)).toBe(1);

      const id = String(granted[0].body.id);
      const right = await atOnce(100, (api) => api.check(id, codeFor(simulator, phone)));
      expect(right.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(right.filter(({ body }) => body.reason === 'used')).toHaveLength(99);

      const guessed = newPhone();
      const { body } = await apis[0].send(guessed);
      const wrong = await atOnce(50, (api) =>
        api.check(String(body.id), wrongCode(codeFor(simulator, guessed))),
      );
      const compared = wrong.filter(({ status }) => status === 422);
      expect(new Set(compared.map((answer) => answer.body.attemptsLeft))).toEqual(new Set([0, 1, 2, 3, 4]));
      expect(compared).toHaveLength(5);
      expect(wrong.filter((answer) => answer.body.reason === 'attempts_exhausted')).toHaveLength(45);
      const afterwards = await apis[1].check(String(body.id), codeFor(simulator, guessed));
      expect(afterwards.body.reason).toBe('attempts_exhausted');
    },
  );

  it('remember a send when all of them are killed and started again', async () => {
    const phone = newPhone();
    const { body } = await apis[0].send(phone);
    await Promise.all(apis.map((api) => api.stop('SIGKILL')));
    apis = await ApiProcess.startAll(processes, environment, folder);
    expect(await apis[1].send(phone)).toMatchObject({
      status: 429,
      body: { code: 'SMS_SEND_TOO_FREQUENTLY' },
    });
    expect(messagesTo(phone)).toBe(1);
    expect(await apis[0].check(String(body.id), codeFor(simulator, phone))).toMatchObject({ status: 200 });
  });
});
