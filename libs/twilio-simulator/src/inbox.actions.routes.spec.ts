import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import twilio from 'twilio';
import { startCallbackReceiver, type CallbackReceiver } from '../../../test/support/callback-receiver.js';
import { TwilioSimulator } from './twilio.simulator.js';

const to = '+12025550123';
const from = '+15005550006';
const body = 'Your verification code is: 482913';
const messagingServiceSid = `MG${'a'.repeat(32)}`;

describe('a person at the inbox', () => {
  let simulator: TwilioSimulator;
  let receiver: CallbackReceiver;
  let client: twilio.Twilio;

  beforeEach(async () => {
    simulator = await TwilioSimulator.start();
    receiver = await startCallbackReceiver();
    client = twilio(simulator.accountSid, simulator.authToken);
    client.api.baseUrl = simulator.url;
  });
  afterEach(async () => {
    await simulator.close();
    await receiver.close();
  });

  async function post(path: string, input: unknown = {}) {
    const answer = await fetch(`${simulator.url}/inbox/messages${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  }

  async function sent(statusCallback?: string): Promise<string> {
    return (await client.messages.create({ to, from, body, ...(statusCallback && { statusCallback }) })).sid;
  }

  it('moves a message on, and its sender is told', async () => {
    const sid = await sent(receiver.url);
    const answer = await post(`/${sid}/status`, { status: 'undelivered', errorCode: 30005 });

    expect(answer).toMatchObject({ status: 200, json: { id: sid, status: 'undelivered', errorCode: 30005 } });
    expect(answer.json.timeline).toEqual([
      { status: 'queued', at: expect.any(String), errorCode: null, callback: null },
      {
        status: 'undelivered',
        at: expect.any(String),
        errorCode: 30005,
        callback: { at: expect.any(String), answer: 204 },
      },
    ]);
    expect(receiver.received).toHaveLength(1);
    expect(receiver.received[0]?.fields).toEqual({
      AccountSid: simulator.accountSid,
      ApiVersion: '2010-04-01',
      ErrorCode: '30005',
      From: from,
      MessageSid: sid,
      MessageStatus: 'undelivered',
      RawDlrDoneDate: expect.stringMatching(/^\d{10}$/),
      SmsSid: sid,
      SmsStatus: 'undelivered',
      To: to,
    });
    expect(await client.messages(sid).fetch()).toMatchObject({
      status: 'undelivered',
      errorCode: 30005,
      errorMessage: 'Unknown destination handset',
      dateSent: expect.any(Date),
      price: '-0.00750',
      priceUnit: 'USD',
    });
  });

  it('sends a callback once more, and learns its answer', async () => {
    const sid = await sent(receiver.url);
    receiver.answers = [500];

    expect(await post(`/${sid}/callback`)).toEqual({ status: 200, json: { answer: 500 } });
    expect(await post(`/${sid}/callback`)).toEqual({ status: 200, json: { answer: 204 } });
    expect(receiver.statuses()).toEqual(['queued', 'queued']);
  });

  it('learns that nobody answers a callback', async () => {
    const sid = await sent(receiver.url);
    await receiver.close();

    expect(await post(`/${sid}/callback`)).toEqual({ status: 200, json: { answer: null } });
    expect(simulator.inbox.get(sid)?.timeline[0]?.callback).toEqual({ at: expect.any(String), answer: null });
  });

  it('cannot send a callback that nobody asked for', async () => {
    expect(await post(`/${await sent()}/callback`)).toMatchObject({
      status: 409,
      json: { code: 'CONFLICT' },
    });
  });

  it('answers a message from its phone', async () => {
    const sid = await sent();
    const reply = await post(`/${sid}/reply`, { body: 'Thank you' });

    expect(reply).toMatchObject({
      status: 201,
      json: { direction: 'inbound', status: 'received', to: from, from: to, body: 'Thank you', code: null },
    });
    expect(simulator.inbox.list().map(({ id }) => id)).toEqual([reply.json.id, sid]);
    expect(simulator.inbox.list({ to }).map(({ id }) => id)).toEqual([reply.json.id, sid]);
    expect(simulator.inbox.latest()?.id).toBe(sid);
    expect(await post(`/${String(reply.json.id)}/reply`, { body: 'Hm' })).toMatchObject({
      status: 201,
      json: { direction: 'inbound', to: from, from: to, body: 'Hm' },
    });
    expect(await post(`/${String(reply.json.id)}/status`, { status: 'sent' })).toMatchObject({ status: 409 });
  });

  it.each(['STOP', 'stopall', ' Unsubscribe ', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT'])(
    'opts a phone out of its sender with %j',
    async (word) => {
      await post(`/${await sent()}/reply`, { body: word });

      await expect(sent()).rejects.toMatchObject({ status: 400, code: 21610 });
      expect(await client.messages.create({ to: '+12025550124', from, body })).toMatchObject({
        status: 'queued',
      });
      expect(await client.messages.create({ to, messagingServiceSid, body })).toMatchObject({
        status: 'accepted',
      });
    },
  );

  it('opts a phone out of a messaging service as a whole', async () => {
    const { sid } = await client.messages.create({ to, messagingServiceSid, body });
    await post(`/${sid}/reply`, { body: 'STOP' });

    await expect(client.messages.create({ to, messagingServiceSid, body })).rejects.toMatchObject({
      code: 21610,
    });
    expect(await client.messages.create({ to, from, body })).toMatchObject({ status: 'queued' });
  });

  it.each(['START', 'unstop', 'Yes'])('opts a phone in again with %j', async (word) => {
    const sid = await sent();
    await post(`/${sid}/reply`, { body: 'STOP' });
    await post(`/${sid}/reply`, { body: 'Please start' });
    await expect(sent()).rejects.toMatchObject({ code: 21610 });
    await post(`/${sid}/reply`, { body: word });

    expect(await sent()).toMatch(/^SM/);
  });

  it('puts a message in as if it was sent', async () => {
    const given = await post('', { to, body: 'Code 4829', from: '+12025550199' });
    expect(given).toMatchObject({
      status: 201,
      json: { to, from: '+12025550199', code: '4829', direction: 'outbound', status: 'queued' },
    });
    expect((await post('', { to, body })).json).toMatchObject({ from: simulator.phoneNumber });
    expect(await client.messages(String(given.json.id)).fetch()).toMatchObject({ body: 'Code 4829' });
  });

  it.each([
    ['', { to: 'ann', body }, 'to must be a phone number'],
    ['', { to }, 'body must be a text'],
    ['', { to, body: '' }, 'body must be a text'],
    ['', { to, body: 'a'.repeat(1601) }, 'body must be a text'],
    ['', { to, body, from: 5 }, 'from must be a phone number'],
    ['', [], 'the body must be a JSON object'],
    ['/ID/status', { status: 'queued' }, 'status must be one of delivered, undelivered, failed, sent'],
    ['/ID/status', { status: 'failed', errorCode: 0 }, 'errorCode must be an integer'],
    ['/ID/status', { status: 'sent', errorCode: 30005 }, 'errorCode goes with undelivered and failed'],
    ['/ID/reply', { text: 'STOP' }, 'unknown field: text'],
  ])('is told what is wrong with %s %j', async (path, input, reason) => {
    const sid = await sent();
    const answer = await post(path.replace('ID', sid), input);

    expect(answer).toMatchObject({
      status: 400,
      json: { code: 'VALIDATION_FAILED', detail: expect.stringContaining(reason) },
    });
    expect(simulator.inbox.list()).toMatchObject([{ id: sid, status: 'queued' }]);
  });

  it.each(['status', 'callback', 'reply'])('cannot %s what is not there', async (action) => {
    expect(await post(`/SM0/${action}`)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
  });
});
