import type { FastifyInstance } from 'fastify';
import type { PageLink } from '@app/twilio-simulator';

const LINKS: readonly PageLink[] = [
  { href: '/', text: 'Playground' },
  { href: '/inbox', text: 'Inbox' },
  { href: '/docs', text: 'API' },
];

/** Where the pages lead: to those of them that this server has. */
export function pageLinks(server: FastifyInstance): PageLink[] {
  return LINKS.filter(({ href: url }) => server.hasRoute({ method: 'GET', url }));
}
