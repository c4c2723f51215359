import type { FastifyInstance } from 'fastify';
import { renderInboxPage, type InboxSearch } from './inbox.page.js';
import type { Inbox } from './inbox.js';
import { isPartOfNumber, MAX_LIMIT, queryOf } from './inbox.query.js';
import { PAGE_HEADERS, type PageLink } from './pages/page.js';

const DEFAULT_LIMIT = 50;

export interface SendExample {
  path: string;
  body: object;
  /** The header of that name. @default none */
  authorization?: string;
}

export interface InboxPageOptions {
  /** Where the page leads. @default the page itself alone */
  links?: () => readonly PageLink[];
  /** The request that an empty inbox names to send a first message. @default one to the inbox itself */
  sendExample?: SendExample;
}

/** The page `/inbox`. */
export function inboxPageRoutes(
  scope: FastifyInstance,
  inbox: Inbox,
  {
    links = () => [{ href: '/inbox', text: 'Inbox' }],
    sendExample = {
      path: '/inbox/messages',
      body: { to: '+12025550123', body: 'Your verification code is: 482913' },
    },
  }: InboxPageOptions,
): void {
  scope.get('/inbox', async (request, reply) => {
    const query = queryOf(request);
    const search = readSearch(query);
    const limit = Math.min(
      Number(/^[1-9]\d{0,3}$/.exec(query.get('limit') ?? '')?.[0] ?? DEFAULT_LIMIT),
      MAX_LIMIT,
    );
    const { lastId } = inbox.events;
    const found = search.fault === undefined ? inbox.list({ ...search, limit: limit + 1 }) : [];
    await reply.headers(PAGE_HEADERS).send(
      renderInboxPage({
        messages: found.slice(0, limit),
        search,
        limit,
        hasMore: found.length > limit && limit < MAX_LIMIT,
        lastEventId: lastId,
        links: links(),
        hasPanel: scope.hasRoute({ method: 'POST', url: '/simulator/faults' }),
        sendCommand: curlOf(`${request.protocol}://${request.host}`, sendExample),
      }),
    );
  });
}

function curlOf(origin: string, { path, body, authorization }: SendExample): string {
  const header = authorization === undefined ? '' : ` -H 'authorization: ${authorization}'`;
  return `curl -s ${origin}${path}${header} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
}

function readSearch(query: URLSearchParams): InboxSearch {
  const to = (query.get('to') ?? '').replace(/^ /, '+').trim();
  const text = query.get('text') ?? '';
  return { to, text, ...(!isPartOfNumber(to) && { fault: 'A number has digits only.' }) };
}
