import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { ManualClock } from './clock.js';
import { Inbox } from './inbox.js';
import { inboxRoutes } from './inbox.routes.js';
import { Messaging } from './messaging.js';

const ann = '+12025550101';
const bob = '+442071838750';
const sender = '+15005550006';
const MINUTE_MS = 60_000;

describe('the messages of an inbox over HTTP', () => {
  let clock: ManualClock;
  let inbox: Inbox;
  let server: FastifyInstance;
  let url: string;

  beforeEach(async () => {
    clock = new ManualClock();
    inbox = new Inbox(new Messaging({ clock }), clock);
    server = Fastify();
    await server.register(inboxRoutes(inbox));
    url = await server.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(() => server.close());

  async function call(method: 'GET' | 'POST' | 'DELETE', path: string) {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/inbox${path}`, { method, ...(method === 'POST' && { headers }) });
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  async function listed(query = ''): Promise<string[]> {
    const { json } = await call('GET', `/messages${query}`);
    return (json.messages as { id: string }[]).map(({ id }) => id);
  }

  const receive = (id: string, to = ann, body = 'Code 482913') => inbox.add({ id, to, from: sender, body });

  it('show what a phone received, and what became of it', async () => {
    receive('a');
    clock.advance(700);
    inbox.messaging.messages.move(inbox.find('a')!, 'undelivered', 30005);

    const message = {
      id: 'a',
      to: ann,
      from: sender,
      body: 'Code 482913',
      code: '482913',
      createdAt: '2026-01-01T00:00:00.000Z',
      segments: 1,
      encoding: 'GSM-7',
      status: 'undelivered',
      errorCode: 30005,
      direction: 'outbound',
      timeline: [
        { status: 'queued', at: '2026-01-01T00:00:00.000Z', errorCode: null, callback: null },
        { status: 'undelivered', at: '2026-01-01T00:00:00.700Z', errorCode: 30005, callback: null },
      ],
    };
    expect(await call('GET', '/messages/a')).toEqual({ status: 200, json: message });
    expect(await call('GET', '/messages')).toEqual({ status: 200, json: { messages: [message] } });
  });

  it('are found by a part of the number, however it is written, and by a part of the text', async () => {
    receive('a', ann, 'Your Code');
    receive('b', bob, 'Ihr Code ist da');

    expect(await listed('?to=999')).toEqual([]);
    expect(await listed('?to=(555)%200101')).toEqual(['a']);
    expect(await listed('?to=%2B44%2020')).toEqual(['b']);
    expect(await listed('?text=ihr%20code')).toEqual(['b']);
    expect(await listed('?to=&text=CODE')).toEqual(['b', 'a']);
    expect(await listed('?to=44&text=your')).toEqual([]);
  });

  it('are given in pages, newest first', async () => {
    for (let index = 0; index < 60; index += 1) receive(`m${index}`);

    expect(await listed()).toHaveLength(50);
    expect(await listed('?limit=2')).toEqual(['m59', 'm58']);
    expect(await listed('?limit=2&before=m58')).toEqual(['m57', 'm56']);
    expect(await listed('?before=m0')).toEqual([]);
    expect(await listed('?before=unknown')).toEqual([]);
  });

  it.each(['limit=0', 'limit=501', 'limit=many', 'limit=', 'to=Ann'])(
    'are not listed with %s',
    async (query) => {
      expect(await call('GET', `/messages?${query}`)).toMatchObject({
        status: 400,
        json: { code: 'VALIDATION_FAILED', detail: expect.stringContaining('must be') },
      });
    },
  );

  it('are gone at once when deleted, and come back to their place for 10 minutes', async () => {
    for (const id of ['a', 'b', 'c']) receive(id);

    expect(await call('DELETE', '/messages/b')).toEqual({ status: 204, json: {} });
    expect(await listed()).toEqual(['c', 'a']);
    expect((await call('GET', '/messages/b')).status).toBe(404);
    expect(await listed('?before=b')).toEqual(['a']);
    clock.advance(10 * MINUTE_MS);
    expect(await call('POST', '/messages/b/restore')).toMatchObject({ status: 200, json: { id: 'b' } });
    expect(await listed()).toEqual(['c', 'b', 'a']);
  });

  it('stay deleted after 10 minutes', async () => {
    receive('a');
    await call('DELETE', '/messages/a');
    clock.advance(10 * MINUTE_MS + 1);

    expect((await call('POST', '/messages/a/restore')).status).toBe(404);
    expect(await listed()).toEqual([]);
  });

  it('are not the latest once they are deleted', async () => {
    receive('a');
    receive('b');
    await call('DELETE', '/messages/b');

    expect(await call('GET', '/messages/latest')).toMatchObject({ status: 200, json: { id: 'a' } });
  });

  it('are deleted all together', async () => {
    for (const id of ['a', 'b', 'c']) receive(id);
    await call('DELETE', '/messages/a');

    expect(await call('DELETE', '/messages')).toEqual({ status: 200, json: { deleted: 2 } });
    expect(await listed()).toEqual([]);
    await call('POST', '/messages/c/restore');
    expect(await listed()).toEqual(['c']);
  });

  it.each([
    ['GET', '/messages/unknown'],
    ['DELETE', '/messages/unknown'],
    ['POST', '/messages/unknown/restore'],
  ] as const)('are not found under an unknown id: %s %s', async (method, path) => {
    expect(await call(method, path)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
  });

  it('are kept for 7 days', async () => {
    receive('a');
    clock.advance(24 * 60 * MINUTE_MS);
    receive('b');
    clock.advance(6 * 24 * 60 * MINUTE_MS + 1);

    expect(await listed()).toEqual(['b']);
  });
});
