import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiSecurity } from './swagger.decorators.js';

/** Name of the security scheme. */
export const API_KEY = 'apiKey';

/** The routes of a controller ask for a key when `server.api_key` is set, and admit everybody when it is not. */
export function ApiKeyIfSet(): ClassDecorator {
  return applyDecorators(ApiSecurity({}), ApiSecurity(API_KEY));
}

/** A back end names its client. Not as an example: Swagger UI would send that along with every try. */
export function ApiClientAddress(): MethodDecorator {
  return ApiHeader({
    name: 'X-Client-Address',
    description:
      'Only with an API key: the IP address of your client, such as 203.0.113.7, whose limits count. Without it, no limit per source applies.',
    required: false,
    schema: { type: 'string' },
  });
}

/** A request that may be repeated. */
export function ApiIdempotencyKey(): MethodDecorator {
  return ApiHeader({
    name: 'Idempotency-Key',
    description:
      'A name of your choice for this request, such as a UUID. The same key with the same body repeats the first answer for 24 hours, and sends nothing.',
    required: false,
    schema: {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      pattern: '^[\\x20-\\x7e]+$',
    },
  });
}
