import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './problem.reply.js';

/** A hook that answers 403 to what a page of another site asks a browser to change here. */
export async function refuseOtherSites(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const { origin, host = '', 'sec-fetch-site': site } = request.headers;
  const isForeign = site === 'cross-site' || (origin !== undefined && hostOf(origin) !== host.toLowerCase());
  if (isForeign) {
    const detail = 'Changes are accepted from pages of this host, and from outside a browser, only.';
    await sendProblem(reply, 403, 'CROSS_SITE_REQUEST', detail);
  }
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
