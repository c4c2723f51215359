import { isIP } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './problem.reply.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const EVERY_ADDRESS = ['0.0.0.0', '::'];

/**
 * A hook that answers 421 to names a browser could have been tricked into resolving to this machine (DNS rebinding).
 * Loopback and the host the server was started with are served. A server started on every address is also served
 * under any address, since only a name can be rebound.
 */
export function refuseForeignHosts(
  ownHost?: string,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    if (!isOwnHost(request.headers.host ?? '', ownHost)) {
      await sendProblem(
        reply,
        421,
        'MISDIRECTED_REQUEST',
        'This host name is not served here. Use a loopback address.',
      );
    }
  };
}

function isOwnHost(header: string, ownHost: string | undefined): boolean {
  const host = header.toLowerCase().replace(/:\d+$/, '');
  const address = host.replace(/^\[(.*)\]$/, '$1');
  if (LOOPBACK.test(host)) return true;
  if (ownHost === undefined) return false;
  return EVERY_ADDRESS.includes(ownHost) ? isIP(address) !== 0 : address === ownHost.toLowerCase();
}
