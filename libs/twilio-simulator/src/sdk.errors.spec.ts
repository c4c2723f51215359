import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import twilio from 'twilio';
import { connectSdk } from '../../../test/support/sdk.js';
import { TwilioSimulator } from './twilio.simulator.js';

const to = '+12025550123';
const from = '+15005550006';
const body = 'Your verification code is: 482913';
const messagingServiceSid = `MG${'a'.repeat(32)}`;

describe('the official SDK tells apart', () => {
  let simulator: TwilioSimulator;
  let client: twilio.Twilio;

  beforeAll(async () => {
    simulator = await TwilioSimulator.start();
    client = connectSdk(simulator);
  });
  afterAll(() => simulator.close());

  const create = (as = client) => as.messages.create({ to, from, body });

  it('wrong credentials, somebody else, and what is not there', async () => {
    await expect(create(connectSdk(simulator, { password: 'wrong' }))).rejects.toMatchObject({
      status: 401,
      code: 20003,
    });
    await expect(client.messages('SM0').fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
    await expect(client.api.v2010.accounts(`AC${'0'.repeat(32)}`).fetch()).rejects.toMatchObject({
      code: 20404,
    });
  });

  it.each([
    ['+15005550001', 21211],
    ['+15005550002', 21612],
    ['+15005550003', 21408],
    ['+15005550004', 21610],
    ['+15005550009', 21614],
  ])('the magic recipient %s, whoever sends', async (magic, code) => {
    for (const sender of [{ from }, { messagingServiceSid }]) {
      const refused = client.messages.create({ to: magic, body, ...sender });
      await expect(refused).rejects.toBeInstanceOf(twilio.RestException);
      await expect(refused).rejects.toMatchObject({ status: 400, code });
    }
  });

  it.each([
    ['+15005550001', 21212],
    ['+15005550007', 21606],
    ['+15005550008', 21611],
  ])('the magic sender %s', async (magic, code) => {
    await expect(client.messages.create({ to, from: magic, body })).rejects.toMatchObject({
      status: 400,
      code,
    });
  });

  it.each(['nowhere', 'ftp://127.0.0.1/', 'https://under_score.example/'])(
    'the address for reports %s',
    async (statusCallback) => {
      await expect(client.messages.create({ to, from, body, statusCallback })).rejects.toMatchObject({
        code: 21609,
      });
    },
  );

  it.each([{}, { headers: { 'retry-after': '2' } }])('too many requests (%j)', async (more) => {
    const known = simulator.inbox.list().length;
    simulator.faults.next({ kind: 'status', status: 429, ...more });

    await expect(create()).rejects.toMatchObject({ status: 429, code: 20429 });
    expect(simulator.inbox.list()).toHaveLength(known);
  });

  it('too many requests, and tries again when told to', async () => {
    const patient = connectSdk(simulator, { autoRetry: true, maxRetryDelay: 1 });
    simulator.faults.next({ kind: 'status', status: 429 }, 2);

    expect(await create(patient)).toMatchObject({ status: 'queued' });
    expect(simulator.faults.pending().queued).toEqual([]);
  });

  it('an internal error after the message was created', async () => {
    const newest = simulator.inbox.latest()?.id;
    simulator.faults.next({ kind: 'status', status: 500, accepted: true });

    await expect(create()).rejects.toMatchObject({ status: 500, code: 20500 });
    expect(simulator.inbox.latest()?.id).not.toBe(newest);
  });
});
