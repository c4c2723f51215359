import type { FastifyPluginAsync } from 'fastify';
import { CALLBACK_MODES, type CallbackMode } from './callback.mode.js';
import { checkFields, oneOf } from './json.input.js';
import { serveJsonSafely } from './json.scope.js';
import type { StatusCallbacks } from './status.callbacks.js';

/** Lets another process say how status callbacks misbehave: `GET`, `POST` and `DELETE /simulator/callbacks`. */
export function callbacksRoutes(callbacks: StatusCallbacks, host: string): FastifyPluginAsync {
  return async (scope) => {
    serveJsonSafely(scope, { host });

    scope.get('/simulator/callbacks', async () => ({ mode: callbacks.mode }));

    scope.post('/simulator/callbacks', async ({ body }) => {
      const { mode } = checkFields(body, 'the body', { mode: oneOf(...CALLBACK_MODES) }) as {
        mode: CallbackMode;
      };
      callbacks.mode = mode;
      return { mode };
    });

    scope.delete('/simulator/callbacks', async (_request, reply) => {
      callbacks.mode = 'normal';
      await reply.code(204).send();
    });
  };
}
