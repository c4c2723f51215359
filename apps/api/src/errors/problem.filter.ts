import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { commonHeaders } from './common-headers.js';
import { describeError } from './describe-error.js';
import { fromStatus, toProblem, type Problem, type ProblemFacts } from './problem.js';
import { RouteTable } from './route-table.js';

/** Every error leaves as problem+json. What we did not foresee is logged, without its text, which may repeat secrets. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(private readonly routes: RouteTable) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    let problem = toProblem(error);
    if (problem.code === 'NOT_FOUND') problem = this.orWrongMethod(problem, request, reply);
    if (problem.code === 'INTERNAL_ERROR')
      this.logger.error({ event: 'internal_error', requestId: request.id, ...describeError(error) });
    sendProblem(reply, request.id, problem);
  }

  private orWrongMethod(notFound: ProblemFacts, request: FastifyRequest, reply: FastifyReply): ProblemFacts {
    const methods = this.routes.methodsOf(request.url);
    if (methods.length === 0) return notFound;
    void reply.header('allow', methods.join(', '));
    return fromStatus(405);
  }
}

/** Also for requests that no hook has seen, because the router refused them. */
export function sendProblem(reply: FastifyReply, requestId: string, facts: ProblemFacts): void {
  const problem: Problem = { ...facts, requestId };
  void reply.headers(commonHeaders(requestId));
  if (problem.retryAfterSeconds !== undefined) void reply.header('retry-after', problem.retryAfterSeconds);
  void reply
    .status(problem.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(problem);
}
