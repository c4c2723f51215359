import { randomBytes, randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type request from 'supertest';
import { TwilioSimulator, type Fault } from '@app/twilio-simulator';
import { apiEnvironment, codeFor, startApi, STORES, wrongCode, type RunningApi } from '../support/api.js';
import { ApiProcess } from '../support/process.js';
import { parseMetrics } from '../support/prometheus.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { newPhone, redisUrl, temporaryFolder } from '../support/stores.js';

let simulator: TwilioSimulator;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());

let api: RunningApi;
async function stop(): Promise<void> {
  simulator.faults.clear();
  await api.close();
}

/** Callers name themselves, as a proxy would name them. */
const START = { SERVER_TRUST_PROXY: '1', TWILIO_SMS_TIMEOUT_MS: '2000', TWILIO_SMS_MAX_ATTEMPTS: '2' };

/** An address that no other test uses. */
function newSource(): string {
  const groups = randomBytes(6).toString('hex').match(/.{4}/g)!;
  return `2001:${groups.join(':')}::1`;
}

async function scrape(): Promise<string> {
  return (await api.http().get('/metrics').expect(200)).text;
}

/** How often each thing happened; without the operations of the store, some of which come by a timer. */
async function counts(): Promise<Map<string, number>> {
  const counted = new Map<string, number>();
  for (const { name, type, samples } of parseMetrics(await scrape()).values()) {
    if (/^(process|nodejs|store_operation)_/.test(name)) continue;
    for (const sample of samples) {
      const counts = type === 'counter' || sample.name.endsWith('_count');
      if (counts && sample.labels.route !== '/metrics') counted.set(sample.series, sample.value);
    }
  }
  return counted;
}

/** What a call changed, by its series. */
async function changesOf(call: () => PromiseLike<unknown>): Promise<Record<string, number>> {
  const before = await counts();
  await call();
  const after = await counts();
  const changes = [...after].map(([series, count]) => [series, count - (before.get(series) ?? 0)] as const);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0));
}

const http = (route: string, status: number, method = 'POST'): string =>
  `http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`;
/** What is counted of each message that Twilio took, or may have taken. All test phones are Chinese. */
const BILLED = { 'sms_sends_by_country_total{country="CN"}': 1, sms_segments_total: 1 };
const twilio = (answer: string): string => `twilio_request_duration_seconds_count{answer="${answer}"}`;
const SENDS = '/v1/verifications';
const CHECKS = '/v1/verifications/:id/check';
const ID_OF_NOBODY = 'A'.repeat(44);

describe.each(STORES)('GET /metrics, with the %s store', (store) => {
  afterEach(stop);

  const start = async (overrides: Record<string, string> = {}): Promise<void> => {
    api = await startApi(simulator, store, { ...START, ...overrides });
  };
  const send = (phone: string, source = newSource()): request.Test =>
    api.send(phone).set('x-forwarded-for', source);
  const check = (id: string, code: string, source = newSource()): request.Test =>
    api.check(id, code).set('x-forwarded-for', source);

  it('counts what was sent, and what a limit refused', async () => {
    await start({ SERVER_SMS_MAX_SENDS_PER_SOURCE: '2', SERVER_SMS_MAX_SEND_COUNT: '1' });
    const source = newSource();
    const phone = newPhone();
    expect(await changesOf(() => send(phone, source).expect(201))).toEqual({
      'sms_sends_total{outcome="sent"}': 1,
      ...BILLED,
      [twilio('2xx')]: 1,
      [http(SENDS, 201)]: 1,
    });
    expect(await changesOf(() => send(phone).expect(429))).toEqual({
      'sms_sends_total{outcome="refused"}': 1,
      'sms_refusals_total{code="TODAY_SMS_LIMIT_REACHED",limit="phone"}': 1,
      [http(SENDS, 429)]: 1,
    });
    await send(newPhone(), source).expect(201);
    expect(await changesOf(() => send(newPhone(), source).expect(429))).toEqual({
      'sms_sends_total{outcome="refused"}': 1,
      'sms_refusals_total{code="SMS_SEND_TOO_FREQUENTLY",limit="source"}': 1,
      [http(SENDS, 429)]: 1,
    });
    expect(await changesOf(() => send('nonsense').expect(400))).toEqual({
      'sms_sends_total{outcome="refused"}': 1,
      'sms_refusals_total{code="PHONE_FORMAT_ERROR",limit="none"}': 1,
      [http(SENDS, 400)]: 1,
    });
  });

  it('counts what the cooldown and the cap of all refused', async () => {
    await start();
    const phone = newPhone();
    await send(phone).expect(201);
    expect(await changesOf(() => send(phone).expect(429))).toEqual({
      'sms_sends_total{outcome="refused"}': 1,
      'sms_refusals_total{code="SMS_SEND_TOO_FREQUENTLY",limit="phone"}': 1,
      [http(SENDS, 429)]: 1,
    });
    await api.close();
    await start({ SERVER_SMS_MAX_SENDS_TOTAL: '0' });
    expect(await changesOf(() => send(newPhone()).expect(429))).toEqual({
      'sms_sends_total{outcome="refused"}': 1,
      'sms_refusals_total{code="TODAY_SMS_LIMIT_REACHED",limit="total"}': 1,
      [http(SENDS, 429)]: 1,
    });
  });

  it('counts checks by their result', async () => {
    await start();
    const phone = newPhone();
    const { id } = (await send(phone)).body as { id: string };
    const right = codeFor(simulator, phone);
    const checked = (result: string, status: number): Record<string, number> => ({
      [`verification_checks_total{result="${result}"}`]: 1,
      [http(CHECKS, status)]: 1,
    });
    expect(await changesOf(() => check(id, wrongCode(right)))).toEqual(checked('wrong_code', 422));
    expect(await changesOf(() => check(id, right))).toEqual({
      ...checked('approved', 200),
      'verifications_approved_by_country_total{country="CN"}': 1,
    });
    expect(await changesOf(() => check(id, right))).toEqual(checked('used', 410));
    expect(await changesOf(() => check(ID_OF_NOBODY, right))).toEqual(checked('not_found', 404));
  });

  it.each<[string, Fault, number, changes: Record<string, number>]>([
    [
      'is busy (429)',
      { kind: 'status', status: 429, headers: { 'retry-after': '30' } },
      502,
      {
        'sms_sends_total{outcome="failed"}': 1,
        [twilio('4xx')]: 1,
        'twilio_failures_total{reason="rate_limited"}': 1,
      },
    ],
    [
      'refuses the number',
      { kind: 'status', status: 400, code: 21610 },
      422,
      {
        'sms_sends_total{outcome="failed"}': 1,
        [twilio('4xx')]: 1,
        'twilio_failures_total{reason="opted_out"}': 1,
      },
    ],
    [
      'fails inside (500), twice',
      { kind: 'status', status: 500, accepted: true },
      502,
      {
        'sms_sends_total{outcome="unconfirmed"}': 1,
        ...BILLED,
        [twilio('5xx')]: 2,
        'twilio_failures_total{reason="provider_error"}': 2,
        twilio_retries_total: 1,
      },
    ],
    [
      'breaks the connection',
      { kind: 'reset', accepted: true },
      503,
      { 'sms_sends_total{outcome="unconfirmed"}': 1, ...BILLED, [twilio('no_answer')]: 1 },
    ],
  ])('counts what happens when Twilio %s', async (_, fault, status, changes) => {
    await start();
    simulator.faults.always(fault);
    expect(await changesOf(() => send(newPhone()).expect(status))).toEqual({
      ...changes,
      [http(SENDS, status)]: 1,
    });
  });

  it('shows how many sends are under way and wait, and whether the circuit breaker is open', async () => {
    await start({ TWILIO_SMS_MAX_CONCURRENCY: '10', TWILIO_SMS_MAX_ATTEMPTS: '1' });
    const gauges = async (): Promise<number[]> => {
      const metrics = parseMetrics(await scrape());
      const names = ['sms_sends_under_way', 'sms_sends_waiting', 'twilio_breaker_open'];
      return names.map((name) => metrics.get(name)!.samples[0].value);
    };
    expect(await gauges()).toEqual([0, 0, 0]);
    simulator.faults.next({ kind: 'delay', ms: 300 }, 12);
    const statuses = async (sends: number): Promise<Set<number>> =>
      new Set(await Promise.all(Array.from({ length: sends }, async () => (await send(newPhone())).status)));
    const sending = statuses(12);
    await until('the gauges show them', async () => (await gauges()).join() === '10,2,0');
    expect(await sending).toEqual(new Set([201]));
    simulator.faults.always({ kind: 'status', status: 503 });
    expect(await statuses(25)).toEqual(new Set([502, 503]));
    expect(await gauges()).toEqual([0, 0, 1]);
  });

  it('times every operation of the store', async () => {
    await start();
    const operations = async (): Promise<number> => {
      const { samples } = parseMetrics(await scrape()).get('store_operation_duration_seconds')!;
      expect(new Set(samples.map(({ labels }) => labels.store))).toEqual(new Set([store]));
      return samples.find(({ name }) => name.endsWith('_count'))!.value;
    };
    const before = await operations();
    await send(newPhone()).expect(201);
    expect(await operations()).toBeGreaterThanOrEqual(before + 4); // two steps before Twilio, two after
  });

  it('has as many series as before, whatever callers send, and none tells who they are', async () => {
    await start();
    const methods = ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'PROPFIND', 'PURGE', 'REPORT', 'MKCOL'];
    const url = await api.app.getUrl();
    const secrets: string[] = [];
    const callsOfAll = async (): Promise<void> => {
      for (let caller = 0; caller < 10; caller += 1) {
        const phone = newPhone();
        const source = newSource();
        const { id } = (await send(phone, source).expect(201)).body as { id: string };
        const code = codeFor(simulator, phone);
        await send(phone, source).expect(429);
        await check(id, wrongCode(code), source).expect(422);
        await check(id, code, source).expect(200);
        await api.http().get(`/v1/verifications/${id}`).expect(200);
        const path = `canary-${randomInt(1_000_000)}`;
        await api
          .http()
          .get(`/${path}?phone=${phone.slice(1)}`)
          .expect(404);
        await api.http().get(`/v1/verifications/${path}`).expect(404);
        for (const method of methods) await fetch(`${url}/${path}`, { method });
        secrets.push(phone, phone.slice(1), code, id, source, path);
      }
    };
    const series = async (): Promise<string[]> =>
      [...parseMetrics(await scrape()).values()]
        .filter(({ name }) => !/^(process|nodejs)_/.test(name))
        .flatMap(({ samples }) => samples.map(({ series }) => series));

    await callsOfAll();
    await scrape(); // the first one is seen by the second
    const before = await series();
    await callsOfAll();
    for (let round = 0; round < 30; round += 1) {
      const phones = Array.from({ length: 10 }, newPhone);
      await Promise.all(phones.map((phone) => send(phone).expect(201)));
    }
    expect(await series()).toEqual(before);
    // The values are left out: any of them may happen to contain the digits of a code.
    const names = before.join('\n') + (await scrape()).replace(/ \S+$/gm, '');
    for (const secret of [...secrets, 'PROPFIND', 'canary']) expect(names).not.toContain(secret);
  });

  it('is in the text format of Prometheus, needs no API key, and may not be stored', async () => {
    await start({ SERVER_API_KEY: 'the-key-of-a-back-end-0123456789' });
    const answer = await api.http().get('/metrics').expect(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    expect([...parseMetrics(answer.text).keys()]).toEqual(
      expect.arrayContaining([
        'sms_sends_total',
        'nodejs_eventloop_lag_seconds',
        'process_cpu_seconds_total',
      ]),
    );
    await api.http().post('/metrics').expect(405);
  });
});

describe('GET /metrics, without Redis', () => {
  afterEach(stop);

  it.each([
    ['is gone', 'refuse', 'unreachable'],
    ['does not answer', 'swallowAnswers', 'timeout'],
  ] as const)('counts what fails while Redis %s', async (_, outage, fault) => {
    const proxy = await TcpProxy.start(redisUrl());
    api = await startApi(simulator, 'redis', { ...START, REDIS_URL: proxy.url });
    try {
      const phone = newPhone();
      const source = newSource();
      const { id } = (await api.send(phone).set('x-forwarded-for', source)).body as { id: string };
      proxy[outage]();
      const errors = `store_errors_total{store="redis",fault="${fault}"}`;
      // More than one operation fails, and how many in the background depends on the time.
      const some = expect.any(Number);
      const sends = [() => api.send(newPhone()), () => api.send(newPhone()).set('idempotency-key', source)];
      for (const send of sends) {
        expect(await changesOf(() => send().expect(503))).toEqual({
          'sms_sends_total{outcome="store_unavailable"}': 1,
          [errors]: some,
          [http(SENDS, 503)]: 1,
        });
      }
      expect(await changesOf(() => api.check(id, codeFor(simulator, phone)).expect(503))).toEqual({
        'verification_checks_total{result="store_unavailable"}': 1,
        [errors]: some,
        [http(CHECKS, 503)]: 1,
      });
    } finally {
      await proxy.close();
    }
  });
});

describe('A log of level info', () => {
  it('has no line for each time that the metrics are asked for', async () => {
    const folder = await temporaryFolder();
    const environment = await apiEnvironment(simulator, 'embedded', { LOG_LEVEL: 'info', DATA_PATH: folder });
    const server = await ApiProcess.start(environment, folder);
    try {
      await fetch(`${server.url}/metrics`);
      await fetch(`${server.url}/v1/config`);
    } finally {
      await server.stop();
      await rm(folder, { recursive: true });
    }
    expect(server.output()).toContain('"route":"/v1/config"');
    expect(server.output()).not.toContain('/metrics');
  });
});
