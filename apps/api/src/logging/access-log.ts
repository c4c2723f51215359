import { Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

const logger = new Logger('Http');

/** Asked for by machines, every few seconds. */
const PROBES: ReadonlySet<string | undefined> = new Set(['/livez', '/readyz', '/metrics']);

/** One line for each answer: the route as it is written in the code, never the address, headers or body of a request. */
export function logAnswer(request: FastifyRequest, reply: FastifyReply): void {
  logger[PROBES.has(request.routeOptions.url) ? 'debug' : 'log']({
    event: 'http.answer',
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? 'none',
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime),
  });
}
