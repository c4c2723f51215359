import type { FastifyError, FastifyPluginAsync } from 'fastify';
import { FaultInputError, readFaultOrder } from './fault.input.js';
import type { Faults } from './faults.js';
import { refuseForeignHosts } from './host.check.js';
import { sendProblem } from './problem.reply.js';

/** Lets another process ask for faults: `POST /simulator/faults` and `DELETE /simulator/faults`. */
export function faultsRoutes(faults: Faults, host: string): FastifyPluginAsync {
  return async (scope) => {
    scope.addHook('onRequest', refuseForeignHosts(host));
    scope.setErrorHandler(async (error: FastifyError, _request, reply) => {
      const status = error instanceof FaultInputError ? 400 : (error.statusCode ?? 500);
      await sendProblem(reply, status, status < 500 ? 'VALIDATION_FAILED' : 'INTERNAL_ERROR', error.message);
    });

    scope.post('/simulator/faults', async (request, reply) => {
      const { fault, times, always } = readFaultOrder(request.body);
      if (always) faults.always(fault);
      else faults.next(fault, times);
      await reply.code(204).send();
    });

    scope.delete('/simulator/faults', async (_request, reply) => {
      faults.clear();
      await reply.code(204).send();
    });
  };
}
