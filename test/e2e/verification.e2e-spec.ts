import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { codeFor, startApi, STORES, wrongCode, type RunningApi } from '../support/api.js';
import { newPhone } from '../support/stores.js';

let simulator: TwilioSimulator;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());

describe.each(STORES)('Verifying a phone, with limits in the %s store', (store) => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi(simulator, store);
  });
  afterAll(() => api.close());

  const masked = (phone: string): string => `${phone.slice(0, 5)}*******${phone.slice(-2)}`;

  it('sends a code and approves it', async () => {
    const phone = newPhone();
    const sent = await api.send(phone).expect(201);
    expect(sent.body).toEqual({
      id: expect.stringMatching(/^[\w-]{44}$/),
      phone: masked(phone),
      purpose: 'register',
      status: 'pending',
      codeLength: 6,
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      resendAfterSeconds: 60,
    });
    const life = Date.parse(sent.body.expiresAt) - Date.now();
    expect(life).toBeGreaterThan(590_000);
    expect(life).toBeLessThanOrEqual(600_000);
    const message = simulator.inbox.latest(phone);
    expect(message).toMatchObject({ to: phone, body: `Your verification code is: ${message?.code}` });

    const checked = await api.check(sent.body.id, codeFor(simulator, phone)).expect(200);
    expect(checked.body).toEqual({ id: sent.body.id, status: 'approved', token: expect.any(String) });
  });

  it('accepts a code once, and tells its owner that it was used', async () => {
    const phone = newPhone();
    const { id } = (await api.send(phone)).body;
    await api.check(id, codeFor(simulator, phone)).expect(200);
    const again = await api.check(id, codeFor(simulator, phone)).expect(410);
    expect(again.headers['content-type']).toContain('application/problem+json');
    expect(again.body).toMatchObject({ code: 'SMS_CODE_EXPIRED', reason: 'used', status: 410 });
  });

  it('counts wrong codes down, and then accepts none', async () => {
    const phone = newPhone();
    const { id } = (await api.send(phone)).body;
    const wrong = wrongCode(codeFor(simulator, phone));
    for (const attemptsLeft of [4, 3, 2, 1, 0]) {
      const answer = await api.check(id, wrong).expect(422);
      expect(answer.body).toMatchObject({ code: 'SMS_CODE_ERROR', attemptsLeft });
    }
    const right = await api.check(id, codeFor(simulator, phone)).expect(410);
    expect(right.body).toMatchObject({ code: 'SMS_CODE_EXPIRED', reason: 'attempts_exhausted' });
  });

  it('refuses a second code inside the cooldown, sends nothing, and the first code still works', async () => {
    const phone = newPhone();
    const { id } = (await api.send(phone)).body;
    const before = simulator.requests.length;
    const refused = await api.send(phone, { purpose: 'login' }).expect(429);
    expect(refused.body).toMatchObject({ code: 'SMS_SEND_TOO_FREQUENTLY', retryAfterSeconds: 60 });
    expect(refused.headers['retry-after']).toBe('60');
    expect(simulator.requests.length).toBe(before);
    await api.check(id, codeFor(simulator, phone)).expect(200);
  });

  it('takes every spelling of a number for the same number', async () => {
    const phone = newPhone();
    const digits = phone.slice(3);
    const spelled = `+86 (${digits.slice(0, 3)}) ${digits.slice(3, 7)}-${digits.slice(7)}`;
    await api.send(spelled).expect(201);
    expect(simulator.inbox.latest(phone)?.to).toBe(phone);
    await api.send(phone).expect(429);
    await api.send(`+86.${digits}`).expect(429);
  });

  it('shows what became of a verification, without code or number', async () => {
    const phone = newPhone();
    const { id, expiresAt } = (await api.send(phone, { purpose: 'login' })).body;
    const path = `/v1/verifications/${id}`;
    expect((await api.http().get(path).expect(200)).body).toEqual({
      id,
      phone: masked(phone),
      purpose: 'login',
      status: 'pending',
      delivery: 'queued',
      deliveryReason: 'The SMS provider accepted the message.',
      expiresAt,
    });
    await api.check(id, codeFor(simulator, phone));
    expect((await api.http().get(path)).body).toMatchObject({ status: 'approved' });
  });

  it.each(['A'.repeat(44), 'A'.repeat(4_000), 'short', 'ä'.repeat(44), '__proto__'])(
    'knows no verification %s',
    async (id) => {
      const path = `/v1/verifications/${encodeURIComponent(id)}`;
      const answers = [
        await api.http().get(path),
        await api.http().post(`${path}/check`).send({ code: '123456' }),
      ];
      for (const { status, body } of answers) {
        expect({ status, code: body.code }).toEqual({ status: 404, code: 'VERIFICATION_NOT_FOUND' });
      }
    },
  );

  it('keeps its promise of 10 codes in any 24 hours with no cooldown at all', async () => {
    const quick = await startApi(simulator, store, { SERVER_SMS_COOLDOWN_SECONDS: '0' });
    try {
      const phone = newPhone();
      for (let sent = 0; sent < 10; sent += 1) await quick.send(phone).expect(201);
      const refused = await quick.send(phone).expect(429);
      expect(refused.body.code).toBe('TODAY_SMS_LIMIT_REACHED');
      expect(refused.body.retryAfterSeconds).toBeGreaterThan(86_300);
      expect(refused.body.retryAfterSeconds).toBeLessThanOrEqual(86_400);
    } finally {
      await quick.close();
    }
  });

  it('refuses codes and checks for a phone whose wrong guesses are used up, whatever was sent again', async () => {
    const quick = await startApi(simulator, store, {
      SERVER_SMS_COOLDOWN_SECONDS: '0',
      SERVER_SMS_MAX_FAILED_CHECKS: '7',
    });
    try {
      const phone = newPhone();
      const first = (await quick.send(phone)).body.id;
      const wrong = wrongCode(codeFor(simulator, phone));
      for (let guess = 0; guess < 5; guess += 1) await quick.check(first, wrong).expect(422);
      const second = (await quick.send(phone)).body.id;
      const right = codeFor(simulator, phone);
      for (let guess = 0; guess < 2; guess += 1) await quick.check(second, wrongCode(right)).expect(422);
      const refused = await quick.check(second, right).expect(429);
      expect(refused.body.code).toBe('SMS_CHECK_TOO_FREQUENTLY');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(86_000);
      const noCode = await quick.send(phone).expect(429);
      expect(noCode.body.code).toBe('SMS_CHECK_TOO_FREQUENTLY');
    } finally {
      await quick.close();
    }
  });

  it('replaces a code by the next one', async () => {
    const quick = await startApi(simulator, store, { SERVER_SMS_COOLDOWN_SECONDS: '0' });
    try {
      const phone = newPhone();
      const first = (await quick.send(phone, { purpose: 'login' })).body.id;
      const firstCode = codeFor(simulator, phone);
      const second = (await quick.send(phone, { purpose: 'bind_phone' })).body.id;
      const old = await quick.check(first, firstCode).expect(410);
      expect(old.body).toMatchObject({ code: 'SMS_CODE_EXPIRED', reason: 'replaced' });
      await quick.check(second, codeFor(simulator, phone)).expect(200);
    } finally {
      await quick.close();
    }
  });

  it('does not accept the code of one verification for another', async () => {
    const [phone, other] = [newPhone(), newPhone()];
    const { id } = (await api.send(phone)).body;
    await api.send(other);
    const codes = [codeFor(simulator, phone), codeFor(simulator, other)];
    if (codes[0] !== codes[1]) await api.check(id, codes[1]).expect(422);
    await api.check(id, codes[0]).expect(200);
  });
});

describe('The switch of registration', () => {
  it.each([
    ['register', 403],
    ['reset_password', 403],
    ['login', 201],
    ['bind_phone', 201],
  ])('when off, answers %s with %i', async (purpose, status) => {
    const api = await startApi(simulator, 'redis', { SERVER_ENABLE_MOBILE_REGISTER: 'false' });
    try {
      const answer = await api.send(newPhone(), { purpose }).expect(status);
      if (status === 403) expect(answer.body.code).toBe('MOBILE_REGISTER_DISABLED');
      expect((await api.http().get('/v1/config')).body.enableMobileRegister).toBe(false);
    } finally {
      await api.close();
    }
  });
});
