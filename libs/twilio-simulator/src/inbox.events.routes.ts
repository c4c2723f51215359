import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { InboxEvent } from './inbox.events.js';
import type { Inbox } from './inbox.js';
import { InputError } from './json.input.js';

const HEARTBEAT_MS = 15_000;
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

/**
 * `GET /inbox/events`: what happens in an inbox, as Server-Sent Events. `Last-Event-ID`, or `?after=` where a browser
 * cannot set it, asks for what was missed; `event: reset` says that this is not known any more.
 */
export function inboxEventsRoutes(scope: FastifyInstance, inbox: Inbox): void {
  const streams = new Set<ServerResponse>();
  scope.addHook('preClose', async () => {
    for (const stream of streams) stream.end();
  });

  scope.get('/inbox/events', { exposeHeadRoute: false }, async (request, reply) => {
    const after = readAfter(request);
    const stream = open(reply);
    streams.add(stream);

    const missed = after === undefined ? [] : inbox.events.after(after);
    if (missed) for (const event of missed) write(stream, format(event));
    else write(stream, `id: ${inbox.events.lastId}\nevent: reset\ndata: {}\n\n`);
    // Even a client that has seen nothing yet then knows where to go on after a lost connection.
    write(stream, `: connected\nid: ${inbox.events.lastId}\n\n`);

    const unsubscribe = inbox.events.subscribe((event) => write(stream, format(event)));
    let stopHeartbeat = () => {};
    const beat = (): void => {
      stopHeartbeat = inbox.clock.schedule(() => {
        write(stream, ': still here\n\n');
        beat();
      }, HEARTBEAT_MS);
    };
    beat();
    stream.once('close', () => {
      unsubscribe();
      stopHeartbeat();
      streams.delete(stream);
    });
  });
}

function open(reply: FastifyReply): ServerResponse {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
    connection: 'close', // so that the end of the stream ends the connection, and the server can stop
  });
  return reply.raw;
}

function write(stream: ServerResponse, text: string): void {
  if (stream.writableEnded || stream.destroyed) return;
  if (stream.writableLength > MAX_UNSENT_BYTES) stream.destroy();
  else stream.write(text);
}

function format({ id, type, data }: InboxEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function readAfter(request: FastifyRequest): number | undefined {
  const asked =
    request.headers['last-event-id'] || new URL(request.url, 'http://inbox').searchParams.get('after');
  if (!asked) return undefined;
  if (!/^\d{1,15}$/.test(String(asked))) throw new InputError('after must be the number of an event');
  return Number(asked);
}
