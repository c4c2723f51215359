import type { FastifyInstance } from 'fastify';
import type { Inbox, InboxMessage } from './inbox.js';
import { isPartOfNumber, MAX_LIMIT, queryOf } from './inbox.query.js';
import { InputError } from './json.input.js';
import { Problem } from './problem.reply.js';

const MAX_WAIT_SECONDS = 60;
const DEFAULT_LIMIT = 50;

type ById = { Params: { id: string } };

/** Reads, deletes and restores the messages of an inbox. */
export function inboxMessagesRoutes(scope: FastifyInstance, inbox: Inbox): void {
  const waits = new Set<AbortController>();
  scope.addHook('preClose', async () => {
    for (const wait of waits) wait.abort();
  });

  scope.get('/inbox/messages', async (request, reply) => {
    const query = queryOf(request);
    const to = query.get('to') ?? '';
    if (!isPartOfNumber(to)) throw new InputError('to must be a phone number, or a part of one');
    // With it, /inbox/events?after= goes on from this list without a gap.
    reply.header('last-event-id', inbox.events.lastId);
    const messages = inbox.list({
      to,
      text: query.get('text') ?? undefined,
      before: query.get('before') || undefined,
      limit: readInteger(query, 'limit', 1, MAX_LIMIT) ?? DEFAULT_LIMIT,
    });
    return { messages };
  });

  scope.get('/inbox/messages/latest', async (request, reply) => {
    const query = queryOf(request);
    const waitSeconds = readInteger(query, 'wait', 0, MAX_WAIT_SECONDS) ?? 0;
    const to = query.get('to') ?? undefined;
    if (to?.trim() === '') throw new InputError('to must be a phone number, or be left out');

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

  scope.get<ById>('/inbox/messages/:id', async ({ params }) => known(inbox.get(params.id)));

  scope.delete<ById>('/inbox/messages/:id', async ({ params }, reply) => {
    if (!inbox.delete(params.id)) throw noSuchMessage();
    await reply.code(204).send();
  });

  scope.delete('/inbox/messages', async () => ({ deleted: inbox.deleteAll() }));

  scope.post<ById>('/inbox/messages/:id/restore', async ({ params }) => known(inbox.restore(params.id)));
}

export function noSuchMessage(): Problem {
  return new Problem(404, 'NOT_FOUND', 'There is no such message in the inbox.');
}

function known(message: InboxMessage | undefined): InboxMessage {
  if (!message) throw noSuchMessage();
  return message;
}

function readInteger(query: URLSearchParams, name: string, min: number, max: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = /^\d{1,3}$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max))
    throw new InputError(`${name} must be an integer from ${min} to ${max}`);
  return value;
}
