import type { FastifyPluginAsync } from 'fastify';
import { callbacksRoutes } from './callbacks.routes.js';
import type { Faults } from './faults.js';
import { faultsRoutes } from './faults.routes.js';
import type { OptOuts } from './opt-outs.js';
import { optOutsRoutes } from './opt-outs.routes.js';
import type { StatusCallbacks } from './status.callbacks.js';

/**
 * A Fastify plugin that lets others say what goes wrong: `/simulator/faults`, `/simulator/callbacks` and
 * `/simulator/opt-outs`.
 */
export function controlRoutes(
  { faults, callbacks, optOuts }: { faults: Faults; callbacks: StatusCallbacks; optOuts: OptOuts },
  host: string,
): FastifyPluginAsync {
  return async (scope) => {
    await scope.register(faultsRoutes(faults, host));
    await scope.register(callbacksRoutes(callbacks, host));
    await scope.register(optOutsRoutes(optOuts, host));
  };
}
