import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import twilio from 'twilio';
import { TwilioSimulator } from './twilio.simulator.js';

const to = '+12025550123';
const from = '+15005550006';
const body = 'Your verification code is: 482913';
const messagingServiceSid = `MG${'a'.repeat(32)}`;
const apiKey = { sid: `SK${'b'.repeat(32)}`, secret: 'key secret' };

describe('the official SDK against the simulator', () => {
  let simulator: TwilioSimulator;
  let client: twilio.Twilio;

  beforeAll(async () => {
    simulator = await TwilioSimulator.start({ apiKey });
  });
  afterAll(() => simulator.close());
  beforeEach(() => {
    client = connect(simulator.accountSid, simulator.authToken);
  });

  function connect(username: string, password: string, accountSid?: string): twilio.Twilio {
    const sdk = twilio(username, password, { accountSid });
    sdk.api.baseUrl = simulator.url;
    return sdk;
  }

  it('creates a queued message with the fields of a real one', async () => {
    const {
      statusCode,
      headers,
      body: message,
    } = await client.messages.createWithHttpInfo({ to, from, body });

    expect(statusCode).toBe(201);
    expect(headers).toMatchObject({ 'twilio-request-id': expect.stringMatching(/^RQ[0-9a-f]{32}$/) });
    const path = `/2010-04-01/Accounts/${simulator.accountSid}/Messages/${message.sid}`;
    expect(message.toJSON()).toEqual({
      accountSid: simulator.accountSid,
      apiVersion: '2010-04-01',
      body,
      dateCreated: expect.any(Date),
      dateSent: null,
      dateUpdated: expect.any(Date),
      direction: 'outbound-api',
      errorCode: null,
      errorMessage: null,
      from,
      messagingServiceSid: null,
      numMedia: '0',
      numSegments: '1',
      price: null,
      priceUnit: null,
      sid: expect.stringMatching(/^SM[0-9a-f]{32}$/),
      status: 'queued',
      subresourceUris: { media: `${path}/Media.json` },
      to,
      uri: `${path}.json`,
    });
    expect(message.dateCreated.getTime()).not.toBeNaN();
  });

  it('writes dates in the form of RFC 2822', async () => {
    const { sid } = await client.messages.create({ to, from, body });
    const path = `/2010-04-01/Accounts/${simulator.accountSid}/Messages/${sid}.json`;
    const credentials = Buffer.from(`${simulator.accountSid}:${simulator.authToken}`).toString('base64');
    const answer = await fetch(simulator.url + path, { headers: { authorization: `Basic ${credentials}` } });

    expect(await answer.json()).toMatchObject({
      date_created: expect.stringMatching(
        /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000$/,
      ),
    });
  });

  it('leaves the sender and the segments open when a messaging service sends', async () => {
    const message = await client.messages.create({ to, messagingServiceSid, body });

    expect(message).toMatchObject({ status: 'accepted', from: null, numSegments: '0', messagingServiceSid });
    expect(simulator.inbox.latest(to)).toMatchObject({ id: message.sid, from: simulator.phoneNumber });
  });

  it('counts the segments of a long text', async () => {
    const message = await client.messages.create({ to, from, body: '你好'.repeat(40) });

    expect(message.numSegments).toBe('2');
  });

  it('keeps an accepted message in the inbox', async () => {
    const { sid } = await client.messages.create({ to, from, body });

    expect(simulator.inbox.latest(to)).toMatchObject({
      id: sid,
      to,
      from,
      body,
      code: '482913',
      segments: 1,
    });
  });

  it('fetches a message that was created, and no other', async () => {
    const created = await client.messages.create({ to, from, body });

    const feedback = created.uri.replace('.json', '/Feedback.json');
    expect((await client.messages(created.sid).fetch()).toJSON()).toEqual({
      ...created.toJSON(),
      subresourceUris: { feedback, ...created.subresourceUris },
    });
    await expect(client.messages(`SM${'0'.repeat(32)}`).fetch()).rejects.toMatchObject({
      status: 404,
      code: 20404,
    });
  });

  it('accepts an API key', async () => {
    const byKey = connect(apiKey.sid, apiKey.secret, simulator.accountSid);

    expect((await byKey.messages.create({ to, from, body })).status).toBe('queued');
  });

  it('refuses a wrong password with 20003', async () => {
    const refused = connect(simulator.accountSid, 'wrong').messages.create({ to, from, body });

    await expect(refused).rejects.toBeInstanceOf(twilio.RestException);
    await expect(refused).rejects.toMatchObject({
      status: 401,
      code: 20003,
      moreInfo: 'https://www.twilio.com/docs/errors/20003',
    });
  });

  it('does not know the account of somebody else', async () => {
    const other = connect(simulator.accountSid, simulator.authToken, `AC${'0'.repeat(32)}`);

    await expect(other.messages.create({ to, from, body })).rejects.toMatchObject({
      status: 404,
      code: 20404,
    });
  });

  it('answers an unknown route in the form of Twilio', async () => {
    await expect(client.usage.records.list({ limit: 1 })).rejects.toMatchObject({ status: 404, code: 20404 });
  });

  it.each([
    ['a recipient without a plus sign', { to: '12025550123', from, body }, 21211],
    ['a missing recipient', { to: '', from, body }, 21604],
    ['a missing sender', { to, body }, 21603],
    ['a sender that is no number', { to, from: 'nobody', body }, 21212],
    ['a malformed messaging service', { to, messagingServiceSid: 'MG1', body }, 21705],
    ['a missing text', { to, from }, 21602],
    ['a text of 1601 characters', { to, from, body: 'a'.repeat(1601) }, 21617],
    ['a validity of no seconds', { to, from, body, validityPeriod: 0 }, 21624],
    ['a validity of more than ten hours', { to, from, body, validityPeriod: 36_001 }, 21624],
    ['a validity in fractions', { to, from, body, validityPeriod: 1.5 }, 21624],
    ['the magic invalid recipient', { to: '+15005550001', from, body }, 21211],
    ['the magic recipient without a route', { to: '+15005550002', from, body }, 21612],
    ['the magic recipient abroad', { to: '+15005550003', from, body }, 21408],
    ['the magic recipient who opted out', { to: '+15005550004', from, body }, 21610],
    ['the magic recipient without SMS', { to: '+15005550009', from, body }, 21614],
    ['the magic invalid sender', { to, from: '+15005550001', body }, 21212],
    ['the magic sender of another account', { to, from: '+15005550007', body }, 21606],
    ['the magic sender with a full queue', { to, from: '+15005550008', body }, 21611],
  ])('refuses %s', async (_what, message, code) => {
    const newest = simulator.inbox.latest();
    const refused = client.messages.create(message);

    await expect(refused).rejects.toBeInstanceOf(twilio.RestException);
    await expect(refused).rejects.toMatchObject({ status: 400, code });
    expect(simulator.inbox.latest()).toEqual(newest);
  });

  it('accepts a text of 1600 characters and a validity of ten hours', async () => {
    const message = await client.messages.create({
      to,
      from,
      body: 'a'.repeat(1600),
      validityPeriod: 36_000,
    });

    expect(message.status).toBe('queued');
  });
});
