import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { request } from 'undici';
import { assetRoutes, pageAssets } from './asset.routes.js';

describe('The files of the pages', () => {
  let server: FastifyInstance;
  let origin: string;
  beforeAll(async () => {
    server = Fastify();
    await server.register(pageAssets());
    origin = await server.listen();
  });
  afterAll(() => server.close());

  async function get(name: string, headers: Record<string, string> = {}) {
    const answer = await request(`${origin}/pages/${name}`, { headers });
    return { statusCode: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  it.each([
    ['pages.css', 'text/css; charset=utf-8'],
    ['icon.svg', 'image/svg+xml'],
    ['elements.js', 'text/javascript; charset=utf-8'],
  ])('are served: %s', async (name, type) => {
    const { statusCode, headers, text } = await get(name);
    expect([statusCode, headers['content-type']]).toEqual([200, type]);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(text.length).toBeGreaterThan(100);
  });

  it('are not sent again while they are the same', async () => {
    const { headers } = await get('pages.css');
    expect(headers['cache-control']).toBe('no-cache');
    const again = await get('pages.css', { 'if-none-match': headers['etag'] as string });
    expect([again.statusCode, again.text]).toEqual([304, '']);
    const changed = await get('pages.css', { 'if-none-match': '"other"' });
    expect(changed.statusCode).toBe(200);
  });

  it.each(['page.ts', 'asset.routes.ts', '..%2findex.ts', '..%2f..%2fpackage.json', ''])(
    'are those of the list alone: not %s',
    async (name) => {
      expect((await get(name)).statusCode).toBe(404);
    },
  );

  it('have to be there at the start', async () => {
    const folder = new URL('./', import.meta.url);
    const other = Fastify();
    await expect(
      other.register(assetRoutes({ folder, names: ['missing.css'], prefix: '/pages' })).ready(),
    ).rejects.toThrow('ENOENT');
  });
});
