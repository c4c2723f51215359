import type { FastifyError, FastifyInstance } from 'fastify';
import { refuseForeignHosts } from './host.check.js';
import { InputError } from './json.input.js';
import { Problem, sendProblem } from './problem.reply.js';
import { refuseOtherSites } from './site.check.js';

export interface JsonScopeOptions {
  /** Whether host names other than loopback and `host` are refused with 421. @default true */
  checkHost?: boolean;
  /** The host the server was started with, served beside loopback. */
  host?: string;
}

const CODES: Readonly<Record<number, string>> = {
  404: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
};

/** Makes the routes of a plugin safe to have beside a browser: own hosts, own pages, JSON alone, problems of RFC 9457. */
export function serveJsonSafely(scope: FastifyInstance, { checkHost = true, host }: JsonScopeOptions): void {
  scope.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  if (checkHost) scope.addHook('onRequest', refuseForeignHosts(host));
  scope.addHook('onRequest', refuseOtherSites);
  scope.addHook('onRequest', async (request) => {
    if (
      request.method === 'POST' &&
      !/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? '')
    ) {
      throw new Problem(415, 'UNSUPPORTED_MEDIA_TYPE', 'The content type must be application/json.');
    }
  });

  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(body.toString()));
    } catch {
      done(new InputError('The body is not valid JSON.'));
    }
  });
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null));

  scope.setErrorHandler(async (error: FastifyError | InputError | Problem, _request, reply) => {
    const problem = toProblem(error);
    await sendProblem(reply, problem.status, problem.code, problem.message);
  });
}

function toProblem(error: FastifyError | InputError | Problem): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof InputError) return new Problem(400, 'VALIDATION_FAILED', error.message);
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (status >= 500) return new Problem(500, 'INTERNAL_ERROR', 'The simulator has a fault.');
  return new Problem(status, CODES[status] ?? 'VALIDATION_FAILED', error.message);
}
