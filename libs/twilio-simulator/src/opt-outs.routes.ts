import type { FastifyPluginAsync } from 'fastify';
import { InputError } from './json.input.js';
import { serveJsonSafely } from './json.scope.js';
import type { OptOuts } from './opt-outs.js';
import { Problem } from './problem.reply.js';

/** Lets another process see opt-outs and lift them: `GET` and `DELETE /simulator/opt-outs`. */
export function optOutsRoutes(optOuts: OptOuts, host: string): FastifyPluginAsync {
  return async (scope) => {
    serveJsonSafely(scope, { host });

    scope.get('/simulator/opt-outs', async () => ({ optOuts: optOuts.list() }));

    scope.delete('/simulator/opt-outs', async (request, reply) => {
      const query = new URL(request.url, 'http://simulator').searchParams;
      const [phone, sender] = [readNumber(query, 'phone'), readNumber(query, 'sender')];
      if (phone !== undefined && sender !== undefined) {
        if (!optOuts.remove(sender, phone)) throw new Problem(404, 'NOT_FOUND', 'There is no such opt-out.');
      } else if (phone === undefined && sender === undefined) {
        optOuts.clear();
      } else {
        throw new InputError('phone and sender go together; without both, all opt-outs are removed');
      }
      await reply.code(204).send();
    });
  };
}

/** A plus sign that was not encoded has become a space. */
function readNumber(query: URLSearchParams, name: string): string | undefined {
  return query.get(name)?.replace(/^ /, '+') || undefined;
}
