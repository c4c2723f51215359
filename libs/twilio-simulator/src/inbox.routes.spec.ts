import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { request } from 'undici';
import { Inbox } from './inbox.js';
import { inboxRoutes, type InboxRoutesOptions } from './inbox.routes.js';

const to = '+12025550123';
const from = '+15005550006';

describe('the routes of the inbox', () => {
  let inbox: Inbox;
  let server: FastifyInstance;
  let url: string;

  beforeEach(async () => {
    inbox = new Inbox();
    await serve();
  });
  afterEach(() => server.close());

  async function serve(options?: InboxRoutesOptions): Promise<void> {
    server = Fastify();
    await server.register(inboxRoutes(inbox, options));
    server.get('/elsewhere', async () => 'untouched');
    url = await server.listen();
  }

  async function get(path: string, host = 'localhost:4010') {
    const { statusCode: status, headers, body } = await request(url + path, { headers: { host } });
    const text = await body.text();
    return { status, headers, text, json: (): unknown => JSON.parse(text) };
  }

  const receive = (id: string, body = 'Code 482913') => inbox.add({ id, to, from, body });

  it.each(['+12025550123', '%2B12025550123', '+1%20202%20555%200123'])(
    'give the latest message to=%s',
    async (query) => {
      const { createdAt } = receive('a');
      const answer = await get(`/inbox/messages/latest?to=${query}`);

      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.json()).toEqual({ id: 'a', to, from, body: 'Code 482913', code: '482913', createdAt });
    },
  );

  it('give 204 when there is no message, or none newer', async () => {
    expect((await get('/inbox/messages/latest')).status).toBe(204);
    receive('a');

    expect((await get('/inbox/messages/latest?after=a&wait=0')).status).toBe(204);
    expect((await get('/inbox/messages/latest?to=+12025550199')).status).toBe(204);
  });

  it('ignore an unknown message to come after', async () => {
    receive('a');

    expect((await get('/inbox/messages/latest?after=unknown')).json()).toMatchObject({ id: 'a' });
  });

  it('wait for a message that arrives later', async () => {
    receive('a');
    const waiting = get(`/inbox/messages/latest?to=${to}&after=a&wait=60`);
    await once(server.server, 'request');
    receive('b');

    expect((await waiting).json()).toMatchObject({ id: 'b' });
  });

  it('end a wait when the server closes', async () => {
    const waiting = get('/inbox/messages/latest?wait=60');
    await once(server.server, 'request');
    await server.close();

    expect((await waiting).status).toBe(204);
  });

  it('end a wait when the client goes away', async () => {
    const waits = jest.spyOn(inbox, 'waitForLatest');
    const client = new AbortController();
    const gone = fetch(`${url}/inbox/messages/latest?wait=60`, { signal: client.signal }).catch(() => 'gone');
    await once(server.server, 'request');
    client.abort();

    expect(await gone).toBe('gone');
    expect(await waits.mock.results[0]?.value).toBeUndefined();
  });

  it.each(['wait=61', 'wait=-1', 'wait=1.5', 'wait=', 'wait=soon', 'to='])('refuse %s', async (query) => {
    const answer = await get(`/inbox/messages/latest?${query}`);

    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: expect.stringContaining('must be'),
      code: 'VALIDATION_FAILED',
    });
  });

  it('list the messages, newest first', async () => {
    receive('a');
    receive('b');

    expect((await get('/inbox/messages')).json()).toMatchObject({ messages: [{ id: 'b' }, { id: 'a' }] });
  });

  it.each(['localhost', '127.0.0.1:4010', '127.8.9.10', '[::1]:4010', 'LOCALHOST:1'])(
    'serve %s',
    async (host) => {
      expect((await get('/inbox', host)).status).toBe(200);
    },
  );

  it.each(['rebound.example', 'localhost.example', '127.0.0.1.example', '10.0.0.1'])(
    'refuse the host name %s',
    async (host) => {
      receive('a', 'private');
      const answer = await get('/inbox/messages', host);

      expect(answer.status).toBe(421);
      expect(answer.text).not.toContain('private');
    },
  );

  it.each<[string, InboxRoutesOptions, string[], string[]]>([
    ['the host they were started with', { host: 'Sim.example' }, ['sim.example:80'], ['else.example']],
    [
      'every address when started on all of them',
      { host: '0.0.0.0' },
      ['10.0.0.1:80', '[fe80::1]'],
      ['else.example'],
    ],
    ['every host when not asked to check', { checkHost: false }, ['else.example'], []],
  ])('serve %s', async (_what, options, served, refused) => {
    await server.close();
    await serve(options);

    for (const host of served) expect((await get('/inbox', host)).status).toBe(200);
    for (const host of refused) expect((await get('/inbox', host)).status).toBe(421);
  });

  it('leave the other routes of the server alone', async () => {
    const answer = await get('/elsewhere', 'rebound.example');

    expect([answer.text, answer.headers['cache-control']]).toEqual(['untouched', undefined]);
  });
});
