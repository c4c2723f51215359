import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { Redis } from 'ioredis';
import type { Response } from 'supertest';
import { codeFor, startApi, STORES, wrongCode, type RunningApi, type StoreKind } from '../support/api.js';
import { newPhone, redisUrl } from '../support/stores.js';

const API_KEY = 'the-key-of-a-back-end-0123456789';
const ALLOWED = 3;

let simulator: TwilioSimulator;
let api: RunningApi;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());
afterEach(() => api.close());

/** All tests of a run come from one address, so these have a database of Redis to themselves, emptied each time. */
async function start(store: StoreKind, parameters: Record<string, string>): Promise<void> {
  const database = new URL('/1', redisUrl()).toString();
  const redis = new Redis(database);
  await redis.flushdb();
  await redis.quit();
  api = await startApi(simulator, store, {
    SERVER_SMS_MAX_SENDS_PER_SOURCE: '60',
    ...(store === 'redis' && { REDIS_URL: database }),
    ...parameters,
  });
}

const send = (headers: Record<string, string> = {}, phone = newPhone()) => api.send(phone).set(headers);

async function sendAll(count: number, headers: (index: number) => Record<string, string>): Promise<number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < count; index += 1) statuses.push((await send(headers(index))).status);
  return statuses;
}

const TRIPPED = [201, 201, 201, 429, 429];

describe.each(STORES)('Sends per source, on the %s store', (store) => {
  const limit = { SERVER_SMS_MAX_SENDS_PER_SOURCE: String(ALLOWED) };

  it('are refused beyond the allowance, for another hour at most, and nothing is asked of Twilio', async () => {
    await start(store, limit);
    await sendAll(ALLOWED, () => ({}));
    const asked = simulator.requests.length;
    const refused = await send();
    expect(refused.status).toBe(429);
    expect(refused.body.code).toBe('SMS_SEND_TOO_FREQUENTLY');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_500);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(3_660);
    expect(simulator.requests.length).toBe(asked);
  });

  it('are exactly the allowance, however many ask at once', async () => {
    await start(store, limit);
    const statuses = await Promise.all(Array.from({ length: 30 }, async () => (await send()).status));
    expect(statuses.filter((status) => status === 201)).toHaveLength(ALLOWED);
    expect(statuses.filter((status) => status === 429)).toHaveLength(30 - ALLOWED);
  });

  it('use nothing of the phone when they are refused', async () => {
    await start(store, { ...limit, SERVER_API_KEY: API_KEY });
    const authorization = `Bearer ${API_KEY}`;
    const from = (address: string) => ({ authorization, 'x-client-address': address });
    await sendAll(ALLOWED, () => from('203.0.113.1'));
    const phone = newPhone();
    await send(from('203.0.113.1'), phone).expect(429);
    await send(from('203.0.113.2'), phone).expect(201);
  });

  it('use nothing of the source when the phone refuses them', async () => {
    await start(store, limit);
    const phone = newPhone();
    await send({}, phone).expect(201);
    for (let again = 0; again < 5; again += 1) await send({}, phone).expect(429);
    expect(await sendAll(3, () => ({}))).toEqual([201, 201, 429]);
  });

  it('count what Twilio refused, so that nobody tries numbers, and not what never reached it', async () => {
    await start(store, limit);
    simulator.faults.next({ kind: 'status', status: 400, code: 21211 });
    await send().expect(422);
    expect(await sendAll(3, () => ({}))).toEqual([201, 201, 429]);
    await api.close();

    await start(store, {
      ...limit,
      TWILIO_SMS_BASE_URL: 'http://127.0.0.1:9',
      TWILIO_SMS_TIMEOUT_MS: '1000',
    });
    const statuses = await sendAll(ALLOWED + 2, () => ({}));
    expect(statuses).toEqual(Array(ALLOWED + 2).fill(503));
  });

  it.each<[string, (index: number) => string]>([
    ['x-forwarded-for', (index) => `198.51.100.${index}`],
    ['x-real-ip', (index) => `198.51.100.${index}`],
    ['forwarded', (index) => `for=198.51.100.${index}`],
    ['cf-connecting-ip', (index) => `198.51.100.${index}`],
    ['true-client-ip', (index) => `198.51.100.${index}`],
    ['x-client-ip', (index) => `198.51.100.${index}`],
    ['x-client-address', (index) => `198.51.100.${index}`],
  ])('trip at the same count whatever %s says', async (header, value) => {
    await start(store, limit);
    expect(await sendAll(5, (index) => ({ [header]: value(index) }))).toEqual(TRIPPED);
  });
});

describe('With server.trust_proxy=1', () => {
  const parameters = { SERVER_SMS_MAX_SENDS_PER_SOURCE: String(ALLOWED), SERVER_TRUST_PROXY: '1' };

  it('the source is the right-most address, whatever the caller wrote left of it', async () => {
    await start('embedded', parameters);
    const headers = (index: number) => ({ 'x-forwarded-for': `198.51.100.${index}, 203.0.113.9` });
    expect(await sendAll(5, headers)).toEqual(TRIPPED);
    await send({ 'x-forwarded-for': '203.0.113.9, 203.0.113.10' }).expect(201);
  });

  it('callers that come through one connection of the proxy have an allowance each', async () => {
    await start('embedded', parameters);
    const proxy = new Agent({ keepAlive: true, maxSockets: 1 });
    const connections = new Set<string>();
    proxy.on('free', (socket: Socket) => connections.add(String(socket.localPort)));
    const statuses = async (client: string): Promise<number[]> => {
      const answers: number[] = [];
      for (let index = 0; index < 5; index += 1) {
        answers.push((await send({ 'x-forwarded-for': client }).agent(proxy)).status);
      }
      return answers;
    };
    expect(await statuses('203.0.113.9')).toEqual(TRIPPED);
    expect(await statuses('203.0.113.10')).toEqual(TRIPPED);
    expect(connections.size).toBe(1);
    proxy.destroy();
  });

  it('addresses of one /64, and both spellings of an IPv4 address, share one allowance', async () => {
    await start('embedded', parameters);
    expect(await sendAll(5, (index) => ({ 'x-forwarded-for': `2001:db8:1:2::${index + 1}` }))).toEqual(
      TRIPPED,
    );
    await send({ 'x-forwarded-for': '2001:db8:1:3::1' }).expect(201);
    const spellings = [
      '203.0.113.7',
      '::ffff:203.0.113.7',
      '203.0.113.7:443',
      '::FFFF:cb00:7107',
      '203.0.113.7',
    ];
    expect(await sendAll(5, (index) => ({ 'x-forwarded-for': spellings[index] }))).toEqual(TRIPPED);
  });

  it('what is no address counts as the proxy', async () => {
    await start('embedded', parameters);
    const garbage = ['unknown', '_hidden', '', '1.2.3', 'for=1.2.3.4'];
    expect(await sendAll(5, (index) => ({ 'x-forwarded-for': garbage[index] }))).toEqual(TRIPPED);
  });
});

describe('A back end with an API key', () => {
  const parameters = { SERVER_SMS_MAX_SENDS_PER_SOURCE: String(ALLOWED), SERVER_API_KEY: API_KEY };
  const authorization = `Bearer ${API_KEY}`;

  it('names its client, and each client has its own allowance', async () => {
    await start('embedded', parameters);
    const named = (address: string) => () => ({ authorization, 'x-client-address': address });
    expect(await sendAll(5, named('203.0.113.1'))).toEqual(TRIPPED);
    expect(await sendAll(5, named('203.0.113.2'))).toEqual(TRIPPED);
  });

  it('that names no client is not limited by source', async () => {
    await start('embedded', parameters);
    expect(await sendAll(5, () => ({ authorization }))).toEqual([201, 201, 201, 201, 201]);
  });

  it('that names something else is told what to send, and nothing is sent', async () => {
    await start('embedded', parameters);
    const asked = simulator.requests.length;
    const answer = await send({ authorization, 'x-client-address': 'canary' }).expect(400);
    expect(answer.body.code).toBe('VALIDATION_FAILED');
    expect(answer.body.detail).toContain('X-Client-Address');
    expect(answer.text).not.toContain('canary');
    expect(simulator.requests.length).toBe(asked);
  });
});

describe.each(STORES)('Wrong guesses per source, on the %s store', (store) => {
  async function sent(): Promise<{ id: string; right: string }> {
    const phone = newPhone();
    const { id } = (await api.send(phone).expect(201)).body;
    return { id, right: codeFor(simulator, phone) };
  }

  it('beyond the budget refuse the right code too, for every phone', async () => {
    await start(store, { SERVER_SMS_MAX_FAILED_CHECKS_PER_SOURCE: '4' });
    const [one, other] = [await sent(), await sent()];
    const guess = ({ id, right }: { id: string; right: string }) => api.check(id, wrongCode(right));
    for (const guessed of [one, one, other, other]) await guess(guessed).expect(422);
    const refusals: Response[] = [await guess(one), await api.check(other.id, other.right)];
    for (const { status, body, headers } of refusals) {
      expect({ status, code: body.code }).toEqual({ status: 429, code: 'SMS_CHECK_TOO_FREQUENTLY' });
      expect(Number(headers['retry-after'])).toBeGreaterThan(3_500);
    }
    await api.check('A'.repeat(44), '123456').expect(404);
  });

  it('are no more than the budget, however many are made at once', async () => {
    await start(store, { SERVER_SMS_MAX_FAILED_CHECKS_PER_SOURCE: '4' });
    const codes = await Promise.all(Array.from({ length: 10 }, sent));
    const answers = await Promise.all(
      codes.flatMap(({ id, right }) => [0, 1, 2].map(() => api.check(id, wrongCode(right)))),
    );
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(4);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(26);
  });

  it('are not counted for codes that have ended, nor for right ones', async () => {
    await start(store, { SERVER_SMS_MAX_FAILED_CHECKS_PER_SOURCE: '1' });
    const one = await sent();
    await api.check(one.id, one.right).expect(200);
    for (let again = 0; again < 5; again += 1) await api.check(one.id, wrongCode(one.right)).expect(410);
    const other = await sent();
    await api.check(other.id, wrongCode(other.right)).expect(422);
    await api.check(other.id, other.right).expect(429);
  });
});

describe.each(STORES)('All sends in total, on the %s store', (store) => {
  it('are capped, and what Twilio refused is given back', async () => {
    await start(store, { SERVER_SMS_MAX_SENDS_TOTAL: '3' });
    simulator.faults.next({ kind: 'status', status: 400, code: 21211 });
    await send().expect(422);
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await send()).status));
    expect(statuses.filter((status) => status === 201)).toHaveLength(3);
    const refused = await send().expect(429);
    expect(refused.body.code).toBe('TODAY_SMS_LIMIT_REACHED');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(86_000);
  });

  it('of 0 are none, and the refusal names a day', async () => {
    await start(store, { SERVER_SMS_MAX_SENDS_TOTAL: '0' });
    const refused = await send().expect(429);
    expect(refused.body).toMatchObject({ code: 'TODAY_SMS_LIMIT_REACHED', retryAfterSeconds: 86_400 });
  });
});
