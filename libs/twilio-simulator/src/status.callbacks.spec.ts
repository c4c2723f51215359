import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import twilio from 'twilio';
import { startCallbackReceiver, type CallbackReceiver } from '../../../test/support/callback-receiver.js';
import { ManualClock } from './clock.js';
import type { MessageStatus } from './message.record.js';
import { TwilioSimulator } from './twilio.simulator.js';

const to = '+12025550123';
const from = '+15005550006';
const body = 'Your verification code is: 482913';

describe('status callbacks', () => {
  let clock: ManualClock;
  let simulator: TwilioSimulator;
  let receiver: CallbackReceiver;
  let client: twilio.Twilio;

  beforeEach(async () => {
    clock = new ManualClock();
    simulator = await TwilioSimulator.start({ clock });
    receiver = await startCallbackReceiver();
    client = twilio(simulator.accountSid, simulator.authToken);
    client.api.baseUrl = simulator.url;
  });
  afterEach(async () => {
    await simulator.close();
    await receiver.close();
  });

  async function sent(statusCallback = receiver.url): Promise<string> {
    return (await client.messages.create({ to, from, body, statusCallback })).sid;
  }

  async function moveOver(sid: string, status: MessageStatus): Promise<void> {
    const record = simulator.inbox.find(sid)!;
    await simulator.inbox.messaging.moveAndReport(record, status);
  }

  const callbackOf = (sid: string, index = 0) => simulator.inbox.get(sid)?.timeline[index]?.callback;

  it('are not sent about the first status, nor without an address', async () => {
    await sent();
    const { sid } = await client.messages.create({ to, from, body });
    await moveOver(sid, 'sent');

    expect(receiver.received).toEqual([]);
    expect(callbackOf(sid, 1)).toBeNull();
  });

  it.each([
    ['user:pass%20word@', 'user:pass word'],
    ['user@', 'user:'],
    ['100%:@', '100%:'],
  ])(
    'send the credentials %s of the address as basic authorization, and sign the address as given',
    async (given, credentials) => {
      const address = receiver.url.replace('//', `//${given}`);
      await moveOver(await sent(`${address}#rc=0`), 'delivered');

      expect(receiver.received).toHaveLength(1);
      const { headers, fields } = receiver.received[0]!;
      expect(headers.authorization).toBe(`Basic ${Buffer.from(credentials).toString('base64')}`);
      const signature = twilio.getExpectedTwilioSignature(simulator.authToken, address, fields);
      expect(headers['x-twilio-signature']).toBe(signature);
    },
  );

  it('have the fields of a message of a service, and no error when there is none', async () => {
    const messagingServiceSid = `MG${'a'.repeat(32)}`;
    const { sid } = await client.messages.create({
      to,
      messagingServiceSid,
      body,
      statusCallback: receiver.url,
    });
    await moveOver(sid, 'delivered');

    expect(receiver.received[0]?.fields).toEqual({
      AccountSid: simulator.accountSid,
      ApiVersion: '2010-04-01',
      From: from,
      MessageSid: sid,
      MessageStatus: 'delivered',
      MessagingServiceSid: messagingServiceSid,
      RawDlrDoneDate: '2601010000',
      SmsSid: sid,
      SmsStatus: 'delivered',
      To: to,
    });
    expect(receiver.received[0]?.headers).toMatchObject({
      'content-type': expect.stringContaining('application/x-www-form-urlencoded'),
      'i-twilio-idempotency-token': expect.any(String),
      'x-twilio-signature': expect.any(String),
    });
  });

  it('say what a message was like at their time, however late they are', async () => {
    const sid = await sent();
    simulator.callbacks.mode = 'delayed';
    await moveOver(sid, 'sent');
    await moveOver(sid, 'undelivered');
    clock.advance(2999);
    await simulator.callbacks.settled();
    expect(receiver.received).toEqual([]);
    clock.advance(1);
    await simulator.callbacks.settled();

    expect(receiver.statuses()).toEqual(['sent', 'undelivered']);
  });

  it('are sent newest first when reordered, even when the end never comes', async () => {
    const sid = await sent();
    simulator.callbacks.mode = 'reordered';
    await moveOver(sid, 'sending');
    await moveOver(sid, 'sent');
    expect(receiver.received).toEqual([]);
    clock.advance(3000);
    await simulator.callbacks.settled();
    expect(receiver.statuses()).toEqual(['sent', 'sending']);

    await moveOver(sid, 'delivered');
    await simulator.callbacks.settled();
    expect(receiver.statuses()).toEqual(['sent', 'sending', 'delivered']);
  });

  it('wait for the one before about the same message, and for its retries', async () => {
    const sid = await sent(`${receiver.url}#rc=1&rp=all`);
    receiver.answers = [500];
    await Promise.all([moveOver(sid, 'sending'), moveOver(sid, 'sent')]);

    expect(receiver.statuses()).toEqual(['sending', 'sending', 'sent']);
  });

  it('are not sent at all when there are none', async () => {
    const sid = await sent();
    simulator.callbacks.mode = 'none';
    await moveOver(sid, 'delivered');

    expect(receiver.received).toEqual([]);
  });

  it('come before the create request is answered, also where messages do not move by themselves', async () => {
    simulator.callbacks.mode = 'before_answer';
    const sid = await sent();

    expect(receiver.statuses()).toEqual(['sending']);
    expect(callbackOf(sid, 1)?.answer).toBe(204);
  });

  it('keep the answer of their create request waiting for 2 seconds at most', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    simulator.callbacks.mode = 'before_answer';
    const creating = sent(`http://127.0.0.1:${port}/`);
    await new Promise((resolve) => silent.once('connection', resolve));
    clock.advance(2000);

    expect(await creating).toMatch(/^SM/);
    await simulator.close();
    silent.close();
  });

  it('misbehave for the one message that a fault asks it for', async () => {
    simulator.faults.next({ kind: 'callbacks', mode: 'duplicated' });
    const [faulty, usual] = [await sent(), await sent()];
    await moveOver(faulty, 'sent');
    await moveOver(usual, 'delivered');

    expect(receiver.statuses()).toEqual(['sent', 'sent', 'delivered']);
    const tokens = receiver.received.map(({ headers }) => headers['i-twilio-idempotency-token']);
    expect(tokens[0]).toBe(tokens[1]);
    expect(tokens[2]).not.toBe(tokens[0]);
  });

  it.each([
    ['', [500], 1, 500],
    ['#rc=3&rp=all', [500, 404, 503], 4, 204],
    ['#rc=2&rp=all', [500, 500, 500, 500], 3, 500],
    ['#rc=3&rp=5xx', [500, 404, 204], 2, 404],
    ['#rc=1&rp=4xx', [403, 204], 2, 204],
    ['#rc=3&rp=ct,rt', [500], 1, 500],
    ['#rc=9&rp=all', [500, 500, 500], 2, 500],
    ['#rc=0&rp=all', [500], 1, 500],
  ])('are tried again as the fragment %j asks', async (fragment, answers, tries, answer) => {
    const sid = await sent(receiver.url + fragment);
    receiver.answers = answers;
    await moveOver(sid, 'delivered');

    expect(receiver.received).toHaveLength(tries);
    expect(callbackOf(sid, 1)?.answer).toBe(answer);
    expect(new Set(receiver.received.map(({ headers }) => headers['i-twilio-idempotency-token'])).size).toBe(
      1,
    );
    for (const { url, headers, fields } of receiver.received) {
      const signature = String(headers['x-twilio-signature']);
      expect(twilio.validateRequest(simulator.authToken, signature, url, fields)).toBe(true);
    }
  });

  it.each([
    ['', 1],
    ['#rc=4&rp=rt', 5],
    ['#rc=4&rp=5xx', 1],
  ])('that lose their connection are tried again as the fragment %j asks', async (fragment, tries) => {
    let seen = 0;
    const broken = createServer((socket) => {
      seen += 1;
      socket.on('error', () => undefined);
      socket.once('data', () => socket.destroy());
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    const { port } = broken.address() as { port: number };
    const sid = await sent(`http://127.0.0.1:${port}/${fragment}`);
    await moveOver(sid, 'delivered');
    broken.close();

    expect(seen).toBe(tries);
    expect(callbackOf(sid, 1)?.answer).toBeNull();
  });

  it('set their mode over HTTP', async () => {
    const url = `${simulator.url}/simulator/callbacks`;
    const set = (mode: unknown) =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ mode }),
      });

    expect(await (await fetch(url)).json()).toEqual({ mode: 'normal' });
    expect(await (await set('reordered')).json()).toEqual({ mode: 'reordered' });
    expect(simulator.callbacks.mode).toBe('reordered');
    const refused = await set('late');
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      detail: expect.stringContaining('mode must be one of normal'),
    });
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(204);
    expect(simulator.callbacks.mode).toBe('normal');
  });
});
