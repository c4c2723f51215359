import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import type { Fault } from './faults.js';
import { TwilioSimulator } from './twilio.simulator.js';

const to = '+12025550123';

describe('a fault', () => {
  let simulator: TwilioSimulator;

  beforeEach(async () => {
    simulator = await TwilioSimulator.start();
  });
  afterEach(() => simulator.close());

  function create(body = 'Code 482913') {
    const { url, accountSid, authToken } = simulator;
    const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
    const form = new URLSearchParams({ To: to, From: '+15005550006', Body: body }).toString();
    return request(`${url}/2010-04-01/Accounts/${accountSid}/Messages.json`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: form,
    });
  }

  const received = () => simulator.inbox.list().length;

  it('of kind status answers in the form of Twilio, with its headers', async () => {
    simulator.faults.next({ kind: 'status', status: 429, headers: { 'retry-after': '7' } });
    const { statusCode, headers, body } = await create();

    expect(statusCode).toBe(429);
    expect(headers['retry-after']).toBe('7');
    expect(await body.json()).toEqual({
      code: 20429,
      message: 'Too Many Requests',
      more_info: 'https://www.twilio.com/docs/errors/20429',
      status: 429,
    });
    expect(received()).toBe(0);
  });

  it('can be chosen by the message, and leaves the queue to the others', async () => {
    simulator.faults.choose(({ to: phone, body }) =>
      phone === to && body.includes('111111') ? { kind: 'status', status: 400, code: 21211 } : undefined,
    );
    simulator.faults.next({ kind: 'status', status: 503 });
    const statuses = [];
    for (const text of ['Code 111111', 'Code 222222', 'Code 111111', 'Code 333333']) {
      statuses.push((await create(text)).statusCode);
    }

    expect(statuses).toEqual([400, 503, 400, 201]);
    simulator.faults.clear();
    expect((await create('Code 111111')).statusCode).toBe(201);
  });

  it('of kind status takes the code and message it is given', async () => {
    simulator.faults.next({ kind: 'status', status: 429, code: 63038, message: 'Daily cap' });

    expect(await (await create()).body.json()).toMatchObject({
      code: 63038,
      message: 'Daily cap',
      status: 429,
    });
  });

  it('of kind status can be a page of a gateway', async () => {
    simulator.faults.next({ kind: 'status', status: 502, body: '<h1>Bad Gateway</h1>' });
    const { statusCode, headers, body } = await create();

    expect([statusCode, headers['content-type']]).toEqual([502, 'text/html']);
    expect(await body.text()).toBe('<h1>Bad Gateway</h1>');
  });

  it('of kind status can come after the message was created', async () => {
    simulator.faults.next({ kind: 'status', status: 500, accepted: true });
    const { body } = await create();

    expect(await body.json()).toMatchObject({ code: 20500, status: 500 });
    expect(received()).toBe(1);
  });

  it.each([
    [false, 0],
    [true, 1],
  ])('of kind hang never answers (accepted: %s)', async (accepted, messages) => {
    simulator.faults.next({ kind: 'hang', accepted });
    let answered = false;
    const hanging = create().then(
      () => (answered = true),
      (error: unknown) => error,
    );
    await untilRequested(1);
    expect(received()).toBe(messages);

    expect((await create()).statusCode).toBe(201);
    expect(answered).toBe(false);

    await simulator.close();
    expect(await hanging).toBeInstanceOf(Error);
  });

  it.each([
    [false, 0],
    [true, 1],
  ])('of kind reset breaks the connection (accepted: %s)', async (accepted, messages) => {
    simulator.faults.next({ kind: 'reset', accepted });

    await expect(create()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(received()).toBe(messages);
    expect(simulator.requests).toHaveLength(1);
  });

  it('of kind truncate cuts the body short of its length', async () => {
    simulator.faults.next({ kind: 'truncate' });
    const { statusCode, headers, body } = await create();

    expect(statusCode).toBe(201);
    expect(headers['twilio-request-id']).toMatch(/^RQ/);
    await expect(body.text()).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    expect(received()).toBe(1);
  });

  it('of kind truncate without a lying length gives half a JSON text', async () => {
    simulator.faults.next({ kind: 'truncate', lyingLength: false });
    const { statusCode, headers, body } = await create();
    const text = await body.text();

    expect(statusCode).toBe(201);
    expect(headers['content-length']).toBe(String(text.length));
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(received()).toBe(1);
  });

  it('of kind drip sends the whole body in many pieces', async () => {
    simulator.faults.next({ kind: 'drip', everyMs: 1 });
    const { statusCode, body } = await create();
    const pieces: Buffer[] = [];
    for await (const piece of body) pieces.push(piece as Buffer);

    expect(statusCode).toBe(201);
    expect(pieces.length).toBeGreaterThan(10);
    expect(JSON.parse(Buffer.concat(pieces).toString())).toMatchObject({ to, status: 'queued' });
  });

  it('of kind delay accepts at once and answers after others', async () => {
    simulator.faults.next({ kind: 'delay', ms: 200 });
    const order: string[] = [];
    const slow = create('first 1111').then(() => order.push('slow'));
    await untilRequested(1);
    expect(received()).toBe(1);
    await create('second 2222').then(() => order.push('quick'));
    await slow;

    expect(order).toEqual(['quick', 'slow']);
  });

  it('of kind messageStatus creates a message that has failed', async () => {
    simulator.faults.next({ kind: 'messageStatus', status: 'undelivered', errorCode: 30_003 });
    const { statusCode, body } = await create();

    expect(statusCode).toBe(201);
    expect(await body.json()).toMatchObject({ status: 'undelivered', error_code: 30_003 });
    expect(received()).toBe(1);
  });

  it('of kind redirect points elsewhere', async () => {
    simulator.faults.next({ kind: 'redirect', location: 'http://127.0.0.1:1/' });
    const { statusCode, headers } = await create();

    expect([statusCode, headers.location]).toEqual([307, 'http://127.0.0.1:1/']);
    expect(received()).toBe(0);
  });

  it('does not make a wrong message acceptable', async () => {
    simulator.faults.next({ kind: 'drip', everyMs: 1 });

    expect(await (await create('')).body.json()).toMatchObject({ code: 21602 });
    expect(received()).toBe(0);
  });

  it('is not used up by a request with wrong credentials', async () => {
    simulator.faults.next({ kind: 'status', status: 503 });
    const path = `/2010-04-01/Accounts/${simulator.accountSid}/Messages.json`;
    const stranger = await fetch(simulator.url + path, { method: 'POST', body: new URLSearchParams() });

    expect(stranger.status).toBe(401);
    expect((await create()).statusCode).toBe(503);
  });

  it('is used up in order, then the standing one applies until it is cleared', async () => {
    const status = (code: number): Fault => ({ kind: 'status', status: code });
    simulator.faults.always(status(503));
    simulator.faults.next(status(500), 2);
    simulator.faults.next(status(429));
    const seen: number[] = [];
    for (let index = 0; index < 5; index += 1) seen.push((await create()).statusCode);
    simulator.faults.clear();
    seen.push((await create()).statusCode);

    expect(seen).toEqual([500, 500, 429, 503, 503, 201]);
  });

  async function untilRequested(count: number): Promise<void> {
    while (simulator.requests.length < count) await new Promise((resolve) => setImmediate(resolve));
  }
});
