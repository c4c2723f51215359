import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';

/** A request that is refused. The message is for people. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Answers with a problem of RFC 9457. */
export async function sendProblem(
  reply: FastifyReply,
  status: number,
  code: string,
  detail: string,
): Promise<void> {
  const problem = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code };
  await reply.code(status).type('application/problem+json').send(JSON.stringify(problem));
}
