import type { FastifyPluginAsync } from 'fastify';
import { refuseForeignHosts } from './host.check.js';
import { INBOX_PAGE_POLICY, renderInboxPage } from './inbox.page.js';
import type { Inbox } from './inbox.js';
import { sendProblem } from './problem.reply.js';

export interface InboxRoutesOptions {
  /** Whether host names other than loopback and `host` are refused with 421. @default true */
  checkHost?: boolean;
  /** The host the server was started with, served beside loopback. */
  host?: string;
}

const MAX_WAIT_SECONDS = 60;

/**
 * A Fastify plugin that serves an inbox: the page `/inbox`, the list `/inbox/messages`, and
 * `/inbox/messages/latest?to=&after=&wait=`, which waits for a message. Its hooks reach no other route.
 */
export function inboxRoutes(
  inbox: Inbox,
  { checkHost = true, host }: InboxRoutesOptions = {},
): FastifyPluginAsync {
  return async (scope) => {
    const waits = new Set<AbortController>();
    scope.addHook('preClose', async () => {
      for (const wait of waits) wait.abort();
    });
    scope.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });
    if (checkHost) scope.addHook('onRequest', refuseForeignHosts(host));

    scope.get('/inbox', async (_request, reply) => {
      await reply
        .header('content-security-policy', INBOX_PAGE_POLICY)
        .header('x-content-type-options', 'nosniff')
        .header('referrer-policy', 'no-referrer')
        .type('text/html; charset=utf-8')
        .send(renderInboxPage(inbox.list()));
    });

    scope.get('/inbox/messages', async () => ({ messages: inbox.list() }));

    scope.get('/inbox/messages/latest', async (request, reply) => {
      const query = new URL(request.url, 'http://inbox').searchParams;
      const waitText = query.get('wait') ?? '0';
      const waitSeconds = /^\d{1,2}$/.test(waitText) ? Number(waitText) : Infinity;
      if (waitSeconds > MAX_WAIT_SECONDS) {
        return sendProblem(
          reply,
          400,
          'VALIDATION_FAILED',
          `wait must be an integer from 0 to ${MAX_WAIT_SECONDS}`,
        );
      }
      const to = query.get('to') ?? undefined;
      if (to?.trim() === '') {
        return sendProblem(reply, 400, 'VALIDATION_FAILED', 'to must be a phone number, or be left out');
      }

      const wait = new AbortController();
      waits.add(wait);
      reply.raw.once('close', () => wait.abort());
      const message = await inbox.waitForLatest(
        to?.replace(/^ /, '+'), // what a plus sign becomes in a query string
        query.get('after') ?? undefined,
        waitSeconds * 1000,
        wait.signal,
      );
      waits.delete(wait);
      if (!message) return reply.code(204).send();
      const { id, from, body, code, createdAt } = message;
      return { id, to: message.to, from, body, code, createdAt };
    });
  };
}
