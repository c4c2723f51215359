import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import twilio from 'twilio';
import { startCallbackReceiver, type CallbackReceiver } from '../../../test/support/callback-receiver.js';
import { connectSdk } from '../../../test/support/sdk.js';
import type { CallbackMode } from './callback.mode.js';
import { ManualClock } from './clock.js';
import { TwilioSimulator } from './twilio.simulator.js';

const to = '+12025550123';
const from = '+15005550006';
const body = 'Your verification code is: 482913';
const messagingServiceSid = `MG${'a'.repeat(32)}`;
const STEP_MS = 700;

describe('the official SDK with its own HTTP client', () => {
  let clock: ManualClock;
  let simulator: TwilioSimulator;
  let receiver: CallbackReceiver;
  let client: twilio.Twilio;

  beforeAll(async () => {
    clock = new ManualClock();
    simulator = await TwilioSimulator.start({ clock, delivery: { stepMs: STEP_MS } });
    receiver = await startCallbackReceiver();
    client = connectSdk(simulator);
  });
  afterEach(() => {
    simulator.faults.clear();
    simulator.callbacks.mode = 'normal';
    receiver.received.length = 0;
  });
  afterAll(async () => {
    await simulator.close();
    await receiver.close();
  });

  async function advance(ms: number): Promise<void> {
    clock.advance(ms);
    await simulator.callbacks.settled();
  }

  async function delivered(message: { to?: string; from?: string } = {}): Promise<string> {
    const { sid } = await client.messages.create({ to, from, body, ...message });
    await advance(3 * STEP_MS);
    return sid;
  }

  describe('creates a message', () => {
    it('that is queued, sending, sent and delivered, and has a price once it is sent', async () => {
      const { sid, status } = await client.messages.create({ to, from, body });
      const seen = [status];
      const prices = [];
      for (let step = 0; step < 4; step += 1) {
        await advance(STEP_MS);
        const message = await client.messages(sid).fetch();
        seen.push(message.status);
        prices.push([message.price, message.priceUnit, message.dateSent !== null]);
      }

      expect(seen).toEqual(['queued', 'sending', 'sent', 'delivered', 'delivered']);
      expect(prices).toEqual([
        [null, null, false],
        ['-0.00750', 'USD', true],
        ['-0.00750', 'USD', true],
        ['-0.00750', 'USD', true],
      ]);
    });

    it('by a messaging service, which picks the sender when it sends', async () => {
      const { sid } = await client.messages.create({ to, messagingServiceSid, body });
      await advance(STEP_MS);
      expect(await client.messages(sid).fetch()).toMatchObject({
        status: 'queued',
        from: null,
        numSegments: '0',
      });
      await advance(STEP_MS);

      expect(await client.messages(sid).fetch()).toMatchObject({
        status: 'sending',
        from,
        numSegments: '1',
        messagingServiceSid,
      });
    });

    it('that ends as undelivered when its number is known to the simulator as undeliverable', async () => {
      const sid = await delivered({ to: '+15005550008' });

      expect(await client.messages(sid).fetch()).toMatchObject({
        status: 'undelivered',
        errorCode: 30005,
        errorMessage: 'Unknown destination handset',
      });
    });

    it('and waits 3 seconds for the answer when its number is known to the simulator as slow', async () => {
      let answered = false;
      const creating = client.messages.create({ to: '+15005550005', from, body }).then((message) => {
        answered = true;
        return message;
      });
      const received = await simulator.inbox.waitForLatest('+15005550005', undefined, 20_000);
      clock.advance(2999);
      await client.api.v2010.accounts(simulator.accountSid).fetch();
      expect(answered).toBe(false);
      clock.advance(1);

      expect(await creating).toMatchObject({ sid: received?.id, status: 'queued' });
    });
  });

  it('redacts a message once its delivery has ended; the phone still has it', async () => {
    const { sid } = await client.messages.create({ to, from, body });
    await expect(client.messages(sid).update({ body: '' })).rejects.toMatchObject({
      status: 409,
      code: 20009,
    });
    await advance(3 * STEP_MS);

    expect((await client.messages(sid).update({ body: '' })).body).toBe('');
    expect((await client.messages(sid).fetch()).body).toBe('');
    expect(simulator.inbox.get(sid)?.body).toBe(body);
    await expect(client.messages(sid).update({ body: 'Other' })).rejects.toMatchObject({ status: 400 });
  });

  it('cannot cancel a message that is not scheduled', async () => {
    const sid = await delivered();

    await expect(client.messages(sid).update({ status: 'canceled' })).rejects.toMatchObject({
      status: 409,
      code: 30409,
    });
  });

  it('deletes a message once its delivery has ended; the phone still has it', async () => {
    const { sid } = await client.messages.create({ to, from, body });
    await expect(client.messages(sid).remove()).rejects.toMatchObject({ status: 409, code: 20009 });
    await advance(3 * STEP_MS);

    expect(await client.messages(sid).remove()).toBe(true);
    await expect(client.messages(sid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
    await expect(client.messages(sid).remove()).rejects.toMatchObject({ status: 404, code: 20404 });
    expect((await client.messages.list()).map((message) => message.sid)).not.toContain(sid);
    expect(simulator.inbox.get(sid)?.body).toBe(body);
  });

  it('gives feedback', async () => {
    const sid = await delivered();

    expect((await client.messages(sid).feedback.create({ outcome: 'unconfirmed' })).toJSON()).toEqual({
      accountSid: simulator.accountSid,
      dateCreated: expect.any(Date),
      dateUpdated: expect.any(Date),
      messageSid: sid,
      outcome: 'unconfirmed',
      uri: `/2010-04-01/Accounts/${simulator.accountSid}/Messages/${sid}/Feedback.json`,
    });
    expect((await client.messages(sid).feedback.create()).outcome).toBe('confirmed');
    await expect(client.messages('SM0').feedback.create()).rejects.toMatchObject({ code: 20404 });
  });

  it('fetches the account', async () => {
    const { accountSid } = simulator;
    const account = await client.api.v2010.accounts(accountSid).fetch();

    expect(account).toMatchObject({
      authToken: simulator.authToken,
      ownerAccountSid: accountSid,
      sid: accountSid,
      status: 'active',
      type: 'Full',
      uri: `/2010-04-01/Accounts/${accountSid}.json`,
    });
    expect(account.subresourceUris).toMatchObject({
      messages: `/2010-04-01/Accounts/${accountSid}/Messages.json`,
      short_codes: `/2010-04-01/Accounts/${accountSid}/SMS/ShortCodes.json`,
    });
    await expect(
      connectSdk(simulator, { password: 'wrong' }).api.v2010.accounts(accountSid).fetch(),
    ).rejects.toMatchObject({
      code: 20003,
    });
  });

  it('finds the number of the account, which can send SMS', async () => {
    expect(await client.incomingPhoneNumbers.list({ phoneNumber: from })).toMatchObject([
      {
        phoneNumber: from,
        sid: expect.stringMatching(/^PN[0-9a-f]{32}$/),
        capabilities: { sms: true, mms: false, voice: false, fax: false },
        status: 'in-use',
      },
    ]);
    expect(await client.incomingPhoneNumbers.list()).toHaveLength(1);
    expect(await client.incomingPhoneNumbers.list({ phoneNumber: '+15005550099' })).toEqual([]);
  });

  describe('validates every callback', () => {
    const isValid = ({ url, headers, fields }: CallbackReceiver['received'][number]) =>
      twilio.validateRequest(simulator.authToken, String(headers['x-twilio-signature']), url, fields);

    it.each<[CallbackMode, string[]]>([
      ['normal', ['sending', 'sent', 'delivered']],
      ['delayed', ['sending', 'sent', 'delivered']],
      ['duplicated', ['sending', 'sending', 'sent', 'sent', 'delivered', 'delivered']],
      ['reordered', ['delivered', 'sent', 'sending']],
      ['before_answer', ['sending', 'sent', 'delivered']],
    ])('that is %s', async (mode, statuses) => {
      simulator.callbacks.mode = mode;
      await client.messages.create({ to, from, body, statusCallback: receiver.url });
      for (let step = 0; step < 3; step += 1) await advance(STEP_MS);
      await advance(3000);

      expect(receiver.statuses()).toEqual(statuses);
      expect(receiver.received.map(isValid)).toEqual(statuses.map(() => true));
    });

    it('and refuses those that are unsigned', async () => {
      simulator.callbacks.mode = 'unsigned';
      await client.messages.create({ to, from, body, statusCallback: receiver.url });
      await advance(3 * STEP_MS);

      expect(receiver.statuses()).toEqual(['sending', 'sent', 'delivered']);
      expect(receiver.received.map(({ headers }) => headers['x-twilio-signature'])).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    });
  });
});
