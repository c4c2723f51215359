import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { loadSwagger } from '../../apps/api/src/docs/swagger.decorators.js';
import { ERROR_CODES } from '../../apps/api/src/errors/error-status.js';
import { RouteTable } from '../../apps/api/src/errors/route-table.js';
import { startApi, type RunningApi } from '../support/api.js';
import { createAjv } from '../support/described-answers.js';

/** As far as these tests look into it. */
interface Description {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Content> };
}
interface Operation {
  operationId: string;
  summary: string;
  parameters: { name: string; description: string; schema: Schema }[];
  requestBody?: Content;
  responses: Record<string, Content & { description: string }>;
}
interface Content {
  content?: Record<
    string,
    { schema: Schema; example?: unknown; examples?: Record<string, { value: { code: string } }> }
  >;
}
type Schema = { [keyword: string]: unknown };

let simulator: TwilioSimulator;
let api: RunningApi;
let description: Description;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  // With everything that can be switched on.
  api = await startApi(simulator, 'embedded', { SERVER_PUBLIC_URL: 'http://127.0.0.1:3000' });
  description = (await api.http().get('/openapi.json').expect(200)).body as Description;
});
afterAll(async () => {
  await api.close();
  await simulator.close();
});

const operations = (): [name: string, Operation][] =>
  Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );

const contents = (): Content[] => [
  ...operations().flatMap(([, { requestBody, responses }]) => [
    ...(requestBody ? [requestBody] : []),
    ...Object.values(responses),
  ]),
  ...Object.values(description.components.responses),
];

describe('/openapi.json', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(description.openapi).toBe('3.1.0');
    expect(await new Validator().validate(structuredClone(description) as object as Schema)).toEqual({
      valid: true,
    });
  });

  it('describes every route that exists, and nothing else', () => {
    const routes = api.app
      .get(RouteTable)
      .list()
      .filter((route) => !/^HEAD | \/(openapi\.json|docs)(\/|$)/.test(route))
      .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
    expect(
      operations()
        .map(([name]) => name)
        .toSorted(),
    ).toEqual(routes.toSorted());
  });

  it('says of every operation what it is called, what it does, and what each parameter means', () => {
    for (const [name, { operationId, summary, parameters, responses }] of operations()) {
      expect({ name, operationId, summary }).toEqual({
        name,
        operationId: expect.stringMatching(/^[a-z][A-Za-z]+$/),
        summary: expect.any(String),
      });
      for (const text of [...parameters, ...Object.values(responses)])
        expect(text.description).toEqual(expect.stringMatching(/\w/));
    }
  });

  it('shows every error code that there is', () => {
    const shown = contents()
      .flatMap(({ content = {} }) => Object.values(content))
      .flatMap(({ examples = {} }) => Object.values(examples))
      .map(({ value }) => value.code);
    expect([...new Set(shown)].toSorted()).toEqual(ERROR_CODES.toSorted());
  });

  it('has examples for every body and every problem, and all of them are valid', () => {
    const ajv = createAjv();
    ajv.addSchema({ $id: 'description', components: description.components });
    const absolute = (schema: Schema): Schema =>
      JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"description#/')) as Schema;
    const isValid = (schema: Schema, example: unknown): unknown => {
      const validate = ajv.compile(absolute(schema));
      return validate(example) || { example, errors: validate.errors };
    };
    for (const { content = {} } of contents()) {
      for (const [type, { schema, example = exampleOf(schema), examples }] of Object.entries(content)) {
        if (type === 'application/problem+json') expect(examples).toBeDefined();
        const shown = examples ? Object.values(examples).map(({ value }) => value) : [example];
        for (const one of shown) expect(isValid(schema, one)).toBe(true);
      }
    }
  });

  /** What a reader is shown: the examples of the properties, put together. */
  function exampleOf(schema: Schema): unknown {
    if (schema.example !== undefined) return schema.example;
    if (schema.enum) return (schema.enum as unknown[])[0];
    const [wrapped] = (schema.allOf as Schema[] | undefined) ?? [];
    if (wrapped) return exampleOf(wrapped);
    if (typeof schema.$ref === 'string')
      return exampleOf(description.components.schemas[schema.$ref.split('/').at(-1)!]);
    if (schema.type === 'array') return [exampleOf(schema.items as Schema)];
    const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
    return Object.fromEntries(properties.map(([name, property]) => [name, exampleOf(property)]));
  }
});

describe('/openapi.json that could not be made', () => {
  it('is made when it is asked for again', async () => {
    const { SwaggerModule } = await loadSwagger();
    const other = await startApi(simulator, 'embedded');
    const making = jest.spyOn(SwaggerModule, 'createDocument').mockImplementationOnce(() => {
      throw new Error('a part of the build is missing');
    });
    try {
      await other.http().get('/openapi.json').expect(500);
      await other.http().get('/openapi.json').expect(200);
    } finally {
      making.mockRestore();
      await other.close();
    }
  });
});

describe('/docs', () => {
  it('is a page that loads from this origin alone, and may run no script inside it', async () => {
    const page = await api
      .http()
      .get('/docs')
      .expect(200)
      .expect('content-type', /^text\/html/);
    expect(page.text).not.toMatch(/https?:|<script>|<style|\son\w+=/);
    expect(page.headers['content-security-policy'].split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  it('finds every file that it loads', async () => {
    const { text } = await api.http().get('/docs');
    const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file);
    expect(files).toHaveLength(4);
    const types = await Promise.all(
      files.map(async (file) => (await api.http().get(`/${file}`).expect(200)).headers['content-type']),
    );
    expect(types).toEqual([
      'image/png',
      'text/css; charset=utf-8',
      'text/javascript; charset=utf-8',
      'text/javascript; charset=utf-8',
    ]);
  });

  it('asks no third party whether the description is valid', async () => {
    const { text } = await api.http().get('/docs/start.js');
    expect(text).toContain('validatorUrl: null');
    expect(text).not.toMatch(/https?:/);
  });

  it('serves these files only', async () => {
    for (const file of ['package.json', 'swagger-ui.js', '..%2fpackage.json'])
      await api.http().get(`/docs/${file}`).expect(404);
  });

  it('and the description are there for everybody when callers need a key', async () => {
    const closed = await startApi(simulator, 'embedded', {
      SERVER_API_KEY: 'a-key-of-a-back-end-0123456789abcdef',
    });
    try {
      for (const path of ['/docs', '/openapi.json']) await closed.http().get(path).expect(200);
    } finally {
      await closed.close();
    }
  });
});
