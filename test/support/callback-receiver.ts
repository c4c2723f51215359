import type { IncomingHttpHeaders } from 'node:http';
import Fastify from 'fastify';

export interface ReceivedCallback {
  /** As the sender of the message gave it, without the fragment. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly fields: Record<string, string>;
}

/** What receives Twilio's status callbacks: notes each one, and answers it. */
export interface CallbackReceiver {
  readonly url: string;
  readonly received: ReceivedCallback[];
  /** The statuses of the answers to come, in order; then 204. */
  answers: number[];
  statuses(): string[];
  close(): Promise<void>;
}

export async function startCallbackReceiver(): Promise<CallbackReceiver> {
  const server = Fastify({ forceCloseConnections: true });
  const received: ReceivedCallback[] = [];
  server.addContentTypeParser(
    /^application\/x-www-form-urlencoded/,
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body.toString()))),
  );
  server.post('/status', async (request, reply) => {
    const fields = request.body as Record<string, string>;
    received.push({ url: origin + request.url, headers: request.headers, fields });
    await reply.code(receiver.answers.shift() ?? 204).send();
  });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  const receiver: CallbackReceiver = {
    url: `${origin}/status?team=1`,
    received,
    answers: [],
    statuses: () => received.map(({ fields }) => fields.MessageStatus ?? ''),
    close: () => server.close(),
  };
  return receiver;
}
