import type { FastifyPluginAsync } from 'fastify';
import { callbacksRoutes } from './callbacks.routes.js';
import type { Faults } from './faults.js';
import { faultsRoutes } from './faults.routes.js';
import type { StatusCallbacks } from './status.callbacks.js';

/** A Fastify plugin that lets others say what goes wrong: `/simulator/faults` and `/simulator/callbacks`. */
export function controlRoutes(
  { faults, callbacks }: { faults: Faults; callbacks: StatusCallbacks },
  host: string,
): FastifyPluginAsync {
  return async (scope) => {
    await scope.register(faultsRoutes(faults, host));
    await scope.register(callbacksRoutes(callbacks, host));
  };
}
