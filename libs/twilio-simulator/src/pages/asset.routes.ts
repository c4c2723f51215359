import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyPluginAsync } from 'fastify';

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

export interface AssetRoutesOptions {
  /** The folder of the files, as a URL that ends with a slash. */
  folder: URL;
  /** The files that are served, and no others: `.css`, `.js` and `.svg`. */
  names: readonly string[];
  /** The address of the folder, such as `/pages`. */
  prefix: string;
}

/**
 * A Fastify plugin that serves a fixed list of files, read once. Browsers ask each time whether a file has changed.
 * @throws when a file cannot be read
 */
export function assetRoutes({ folder, names, prefix }: AssetRoutesOptions): FastifyPluginAsync {
  return async (scope) => {
    for (const name of names) {
      const content = readFileSync(new URL(name, folder));
      const tag = `"${createHash('sha256').update(content).digest('base64url')}"`;
      const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
      scope.get(`${prefix}/${name}`, async (request, reply) => {
        reply
          .header('cache-control', 'no-cache')
          .header('etag', tag)
          .header('x-content-type-options', 'nosniff');
        if (request.headers['if-none-match'] === tag) return reply.code(304).send();
        return reply.type(type).send(content);
      });
    }
  };
}

/** The stylesheet and the other files that every page shares, at `/pages/`. */
export function pageAssets(): FastifyPluginAsync {
  return assetRoutes({
    folder: new URL('./', import.meta.url),
    names: [
      'pages.css',
      'icon.svg',
      'arrivals.js',
      'elements.js',
      'message-card.js',
      'message-feed.js',
      'message-statuses.js',
      'inbox.css',
      'inbox.js',
      'inbox-actions.js',
      'inbox-api.js',
      'inbox-copy.js',
      'inbox-delete.js',
      'inbox-list.js',
      'inbox-menus.js',
      'inbox-panel.js',
      'inbox-press.js',
      'inbox-search.js',
      'inbox-stream.js',
      'inbox-times.js',
    ],
    prefix: '/pages',
  });
}
