import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { describeApi } from './api-description.js';
import { PAGE, PAGE_POLICY, START_SCRIPT } from './docs.page.js';

const require = createRequire(import.meta.url);
/** The files of Swagger UI that the page needs. */
const UI_FILES: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};
const ONE_HOUR = 'public, max-age=3600';

/** `/openapi.json` describes the API, and `/docs` shows it. */
export function addDocs(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance();
  let description: Promise<string> | undefined;
  server.get('/openapi.json', async (_request, reply) => {
    description ??= describeApi(app).then((document) => JSON.stringify(document));
    description.catch(() => (description = undefined)); // a build may have taken away what it is made by
    return reply.type('application/json; charset=utf-8').send(await description);
  });
  server.get('/docs', (_request, reply) =>
    reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8').send(PAGE),
  );
  server.get('/docs/start.js', (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(START_SCRIPT),
  );
  for (const [name, type] of Object.entries(UI_FILES)) {
    server.get(`/docs/${name}`, async (_request, reply) => {
      const file = await readFile(require.resolve(`swagger-ui-dist/${name}`));
      return reply.header('cache-control', ONE_HOUR).type(type).send(file);
    });
  }
}
