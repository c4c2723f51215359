import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import request from 'supertest';
import twilio from 'twilio';
import { codeFor, startApi, STORES, wrongCode, type RunningApi } from '../support/api.js';
import { parseMetrics } from '../support/prometheus.js';
import { newPhone } from '../support/stores.js';

const OLD_TOKEN = 'the-former-auth-token-of-the-account';
const CALLBACK = '/webhooks/twilio/status';

let simulator: TwilioSimulator;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.each(STORES)('With server.public_url, on the %s store', (store) => {
  let api: RunningApi;
  let publicUrl: string;
  beforeAll(async () => {
    const port = await freePort();
    publicUrl = `http://127.0.0.1:${port}`;
    api = await startApi(simulator, store, {
      PORT: String(port),
      SERVER_PUBLIC_URL: publicUrl,
      TWILIO_SMS_AUTH_TOKEN: `${simulator.authToken},${OLD_TOKEN}`,
    });
  });
  afterAll(() => api.close());

  /** A verification whose message Twilio accepted. */
  async function sent(phone = newPhone()): Promise<{ phone: string; id: string; sid: string }> {
    const { id } = (await api.send(phone).expect(201)).body as { id: string };
    return { phone, id, sid: simulator.inbox.latest(phone)!.id };
  }

  async function deliveryOf(
    id: string,
  ): Promise<{ delivery: string; deliveryReason: string; status: string }> {
    const { delivery, deliveryReason, status } = (await api.http().get(`/v1/verifications/${id}`).expect(200))
      .body;
    return { delivery, deliveryReason, status };
  }

  it('each send names an address of ours for reports, and not the verification', async () => {
    const { id, sid } = await sent();
    const address = new URL(simulator.statusCallbackOf(sid)!);
    expect(address.origin).toBe(publicUrl);
    expect(address.pathname).toBe(CALLBACK);
    expect(address.hash).toBe('#rc=3&rp=all');
    expect(address.href).not.toContain(id);
    expect(address.href).not.toContain(id.slice(22));
  });

  it('a message is followed to its end, and its code is as good as before', async () => {
    const { phone, id, sid } = await sent();
    expect((await deliveryOf(id)).delivery).toBe('queued');
    for (const [status, delivery] of [
      ['sending', 'queued'],
      ['sent', 'sent'],
      ['delivered', 'delivered'],
    ] as const) {
      expect(await simulator.report(sid, status)).toBe(204);
      expect(await deliveryOf(id)).toMatchObject({ delivery, status: 'pending' });
    }
    await api.check(id, codeFor(simulator, phone)).expect(200);
  });

  it('a page can say that a number cannot receive SMS', async () => {
    const { id, sid } = await sent();
    expect(await simulator.report(sid, 'undelivered', 30006)).toBe(204);
    expect(await deliveryOf(id)).toEqual({
      delivery: 'undelivered',
      deliveryReason: 'This number cannot receive SMS. Use a mobile number. (Twilio error 30006)',
      status: 'pending',
    });
  });

  it('reports that come late, twice or in another order do not take a message back', async () => {
    const { id, sid } = await sent();
    for (const status of ['delivered', 'sending', 'sent', 'delivered', 'undelivered', 'queued'] as const) {
      expect(await simulator.report(sid, status)).toBe(204);
    }
    expect((await deliveryOf(id)).delivery).toBe('delivered');
  });

  it('a report that comes before the answer to the send is not lost', async () => {
    const phone = newPhone();
    simulator.faults.next({ kind: 'delay', ms: 400 });
    const sending = api.send(phone).then(({ status, body }) => ({ status, id: body.id as string }));
    const message = await simulator.inbox.waitForLatest(phone, undefined, 5_000);
    expect(await simulator.report(message!.id, 'delivered')).toBe(204);
    const { status, id } = await sending;
    expect(status).toBe(201);
    expect((await deliveryOf(id)).delivery).toBe('delivered');
  });

  it('each message is counted once, by its first end and a code of Twilio that we know', async () => {
    const ends = async (): Promise<Record<string, number>> => {
      const { text } = await api.http().get('/metrics').expect(200);
      const { samples } = parseMetrics(text).get('sms_deliveries_total')!;
      return Object.fromEntries(
        samples.map(({ labels, value }) => [`${labels.delivery} ${labels.twilio_code}`, value]),
      );
    };
    const before = await ends();
    const [one, other, another] = [await sent(), await sent(), await sent()];
    for (const status of ['sent', 'undelivered', 'undelivered', 'delivered'] as const) {
      await simulator.report(one.sid, status, status === 'undelivered' ? 30003 : undefined);
    }
    await simulator.report(other.sid, 'failed', 39_999);
    await simulator.report(another.sid, 'delivered');
    const counted = Object.entries(await ends()).map(([end, value]) => [end, value - (before[end] ?? 0)]);
    expect(counted.filter(([, value]) => value !== 0)).toEqual([
      ['delivered none', 1],
      ['undelivered 30003', 1],
      ['failed other', 1],
    ]);
  });

  it('reports change no limit, no guess and no code', async () => {
    const { phone, id, sid } = await sent();
    await api.check(id, wrongCode(codeFor(simulator, phone))).expect(422);
    for (const status of ['failed', 'undelivered', 'delivered'] as const) await simulator.report(sid, status);
    await api.send(phone).expect(429);
    const wrong = await api.check(id, wrongCode(codeFor(simulator, phone))).expect(422);
    expect(wrong.body.attemptsLeft).toBe(3);
    await api.check(id, codeFor(simulator, phone)).expect(200);
    await simulator.report(sid, 'undelivered', 30003);
    expect((await deliveryOf(id)).status).toBe('approved');
    await api.check(id, codeFor(simulator, phone)).expect(410);
  });

  it('both tokens of a rotation may have signed, and no other', async () => {
    const { id, sid } = await sent();
    expect(await simulator.report(sid, 'sent', undefined, OLD_TOKEN)).toBe(204);
    expect(await simulator.report(sid, 'delivered', undefined, 'a token of somebody else')).toBe(403);
    expect((await deliveryOf(id)).delivery).toBe('sent');
  });

  describe('a request to the address for reports', () => {
    const fieldsOf = (sid: string, more: Record<string, string> = {}): Record<string, string> => ({
      AccountSid: simulator.accountSid,
      MessageSid: sid,
      MessageStatus: 'delivered',
      ...more,
    });
    const post = (target: string, fields: Record<string, string>, signature?: string) => {
      const signed =
        signature ?? twilio.getExpectedTwilioSignature(simulator.authToken, publicUrl + target, fields);
      return request(publicUrl).post(target).type('form').set('x-twilio-signature', signed).send(fields);
    };
    const targetOf = (sid: string): string => {
      const { pathname, search } = new URL(simulator.statusCallbackOf(sid)!);
      return pathname + search;
    };

    it('is accepted with fields of next year, and whatever Host and forwarding headers say', async () => {
      const { id, sid } = await sent();
      const answer = post(
        targetOf(sid),
        fieldsOf(sid, { RawDlrDoneDate: '2611241200', 'New[Field]': 'x  y' }),
      );
      await answer
        .set({
          host: 'evil.example.com',
          'x-forwarded-host': 'evil.example.com',
          'x-forwarded-proto': 'https',
        })
        .expect(204);
      expect((await deliveryOf(id)).delivery).toBe('delivered');
    });

    it('is accepted, and leaves nothing behind, when we know neither id, message, account nor status', async () => {
      const { id, sid } = await sent();
      const target = targetOf(sid);
      const other = `${CALLBACK}?id=${'A'.repeat(96)}`;
      await post(other, fieldsOf(sid)).expect(204);
      await post(CALLBACK, fieldsOf(sid)).expect(204);
      await post(`${target}&id=x`, fieldsOf(sid)).expect(204);
      await post(target, fieldsOf(sid, { AccountSid: `AC${'0'.repeat(32)}` })).expect(204);
      await post(target, fieldsOf(sid, { MessageStatus: 'teleported' })).expect(204);
      expect((await deliveryOf(id)).delivery).toBe('queued');
    });

    it('is refused without the signature of our account, and changes nothing', async () => {
      const { id, sid } = await sent();
      const target = targetOf(sid);
      for (const refused of [
        post(target, fieldsOf(sid), 'L/OH5YylLD5NRKLltdqwSvS0BnU='),
        post(target, fieldsOf(sid), ''),
        request(publicUrl).post(target).type('form').send(fieldsOf(sid)),
        request(publicUrl).post(target),
      ]) {
        const answer = await refused.expect(403);
        expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
        expect(answer.body).toMatchObject({ status: 403, code: 'FORBIDDEN' });
      }
      expect((await deliveryOf(id)).delivery).toBe('queued');
    });

    it('is refused in another form, with another method, and when it is too large', async () => {
      await request(publicUrl).post(CALLBACK).type('json').send({}).expect(403);
      await request(publicUrl).post(CALLBACK).type('text/plain').send('x').expect(415);
      await request(publicUrl).get(CALLBACK).expect(405);
      await request(publicUrl)
        .post(CALLBACK)
        .type('form')
        .send(`x=${'y'.repeat(9_000)}`)
        .expect(413);
    });

    it('is the only one at which forms are read', async () => {
      await request(publicUrl).post('/v1/verifications').type('form').send({ phone: newPhone() }).expect(415);
    });
  });
});

describe('Without server.public_url', () => {
  it('sends name no address for reports, and there is none', async () => {
    const api = await startApi(simulator, 'embedded');
    try {
      const phone = newPhone();
      await api.send(phone).expect(201);
      expect(simulator.statusCallbackOf(simulator.inbox.latest(phone)!.id)).toBeNull();
      await api.http().post(CALLBACK).send({}).expect(404);
    } finally {
      await api.close();
    }
  });
});
