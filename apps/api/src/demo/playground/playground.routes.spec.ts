import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { request } from 'undici';
import { playgroundRoutes } from './playground.routes.js';

describe('The routes of the playground', () => {
  let server: FastifyInstance;
  let origin: string;
  beforeAll(async () => {
    server = Fastify();
    await server.register(
      playgroundRoutes({ host: '127.0.0.1', countries: ['US', 'GB'], asksForApiKey: false, codeLength: 6 }),
    );
    origin = await server.listen();
  });
  afterAll(() => server.close());

  const get = (path: string, host = 'localhost') => request(origin + path, { headers: { host } });
  const post = (payload: object) =>
    request(`${origin}/playground/number`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payload),
    });

  it('give a page that may load from its own origin alone', async () => {
    const { headers, statusCode } = await get('/');
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
  });

  it('give a page with nothing inline, and with the countries that are served', async () => {
    const body = await (await get('/')).body.text();
    expect(body).not.toMatch(/<style|style=|<script(?! type="module" src=)|\son\w+=/);
    expect(body.match(/<option value="[A-Z]{2}"[^<]*/g)).toEqual([
      '<option value="GB">United Kingdom (+44)',
      '<option value="US" selected>United States (+1)',
    ]);
  });

  it('give each script that the page and its scripts name', async () => {
    const seen = new Set<string>();
    const look = async (path: string): Promise<void> => {
      if (seen.has(path)) return;
      seen.add(path);
      const { body, headers, statusCode } = await get(path);
      expect([path, statusCode, headers['content-type']]).toEqual([
        path,
        200,
        'text/javascript; charset=utf-8',
      ]);
      for (const [, name] of (await body.text()).matchAll(/from '\.\/([\w-]+\.js)'/g))
        await look(`/playground/${name}`);
    };
    await look('/playground/playground.js');
    expect(seen.size).toBe(10);
  });

  it('format a number', async () => {
    const { body } = await post({ country: 'US', text: '2025550123' });
    expect(await body.json()).toEqual({
      country: 'US',
      formatted: '(202) 555-0123',
      national: '(202) 555-0123',
      e164: '+12025550123',
      possible: true,
    });
  });

  it.each([{}, { country: 'US' }, { country: 'us', text: '1' }, { country: 'US', text: '1'.repeat(65) }])(
    'do not format %j',
    async (payload) => {
      const { statusCode } = await post(payload);
      expect(statusCode).toBe(400);
    },
  );

  it.each(['/', '/playground/playground.js'])('do not give %s to a name that is not ours', async (path) => {
    const { statusCode } = await get(path, 'rebound.example');
    expect(statusCode).toBe(421);
  });
});
