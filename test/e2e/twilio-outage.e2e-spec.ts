import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { codeFor, startApi, STORES, type RunningApi } from '../support/api.js';
import { newPhone } from '../support/stores.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

let simulator: TwilioSimulator;
/** The way to Twilio. */
let way: TcpProxy & { url: string };
let api: RunningApi;
beforeEach(async () => {
  simulator = await TwilioSimulator.start();
  way = await TcpProxy.start(simulator.url);
});
afterEach(async () => {
  await api.close();
  await way.close();
  await simulator.close();
});

const sends = (count: number, phones = Array.from({ length: count }, newPhone)) =>
  Promise.all(phones.map((phone) => api.send(phone)));

/** Tries of sends that did not get a connection. */
async function unreachable(): Promise<number> {
  const { text } = await api.http().get('/metrics');
  const count = /^twilio_request_duration_seconds_count\{answer="unreachable"\} (\d+)$/m.exec(text);
  return Number(count?.[1]);
}

describe.each(STORES)('While Twilio cannot be reached, with a %s store', (store) => {
  it('it is soon asked no more, nobody loses a unit, and sends work again by themselves', async () => {
    api = await startApi(simulator, store, {
      TWILIO_SMS_BASE_URL: new URL(way.url).origin,
      TWILIO_SMS_TIMEOUT_MS: '1000',
      SERVER_SMS_MAX_SEND_COUNT: '1',
    });
    await way.close();
    await sends(10);
    const [phones, tries] = [Array.from({ length: 40 }, newPhone), await unreachable()];
    for (const { status, body, headers } of await sends(40, phones)) {
      expect({ status, code: body.code, id: body.id }).toEqual({
        status: 503,
        code: 'SMS_CONNECTION_FAILED',
        id: undefined,
      });
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }
    expect((await unreachable()) - tries).toBeLessThan(5); // those that look whether it is there again

    await way.startAgain();
    let answer = await api.send(phones[0]);
    await until('it is asked again', async () => {
      answer = await api.send(phones[0]);
      return answer.status !== 503;
    });
    expect(answer.status).toBe(201);
    await api.check(answer.body.id, codeFor(simulator, phones[0])).expect(200);
    for (const { status } of await sends(39, phones.slice(1))) expect(status).toBe(201);
  });
});

describe('While Twilio says no', () => {
  it('it is asked about every number', async () => {
    api = await startApi(simulator, 'embedded');
    const asked = simulator.requests.length;
    simulator.faults.always({ kind: 'status', status: 400, code: 21211 });
    for (const { body } of await sends(30)) expect(body.reason).toBe('invalid_number');
    expect(simulator.requests.length - asked).toBe(30);
  });
});

describe.each(STORES)('While Twilio is slow, with a %s store', (store) => {
  it('sends that are too many are refused, and their phones keep their allowance', async () => {
    api = await startApi(simulator, store, {
      TWILIO_SMS_MAX_CONCURRENCY: '5',
      SERVER_SMS_MAX_SEND_COUNT: '1',
    });
    const phones = Array.from({ length: 60 }, newPhone);
    simulator.faults.always({ kind: 'delay', ms: 800 });
    const answers = await sends(60, phones);
    const sent = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ body }) => body.code === 'SERVER_BUSY');
    expect(sent.length).toBeGreaterThanOrEqual(5);
    expect(refused.length).toBeGreaterThanOrEqual(1);
    expect(sent.length + refused.length).toBe(60);
    for (const { status, headers } of refused) expect([status, headers['retry-after']]).toEqual([503, '1']);
    expect(simulator.inbox.list()).toHaveLength(sent.length);

    simulator.faults.clear();
    const shed = phones.filter((_, index) => answers[index].status !== 201);
    for (const phone of shed) expect((await api.send(phone)).status).toBe(201);
  });
});
