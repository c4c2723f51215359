import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type twilio from 'twilio';
import { connectSdk } from '../../../test/support/sdk.js';
import { ManualClock } from './clock.js';
import { TwilioSimulator } from './twilio.simulator.js';

const to = '+12025550123';
const from = '+15005550006';
const body = 'Your verification code is: 482913';
const STEP_MS = 700;
const DAY_MS = 24 * 60 * 60 * 1000;

interface Listed {
  instances: { sid: string }[];
  nextPage(): Promise<Listed | undefined> | undefined;
}

describe('the official SDK lists messages', () => {
  let clock: ManualClock;
  let simulator: TwilioSimulator;
  let client: twilio.Twilio;
  let sids: string[];

  beforeAll(async () => {
    clock = new ManualClock();
    simulator = await TwilioSimulator.start({ clock, delivery: { stepMs: STEP_MS } });
    client = connectSdk(simulator);
    sids = [];
    for (let index = 0; index < 7; index += 1) {
      const { sid } = await client.messages.create({ to: index % 2 === 0 ? to : '+12025550124', from, body });
      sids.unshift(sid);
      clock.advance(3 * STEP_MS);
      clock.advance(DAY_MS / 2);
    }
  });

  afterAll(() => simulator.close());

  const sidsOf = (messages: { sid: string }[]) => messages.map(({ sid }) => sid);

  it('newest first, all or up to a limit', async () => {
    expect(sidsOf(await client.messages.list())).toEqual(sids);
    expect(sidsOf(await client.messages.list({ limit: 3 }))).toEqual(sids.slice(0, 3));
    expect(sidsOf(await client.messages.list({ pageSize: 2 }))).toEqual(sids);
  });

  it('one by one', async () => {
    const seen: string[] = [];
    await new Promise<void>((resolve, reject) => {
      client.messages.each({
        pageSize: 3,
        callback: ({ sid }) => seen.push(sid),
        done: (error?: Error) => (error ? reject(error) : resolve()),
      });
    });

    expect(seen).toEqual(sids);
  });

  it('in pages, forth and back, that new messages do not shift', async () => {
    const first = await client.messages.page({ pageSize: 3 });
    const second = await first.nextPage();
    const third = await second?.nextPage();
    const back = await third?.previousPage();

    expect([first, second, third, back].map((page) => sidsOf(page?.instances ?? []))).toEqual([
      sids.slice(0, 3),
      sids.slice(3, 6),
      sids.slice(6),
      sids.slice(3, 6),
    ]);
    expect(await third?.nextPage()).toBeUndefined();
    expect(first.previousPageUrl).toBeUndefined();
  });

  it('in pages that can be removed as they are read', async () => {
    const other = await TwilioSimulator.start({ clock, delivery: { stepMs: STEP_MS } });
    try {
      const sdk = connectSdk(other);
      const created: string[] = [];
      // All in one millisecond: only the order of creation tells them apart.
      for (let index = 0; index < 7; index += 1) {
        created.unshift((await sdk.messages.create({ to, from, body })).sid);
      }
      clock.advance(3 * STEP_MS);
      const read: string[] = [];
      let page: Listed | undefined = await sdk.messages.page({ pageSize: 3 });
      while (page) {
        read.push(...sidsOf(page.instances));
        for (const { sid } of page.instances) await sdk.messages(sid).remove();
        page = await page.nextPage();
      }

      expect(read).toEqual(created);
      expect(await sdk.messages.list()).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('by recipient, by sender, and by the day they were sent', async () => {
    expect(await client.messages.list({ to })).toHaveLength(4);
    expect(await client.messages.list({ from, pageSize: 2 })).toHaveLength(7);
    expect(await client.messages.list({ from: '+15005550099' })).toEqual([]);

    const { dateSent } = await client.messages(sids[3]!).fetch();
    const sameDay = await client.messages.list({ dateSent });
    expect(sidsOf(sameDay)).toContain(sids[3]);
    expect(new Set(sameDay.map((message) => message.dateSent.toISOString().slice(0, 10))).size).toBe(1);
    expect(sidsOf(await client.messages.list({ dateSentAfter: dateSent }))).toEqual(sids.slice(0, 4));
    expect(sidsOf(await client.messages.list({ dateSentBefore: dateSent }))).toEqual(sids.slice(3));
  });

  it('with the addresses of the pages around', async () => {
    const path = `/2010-04-01/Accounts/${simulator.accountSid}/Messages.json`;
    const authorization = `Basic ${Buffer.from(`${simulator.accountSid}:${simulator.authToken}`).toString('base64')}`;
    const get = async (uri: string) =>
      (await (await fetch(simulator.url + uri, { headers: { authorization } })).json()) as Record<
        string,
        unknown
      >;
    const page = await get(`${path}?PageSize=2&To=%2B12025550123&DateSent%3E=2026-01-01`);

    const filters = 'To=%2B12025550123&DateSent%3E=2026-01-01&PageSize=2';
    expect(page).toEqual({
      end: 1,
      first_page_uri: `${path}?${filters}&Page=0`,
      messages: [expect.objectContaining({ sid: sids[0] }), expect.objectContaining({ sid: sids[2] })],
      next_page_uri: expect.stringMatching(/&Page=1&PageToken=PA\d+$/),
      page: 0,
      page_size: 2,
      previous_page_uri: null,
      start: 0,
      uri: `${path}?${filters}&Page=0`,
    });
    expect(await get(String(page.next_page_uri))).toMatchObject({
      end: 3,
      messages: [{ sid: sids[4] }, { sid: sids[6] }],
      next_page_uri: null,
      page: 1,
      previous_page_uri: expect.stringMatching(/&Page=0&PageToken=PB\d+$/),
      start: 2,
    });
  });

  it.each([{ pageSize: 0 }, { pageToken: 'PASM0' }, { pageToken: 'PC1' }, { pageNumber: -1 }])(
    'but not with %j',
    async (options) => {
      await expect(client.messages.page(options)).rejects.toMatchObject({ status: 400, code: 20001 });
    },
  );
});
