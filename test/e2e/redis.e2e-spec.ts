import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { codeFor, startApi, wrongCode, type RunningApi } from '../support/api.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { newPhone, redisUrl } from '../support/stores.js';
import { until } from '../support/until.js';

let simulator: TwilioSimulator;
let proxy: TcpProxy & { url: string };
let api: RunningApi;

beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());
beforeEach(async () => {
  proxy = await TcpProxy.start(redisUrl());
  api = await startApi(simulator, 'redis', {
    REDIS_URL: proxy.url,
    TWILIO_SMS_TIMEOUT_MS: '2000',
    SERVER_SMS_MAX_SENDS_TOTAL: '1000000', // so that every kind of limit is counted
  });
  await warmUp();
});
afterEach(async () => {
  await api.close();
  await proxy.close();
});

/** The first commands of a connection also load the scripts. */
async function warmUp(): Promise<void> {
  const phone = newPhone();
  const { id } = (await api.send(phone)).body;
  await api.check(id, codeFor(simulator, phone));
}

async function roundTripsOf(work: () => Promise<unknown>): Promise<number> {
  const before = proxy.roundTrips;
  await work();
  return proxy.roundTrips - before;
}

/** Until the API has found Redis again; it tries at least once a second. */
async function untilReady(): Promise<void> {
  await until('Redis is found', async () => (await api.http().get('/readyz')).status === 200);
}

describe('Trips to Redis', () => {
  it('are one before Twilio is asked for a message, and one after', async () => {
    const phone = newPhone();
    simulator.faults.next({ kind: 'hang', accepted: true });
    const before = proxy.roundTrips;
    const asked = simulator.requests.length;
    const sending = api.send(phone).then(({ status }) => status);
    await until('Twilio is asked', () => simulator.requests.length > asked);
    expect(proxy.roundTrips - before).toBe(1);
    simulator.faults.clear();
    expect(await roundTripsOf(() => api.send(newPhone()).expect(201))).toBe(2);
    expect(await sending).toBe(503);
  });

  it('are one for a check, right or wrong', async () => {
    const phone = newPhone();
    const { id } = (await api.send(phone)).body;
    const right = codeFor(simulator, phone);
    expect(await roundTripsOf(() => api.check(id, wrongCode(right)).expect(422))).toBe(1);
    expect(await roundTripsOf(() => api.check(id, right).expect(200))).toBe(1);
    expect(await roundTripsOf(() => api.check(id, right).expect(410))).toBe(1);
  });
});

describe('Without Redis', () => {
  it('the API starts, and serves as soon as Redis is there', async () => {
    await api.close();
    proxy.refuse();
    api = await startApi(simulator, 'redis', { REDIS_URL: proxy.url });
    await api.send(newPhone()).expect(503);
    proxy.recover();
    await untilReady();
    await api.send(newPhone()).expect(201);
  });

  it.each(['refuse', 'swallowAnswers'] as const)(
    'nothing is sent and nothing approved (%s), and all is well when it is back',
    async (outage) => {
      const phone = newPhone();
      const { id } = (await api.send(phone)).body;
      const asked = simulator.requests.length;
      proxy[outage]();

      const other = newPhone();
      const answers = [await api.check(id, codeFor(simulator, phone)), await api.send(other)];
      for (const { status, body, headers } of answers) {
        expect({ status, code: body.code }).toEqual({ status: 503, code: 'STORE_UNAVAILABLE' });
        expect(headers['retry-after']).toBe('1');
      }
      expect((await api.http().get('/livez')).status).toBe(200);
      expect((await api.http().get('/readyz')).status).toBe(503);
      expect(simulator.requests.length).toBe(asked);

      proxy.recover();
      await untilReady();
      await api.send(phone).expect(429);
      // A check that was answered 503 may have used its code; it never approves a second time.
      const again = await api.check(id, codeFor(simulator, phone));
      expect([200, 410]).toContain(again.status);
      expect(again.status).toBe(outage === 'refuse' ? 200 : 410);
    },
  );

  it('a unit that was taken while the answer was lost is given back when Redis is there again', async () => {
    const phone = newPhone();
    proxy.swallowAnswers();
    await api.send(phone).expect(503);
    proxy.recover();
    await untilReady();
    let status = 429;
    await until('the unit is given back', async () => {
      ({ status } = await api.send(phone));
      return status !== 429;
    });
    expect(status).toBe(201);
  });
});
