import { randomBytes } from 'node:crypto';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { TwilioError } from './twilio.errors.js';

/** A request to Twilio's API, accepted or not. */
export interface ReceivedRequest {
  method: string;
  /** Without the query. */
  path: string;
  to?: string;
  at: Date;
}

const MAX_REQUESTS = 1000;

/** A server that answers in Twilio's form whatever goes wrong, and notes the newest 1000 requests to Twilio's API. */
export function createTwilioServer(requests: ReceivedRequest[]): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true });

  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, new URLSearchParams(body.toString()));
    },
  );
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null));

  server.addHook('preHandler', async (request, reply) => {
    if (!request.url.startsWith('/2010-04-01/')) return;
    reply.header('twilio-request-id', `RQ${randomBytes(16).toString('hex')}`);
    const to = request.body instanceof URLSearchParams ? request.body.get('To') : null;
    const [path = ''] = request.url.split('?');
    requests.push({ method: request.method, path, ...(to === null ? {} : { to }), at: new Date() });
    if (requests.length > MAX_REQUESTS) requests.shift();
  });

  server.setNotFoundHandler((request) => {
    throw TwilioError.notFound(request.url);
  });
  server.setErrorHandler(async (error: FastifyError | TwilioError, _request, reply) => {
    const refusal = error instanceof TwilioError ? error : TwilioError.ofStatus(error.statusCode ?? 500);
    if (refusal.status === 401) reply.header('www-authenticate', 'Basic realm="Twilio API"');
    await reply.code(refusal.status).send(refusal.toBody());
  });
  return server;
}
