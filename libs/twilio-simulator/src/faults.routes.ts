import type { FastifyPluginAsync } from 'fastify';
import { readFaultOrder } from './fault.input.js';
import type { Faults } from './faults.js';
import { serveJsonSafely } from './json.scope.js';

/** Lets another process ask for faults, see them and end them: `POST`, `GET` and `DELETE /simulator/faults`. */
export function faultsRoutes(faults: Faults, host: string): FastifyPluginAsync {
  return async (scope) => {
    serveJsonSafely(scope, { host });

    scope.post('/simulator/faults', async (request, reply) => {
      const { fault, times, always, forMs } = readFaultOrder(request.body);
      if (always) faults.always(fault, forMs);
      else faults.next(fault, times);
      await reply.code(204).send();
    });

    scope.get('/simulator/faults', async () => faults.pending());

    scope.delete('/simulator/faults', async (_request, reply) => {
      faults.clear();
      await reply.code(204).send();
    });
  };
}
