import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { STATUS_CALLBACK_PATH } from '../verification/deliveries.js';

/** Forms are read for Twilio alone, and stay text: the signature is over what was received. */
export function acceptTwilioForms(server: FastifyInstance): void {
  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (request, body, done) => {
      if (request.routeOptions.url === STATUS_CALLBACK_PATH) done(null, body);
      else done(new UnsupportedMediaTypeException());
    },
  );
}
