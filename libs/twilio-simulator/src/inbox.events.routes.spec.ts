import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { ManualClock } from './clock.js';
import { Inbox } from './inbox.js';
import { inboxRoutes } from './inbox.routes.js';
import { Messaging } from './messaging.js';

const to = '+12025550123';
const from = '+15005550006';

interface Received {
  id?: string;
  event?: string;
  data?: unknown;
  comment?: string;
}

describe('the events of an inbox', () => {
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

  const receive = (id: string) => inbox.add({ id, to, from, body: 'Code 4829' });

  /** Connects; `next` gives the next part of the stream, undefined at its end. */
  async function connect(query = '', headers: Record<string, string> = {}) {
    const answer = await fetch(`${url}/inbox/events${query}`, { headers });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const next = async (): Promise<Received | undefined> => {
      while (!text.includes('\n\n')) {
        const { value, done } = await reader.read();
        if (done) return undefined;
        text += value;
      }
      const end = text.indexOf('\n\n');
      const part = text.slice(0, end);
      text = text.slice(end + 2);
      return parse(part);
    };
    return { answer, next };
  }

  function parse(part: string): Received {
    const fields = part.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon) || 'comment', line.slice(colon + 1).trim()];
    });
    const received = Object.fromEntries(fields) as Record<string, string>;
    return {
      ...received,
      ...(received.data !== undefined && { data: JSON.parse(received.data) as unknown }),
    };
  }

  it('tell of new, changed, deleted and restored messages as they come', async () => {
    receive('before');
    const { answer, next } = await connect();
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const start = Number((await next())?.id);

    receive('a');
    inbox.messaging.messages.move(inbox.find('a')!, 'sent');
    inbox.delete('a');
    inbox.restore('a');
    expect([await next(), await next(), await next(), await next()]).toMatchObject([
      { id: String(start + 1), event: 'message', data: { id: 'a', status: 'queued', code: '4829' } },
      { id: String(start + 2), event: 'message', data: { id: 'a', status: 'sent' } },
      { id: String(start + 3), event: 'deleted', data: { id: 'a' } },
      { id: String(start + 4), event: 'message', data: { id: 'a', timeline: [{}, { status: 'sent' }] } },
    ]);
  });

  it.each([
    ['Last-Event-ID', (id: number) => connect('', { 'last-event-id': String(id) })],
    ['after', (id: number) => connect(`?after=${id}`)],
    ['Last-Event-ID rather than after', (id: number) => connect('?after=1', { 'last-event-id': String(id) })],
  ])('go on from %s without a gap', async (_how, reconnect) => {
    receive('a');
    const listed = await fetch(`${url}/inbox/messages`);
    receive('b');
    receive('c');
    const { next } = await reconnect(Number(listed.headers.get('last-event-id')));

    expect([await next(), await next()]).toMatchObject([{ data: { id: 'b' } }, { data: { id: 'c' } }]);
    expect((await next())?.comment).toBe('connected');
    receive('d');
    expect(await next()).toMatchObject({ data: { id: 'd' } });
  });

  it('tell of each message that was missed once, as it is now', async () => {
    const start = inbox.events.lastId;
    receive('a');
    receive('b');
    inbox.messaging.messages.move(inbox.find('a')!, 'sent');
    inbox.delete('b');
    const { next } = await connect(`?after=${start}`);

    expect([await next(), await next()]).toMatchObject([
      { id: String(start + 3), event: 'message', data: { id: 'a', status: 'sent' } },
      { id: String(start + 4), event: 'deleted', data: { id: 'b' } },
    ]);
    expect((await next())?.comment).toBe('connected');
  });

  it('tell that more was missed than is remembered', async () => {
    const start = inbox.events.lastId;
    for (let index = 0; index < 1001; index += 1)
      inbox.messaging.messages.change(inbox.find('a') ?? recordOf('a'), {});

    expect(await (await connect(`?after=${start}`)).next()).toMatchObject({
      event: 'reset',
      id: String(inbox.events.lastId),
    });
    expect(await (await connect(`?after=${inbox.events.lastId + 1}`)).next()).toMatchObject({
      event: 'reset',
    });
  });

  function recordOf(id: string) {
    receive(id);
    return inbox.find(id)!;
  }

  it('never take the number of an earlier simulator for one of their own', () => {
    receive('a');
    clock.advance(1000);
    const restarted = new Inbox(new Messaging({ clock }), clock);
    restarted.add({ id: 'b', to, from, body: 'Code 4829' });

    expect(restarted.events.after(inbox.events.lastId)).toBeUndefined();
  });

  it('keep the connection alive every 15 seconds', async () => {
    const { next } = await connect();
    await next();
    clock.advance(14_999);
    receive('a');
    expect(await next()).toMatchObject({ event: 'message' });
    clock.advance(1);
    expect(await next()).toEqual({ comment: 'still here' });
    clock.advance(15_000);
    expect(await next()).toEqual({ comment: 'still here' });
  });

  it('end when the server closes, which does not wait for them', async () => {
    const { next } = await connect();
    await next();
    await server.close();

    expect(await next()).toBeUndefined();
  });

  it('are refused after what is no number', async () => {
    expect((await fetch(`${url}/inbox/events?after=a`)).status).toBe(400);
  });
});
