import type { FastifyPluginAsync } from 'fastify';
import { inboxActionsRoutes } from './inbox.actions.routes.js';
import { inboxEventsRoutes } from './inbox.events.routes.js';
import { inboxMessagesRoutes } from './inbox.messages.routes.js';
import { inboxPageRoutes, type InboxPageOptions } from './inbox.page.routes.js';
import type { Inbox } from './inbox.js';
import { serveJsonSafely, type JsonScopeOptions } from './json.scope.js';

export type InboxRoutesOptions = JsonScopeOptions & InboxPageOptions;

/**
 * A Fastify plugin that serves an inbox: the page `/inbox`, and under it the JSON of its messages, what can be done with
 * them, and the stream of what happens. The page needs `pageAssets` beside it. Its hooks reach no other route.
 */
export function inboxRoutes(inbox: Inbox, options: InboxRoutesOptions = {}): FastifyPluginAsync {
  return async (scope) => {
    serveJsonSafely(scope, options);

    inboxPageRoutes(scope, inbox, options);
    inboxMessagesRoutes(scope, inbox);
    inboxActionsRoutes(scope, inbox);
    inboxEventsRoutes(scope, inbox);
  };
}
