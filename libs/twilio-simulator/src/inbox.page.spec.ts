import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { request } from 'undici';
import { Faults } from './faults.js';
import { controlRoutes } from './control.routes.js';
import { Inbox } from './inbox.js';
import { inboxRoutes, type InboxRoutesOptions } from './inbox.routes.js';
import { pageAssets } from './pages/asset.routes.js';

const TO = '+12025550123';
const OTHER = '+447700900123';

describe('The page of the inbox', () => {
  let inbox: Inbox;
  let server: FastifyInstance;
  let origin: string;

  beforeEach(async () => {
    inbox = new Inbox();
    await serve();
  });
  afterEach(() => server.close());

  async function serve(options?: InboxRoutesOptions, hasControls = false): Promise<void> {
    server = Fastify();
    await server.register(inboxRoutes(inbox, options));
    await server.register(pageAssets());
    const { callbacks, optOuts } = inbox.messaging;
    if (hasControls)
      await server.register(controlRoutes({ faults: new Faults(), callbacks, optOuts }, 'localhost'));
    origin = await server.listen();
  }

  async function get(path: string) {
    const answer = await request(origin + path, { headers: { host: 'localhost:4010' } });
    return { statusCode: answer.statusCode, headers: answer.headers, body: await answer.body.text() };
  }
  const page = async (query = '') => (await get(`/inbox${query}`)).body;
  const receive = (to: string, body: string) => inbox.add({ to, from: '+15005550006', body });
  const phonesOn = (html: string) => [...html.matchAll(/mono phone">([^<]+)</g)].map(([, phone]) => phone);

  it('escapes what it was sent', async () => {
    receive(TO, '<script>alert("4829")</script> & \'more\'');
    const html = await page(`?text=${encodeURIComponent('<script>')}`);

    expect(html).toContain('&lt;script&gt;alert(&quot;4829&quot;)&lt;/script&gt; &amp; &#39;more&#39;');
    expect(html).toContain('value="&lt;script&gt;"');
    expect(html).not.toMatch(/<script>|alert\("/);
  });

  it('loads from this origin alone, and runs nothing inside it', async () => {
    receive(TO, 'Code 482913');
    const { headers, body } = await get('/inbox');

    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'self'; script-src 'self';/,
    );
    expect(body).not.toMatch(/(src|href)="https?:|<style|\sstyle=|\son\w+=/);
    const files = [...body.matchAll(/(?:src|href)="(\/pages\/[^"]+)"/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect((await get(file)).statusCode).toBe(200);
  });

  it('serves every module that its script imports', async () => {
    const left = ['inbox.js'];
    const seen = new Set<string>();
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const { statusCode, body } = await get(`/pages/${name}`);
      expect([name, statusCode]).toEqual([name, 200]);
      left.push(...[...body.matchAll(/from '\.\/([^']+)'/g)].map(([, file]) => file!));
    }
    expect(seen.size).toBeGreaterThan(5);
  });

  it('has the messages that match, newest first, and says how many', async () => {
    receive(TO, 'Code 482913');
    receive(OTHER, 'Code 7741');
    receive(TO, 'Hello');

    expect(phonesOn(await page())).toEqual([TO, OTHER, TO]);
    expect(phonesOn(await page('?to=%2B1202&text=code'))).toEqual([TO]);
    expect(phonesOn(await page('?to=+1202&text=code'))).toEqual([TO]);
    expect(await page('?to=202')).toContain('2 found');
  });

  it('names the phone of a reply, which is its sender', async () => {
    const { id } = receive(TO, 'Code 482913');
    inbox.messaging.reply(inbox.find(id)!, 'STOP');

    expect(await page()).toMatch(/Reply from<\/span> <span class="mono phone">\+12025550123</);
  });

  it('tells a wrong number, instead of showing what was not looked for', async () => {
    receive(TO, 'Code 482913');
    const html = await page('?to=abc');

    expect(html).toContain('A number has digits only.');
    expect(phonesOn(html)).toEqual([]);
  });

  it('shows 50, and leads to more of the same search', async () => {
    for (let count = 0; count < 51; count += 1) receive(TO, 'Code 482913');
    const html = await page('?text=code');

    expect(phonesOn(html)).toHaveLength(50);
    expect(html).toContain('href="/inbox?text=code&amp;limit=100"');
    expect(phonesOn(await page('?text=code&limit=100'))).toHaveLength(51);
    expect(phonesOn(await page('?limit=nonsense'))).toHaveLength(50);
  });

  it('shows the timeline with what the receiver of each callback answered', async () => {
    const { id } = receive(TO, 'Code 482913');
    const record = inbox.find(id)!;
    inbox.messaging.messages.move(record, 'sent');
    inbox.messaging.messages.move(record, 'undelivered', 30005);
    record.timeline[1]!.callback = { at: '2026-01-01T00:00:01.000Z', answer: 204 };
    record.timeline[2]!.callback = { at: '2026-01-01T00:00:02.000Z', answer: null };
    const steps = /data-part="timeline">(.*?)<\/ol>/.exec(await page())![1]!;
    const text = steps.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');

    expect(text).toMatch(
      /Queued \S+ UTC no callback Sent \S+ UTC callback answered 204 at 00:00:01 UTC Undelivered 30005 \S+ UTC callback got no answer at 00:00:02 UTC/,
    );
  });

  it('offers faults where they can be asked for', async () => {
    expect(await page()).not.toContain('What goes wrong');
    await server.close();
    await serve({}, true);
    expect(await page()).toContain('What goes wrong');
  });

  it('only offers faults that the simulator knows', async () => {
    await server.close();
    await serve({}, true);
    const faults = [...(await page()).matchAll(/data-fault="([^"]+)"/g)].map(([, text]) => text!);
    expect(faults).toHaveLength(8);
    for (const text of faults) {
      const fault = JSON.parse(text.replaceAll('&quot;', '"')) as object;
      const answer = await request(`${origin}/simulator/faults`, {
        method: 'POST',
        headers: { host: 'localhost', 'content-type': 'application/json' },
        body: JSON.stringify({ fault }),
      });
      expect([text, answer.statusCode]).toEqual([text, 204]);
    }
  });

  it('leads where it is told to, and shows the command it is told to when it is empty', async () => {
    await server.close();
    await serve({
      links: () => [{ href: '/', text: 'Playground' }],
      sendExample: { path: '/v1/send', body: { phone: TO } },
    });
    const html = await page();

    expect(html).toContain('<a href="/">Playground</a>');
    expect(html).toContain('curl -s http://localhost:4010/v1/send');
    expect(html).toContain('{&quot;phone&quot;:&quot;+12025550123&quot;}');
  });
});
