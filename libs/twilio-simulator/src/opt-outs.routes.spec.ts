import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type twilio from 'twilio';
import { connectSdk } from '../../../test/support/sdk.js';
import { ManualClock } from './clock.js';
import { TwilioSimulator } from './twilio.simulator.js';

const ann = '+12025550101';
const bob = '+12025550102';
const from = '+15005550006';
const messagingServiceSid = `MG${'a'.repeat(32)}`;
const body = 'Your verification code is: 482913';
const DAY_MS = 24 * 60 * 60 * 1000;

describe('opt-outs', () => {
  let clock: ManualClock;
  let simulator: TwilioSimulator;
  let client: twilio.Twilio;

  beforeEach(async () => {
    clock = new ManualClock();
    simulator = await TwilioSimulator.start({ clock });
    client = connectSdk(simulator);
  });
  afterEach(() => simulator.close());

  const list = async () =>
    ((await (await fetch(`${simulator.url}/simulator/opt-outs`)).json()) as { optOuts: object[] }).optOuts;
  const remove = (query = '') => fetch(`${simulator.url}/simulator/opt-outs${query}`, { method: 'DELETE' });

  async function optOut(to: string, sender: { from: string } | { messagingServiceSid: string } = { from }) {
    const { sid } = await client.messages.create({ to, ...sender, body });
    return simulator.inbox.messaging.reply(simulator.inbox.find(sid)!, 'STOP');
  }

  it('are listed, oldest first, each with its phone, its sender and its time', async () => {
    await optOut(ann);
    clock.advance(1000);
    await optOut(bob, { messagingServiceSid });

    expect(await list()).toEqual([
      { phone: ann, sender: from, since: '2026-01-01T00:00:00.000Z' },
      { phone: bob, sender: messagingServiceSid, since: '2026-01-01T00:00:01.000Z' },
    ]);
  });

  it.each([
    ['all', '', [undefined, undefined]],
    [
      'one by phone and sender',
      `?phone=${encodeURIComponent(ann)}&sender=${encodeURIComponent(from)}`,
      [undefined, 21610],
    ],
    ['one whose plus signs are not encoded', `?phone=${ann}&sender=${from}`, [undefined, 21610]],
  ])('are lifted: %s', async (_what, query, codes) => {
    await optOut(ann);
    await optOut(bob);
    expect((await remove(query)).status).toBe(204);

    const refusals = [ann, bob].map((to) =>
      client.messages.create({ to, from, body }).then(
        () => undefined,
        ({ code }: { code: number }) => code,
      ),
    );
    expect(await Promise.all(refusals)).toEqual(codes);
  });

  it.each([
    [`?phone=${bob}&sender=${from}`, 404, 'NOT_FOUND'],
    [`?phone=${ann}`, 400, 'VALIDATION_FAILED'],
  ])('stay when %s is to be lifted', async (query, status, code) => {
    await optOut(ann);
    const answer = await remove(query);

    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining({ code })]);
    expect(await list()).toHaveLength(1);
  });

  it('end with START in answer to the STOP itself', async () => {
    const stop = await optOut(ann, { messagingServiceSid });
    const answer = await fetch(`${simulator.url}/inbox/messages/${stop.sid}/reply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ body: 'START' }),
    });

    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ direction: 'inbound', from: ann, to: from, body: 'START' });
    expect(await list()).toEqual([]);
  });

  it('end after 7 days, as the messages do', async () => {
    await optOut(ann);
    clock.advance(7 * DAY_MS);
    expect(await list()).toHaveLength(1);
    clock.advance(1);

    expect(await list()).toEqual([]);
    expect(await client.messages.create({ to: ann, from, body })).toMatchObject({ status: 'queued' });
  });

  it('are the newest 500', async () => {
    const { optOuts } = simulator;
    for (let index = 0; index < 500; index += 1) optOuts.follow('STOP', from, `phone ${index}`);
    optOuts.follow('STOP', from, 'phone 0');
    optOuts.follow('STOP', from, 'phone 500');

    const phones = optOuts.list().map(({ phone }) => phone);
    expect(phones).toHaveLength(500);
    expect([phones[0], ...phones.slice(-2)]).toEqual(['phone 2', 'phone 0', 'phone 500']);
  });
});
