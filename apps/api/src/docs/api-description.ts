import type { INestApplication } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import type { ErrorCode } from '../errors/error-status.js';
import { problemResponses } from './api-answer.decorators.js';
import { API_KEY } from './api-caller.decorators.js';
import { loadSwagger } from './swagger.decorators.js';

const ABOUT = `
Sends verification codes by SMS and checks them, within limits that hold.

Requests and answers are JSON. Bodies over 8 KiB, properties that are not known and wrong types are refused.
Every error is a problem document (RFC 9457, \`application/problem+json\`): decide by its \`code\`.
An address that does not exist answers 404 \`NOT_FOUND\`, one that has other methods 405 \`METHOD_NOT_ALLOWED\`.
Wait for \`Retry-After\` before you repeat a request; later, the same reason does not refuse again.
`.trim();

/** Problems of requests that no operation describes. */
const ANYWHERE: readonly ErrorCode[] = [
  'VALIDATION_FAILED',
  'UNAUTHORIZED',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
];

/** The description (OpenAPI 3.1) of what an app serves. */
export async function describeApi(app: INestApplication): Promise<OpenAPIObject> {
  const { DocumentBuilder, SwaggerModule } = await loadSwagger();
  const about = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Phone verification')
    .setDescription(ABOUT)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/', 'Where this description comes from')
    .addTag('Verification', 'Send codes and check them.')
    .addTag('Proof', 'Check the tokens of approved verifications.')
    .addTag('Webhooks', 'Called by Twilio.')
    .addTag('Operation', 'For whoever runs the service.')
    .addSecurity(API_KEY, {
      type: 'http',
      scheme: 'bearer',
      description: 'A key of server.api_key. Where none is configured, none is needed.',
    })
    .build();
  const description = SwaggerModule.createDocument(app, about, { autoTagControllers: false });
  refuseUnknownProperties(description);
  description.components!.responses = Object.fromEntries(
    ANYWHERE.map((code) => [code, [...problemResponses([code]).values()][0]]),
  );
  const server = app.getHttpAdapter().getInstance() as FastifyInstance;
  if (server.hasRoute({ method: 'GET', url: '/inbox/messages' })) {
    const { describeInbox } = await import('../demo/inbox-description.js'); // production has none
    describeInbox(description);
  }
  return description;
}

/** Request bodies, which are the classes called Dto, are closed; answers may get more properties. */
function refuseUnknownProperties({ components }: OpenAPIObject): void {
  for (const [name, schema] of Object.entries(components?.schemas ?? {})) {
    if (name.endsWith('Dto')) Object.assign(schema, { additionalProperties: false });
  }
}
