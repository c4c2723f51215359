import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import type { Response } from 'supertest';
import { apiEnvironment, codeFor, startApi, STORES, type RunningApi } from '../support/api.js';
import { ApiProcess } from '../support/process.js';
import { newPhone, temporaryFolder } from '../support/stores.js';
import { until } from '../support/until.js';

const KEYS = ['the-first-key-of-a-back-end-01234', 'the-other-key-of-a-back-end-01234'];

let simulator: TwilioSimulator;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());

const messagesTo = (phone: string): number => simulator.inbox.list().filter(({ to }) => to === phone).length;
const code = ({ body }: Response): string => body.code as string;

describe.each(STORES)('A send with an Idempotency-Key, on the %s store', (store) => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi(simulator, store);
    await api.send(newPhone()).set('idempotency-key', randomUUID()); // the first one also loads the scripts
  });
  afterAll(() => api.close());

  const send = (key: string, phone: string, body: object = {}) =>
    api.send(phone, body).set('idempotency-key', key);

  it('sends one message for 50 requests at once, and answers all of them the same or that it is running', async () => {
    const [key, phone] = [randomUUID(), newPhone()];
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(key, phone)));
    const repeated = answers.filter(({ status }) => status === 201);
    const running = answers.filter(({ status }) => status === 409);
    expect(repeated.length + running.length).toBe(50);
    expect(new Set(running.map(code))).toEqual(new Set(running.length > 0 ? ['IDEMPOTENCY_KEY_IN_USE'] : []));
    expect(new Set(repeated.map(({ text }) => text)).size).toBe(1);
    expect(messagesTo(phone)).toBe(1);
    expect((await send(key, phone).expect(201)).text).toBe(repeated[0].text);
    expect(messagesTo(phone)).toBe(1);
    await api.check(repeated[0].body.id as string, codeFor(simulator, phone)).expect(200);
    expect((await send(key, phone).expect(201)).text).toBe(repeated[0].text);
  });

  it('is the same send in every spelling of the number, and with the default purpose named', async () => {
    const key = randomUUID();
    const phone = newPhone();
    const first = await send(key, phone).expect(201);
    const spelled = `${phone.slice(0, 3)} ${phone.slice(3, 6)}-${phone.slice(6)}`;
    expect((await send(key, spelled, { purpose: 'register' }).expect(201)).body).toEqual(first.body);
    expect(messagesTo(phone)).toBe(1);
  });

  it('is refused for another phone or purpose', async () => {
    const [key, phone] = [randomUUID(), newPhone()];
    await send(key, phone).expect(201);
    const other = newPhone();
    expect(code(await send(key, other).expect(422))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(code(await send(key, phone, { purpose: 'login' }).expect(422))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(messagesTo(other)).toBe(0);
    await send(randomUUID(), other).expect(201); // nothing of its allowance was used
  });

  it('can be tried again with the same key when a limit, a wrong body or Twilio refused it', async () => {
    const [key, phone] = [randomUUID(), newPhone()];
    await send(key, 'nonsense').expect(400);
    await send(key, phone, { purpose: 'spam' }).expect(400);
    simulator.faults.next({ kind: 'status', status: 400, code: 21610 });
    await send(key, phone).expect(422);
    const first = await send(key, phone).expect(201);
    const next = randomUUID();
    for (let again = 0; again < 3; again += 1)
      expect(code(await send(next, phone).expect(429))).toBe('SMS_SEND_TOO_FREQUENTLY');
    expect((await send(key, phone).expect(201)).body).toEqual(first.body);
    expect(messagesTo(phone)).toBe(1);
  });

  it.each<[string, () => void, number, string]>([
    [
      'Twilio did not answer',
      () => simulator.faults.next({ kind: 'hang', accepted: true }),
      503,
      'SMS_CONNECTION_FAILED',
    ],
    [
      'Twilio had an error',
      () => simulator.faults.next({ kind: 'messageStatus', status: 'failed' }),
      502,
      'SMS_SEND_FAILED',
    ],
  ])('repeats the failure when %s, and its code can be checked', async (_, fail, status, failure) => {
    const impatient = await startApi(simulator, store, { TWILIO_SMS_TIMEOUT_MS: '1000' });
    try {
      const [key, phone] = [randomUUID(), newPhone()];
      const ask = () => impatient.send(phone).set('idempotency-key', key).expect(status);
      fail();
      const first = await ask();
      expect(code(first)).toBe(failure);
      const again = await ask();
      expect({ ...again.body, requestId: '' }).toEqual({ ...first.body, requestId: '' });
      expect(again.headers['retry-after']).toBe(first.headers['retry-after']);
      expect(messagesTo(phone)).toBe(1);
      await impatient.check(again.body.id as string, codeFor(simulator, phone)).expect(200);
    } finally {
      await impatient.close();
    }
  });

  it.each(['', 'x'.repeat(256), 'clé', 'a\tb'])('must be a key that can be kept (%j)', async (key) => {
    const request = api.send(newPhone());
    const answer = await request.set('idempotency-key', Buffer.from(key).toString('latin1')).expect(400);
    expect(answer.body).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(answer.body.detail).toContain('Idempotency-Key');
  });

  it('belongs to its caller: to each API key, and without one to each address', async () => {
    const guarded = await startApi(simulator, store, { SERVER_API_KEY: KEYS.join(',') });
    const proxied = await startApi(simulator, store, { SERVER_TRUST_PROXY: '1' });
    try {
      for (const [of, callers] of [
        [guarded, KEYS.map((key) => ({ authorization: `Bearer ${key}` }))],
        [proxied, ['203.0.113.1', '203.0.113.2'].map((address) => ({ 'x-forwarded-for': address }))],
      ] as const) {
        const key = randomUUID();
        const [phone, other] = [newPhone(), newPhone()];
        const first = await of
          .send(phone)
          .set({ ...callers[0], 'idempotency-key': key })
          .expect(201);
        const stranger = await of
          .send(other)
          .set({ ...callers[1], 'idempotency-key': key })
          .expect(201);
        expect(stranger.body.id).not.toBe(first.body.id);
        const repeated = await of
          .send(phone)
          .set({ ...callers[0], 'idempotency-key': key })
          .expect(201);
        expect(repeated.body).toEqual(first.body);
        await of
          .send(phone)
          .set({ ...callers[1], 'idempotency-key': randomUUID() })
          .expect(429);
      }
    } finally {
      await guarded.close();
      await proxied.close();
    }
  });
});

describe.each(STORES)(
  'A process that dies while it sends with an Idempotency-Key, on the %s store',
  (store) => {
    it('leaves a key that is in use, then repeats that the code may arrive, and never sends again', async () => {
      const folder = await temporaryFolder();
      const environment = await apiEnvironment(simulator, store, {
        TWILIO_SMS_TIMEOUT_MS: '2000',
        LOG_LEVEL: 'info',
      });
      const [key, phone] = [randomUUID(), newPhone()];
      const headers = { 'idempotency-key': key };
      const [dying, api] = await ApiProcess.startAll(2, environment, folder);
      try {
        simulator.faults.next({ kind: 'hang', accepted: true });
        const sending = dying.send(phone, {}, headers).catch(() => undefined);
        await until('the message is there', () => messagesTo(phone) > 0);
        await dying.stop('SIGKILL');
        await sending;

        let answer = await api.send(phone, {}, headers);
        expect(answer).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_IN_USE' } });
        await until('the key is free', async () => {
          answer = await api.send(phone, {}, headers);
          return answer.status !== 409;
        });
        expect(answer).toMatchObject({ status: 503, body: { code: 'SMS_CONNECTION_FAILED' } });
        expect(await api.send(phone, {}, headers)).toMatchObject({
          status: 503,
          body: { id: answer.body.id },
        });
        expect(messagesTo(phone)).toBe(1);
        expect(await api.check(String(answer.body.id), codeFor(simulator, phone))).toMatchObject({
          status: 200,
        });
      } finally {
        await Promise.all([dying.stop(), api.stop()]);
        await rm(folder, { recursive: true });
        if (environment.DATA_PATH) await rm(environment.DATA_PATH, { recursive: true });
      }
    });
  },
);
