import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import Fastify from 'fastify';
import { controlRoutes } from './control.routes.js';
import { INBOX_DESCRIPTION } from './inbox.description.js';
import { inboxRoutes } from './inbox.routes.js';
import { TwilioSimulator } from './twilio.simulator.js';

const { paths, schemas } = INBOX_DESCRIPTION;
const JSON_BODY = { 'content-type': 'application/json' };
const TO = '+12025550123';

interface Operation {
  responses: Record<number, { content?: Record<string, { schema: object }> } | undefined>;
}

describe('The description of the inbox', () => {
  let simulator: TwilioSimulator;
  let id: string;
  beforeEach(async () => {
    simulator = await TwilioSimulator.start();
    ({ id } = simulator.inbox.add({ to: TO, from: simulator.phoneNumber, body: 'Code 482913' }));
  });
  afterEach(() => simulator.close());

  it('has every route there is besides the page, and no other', async () => {
    const routes: string[] = [];
    const server = Fastify({ exposeHeadRoutes: false });
    server.addHook('onRoute', ({ method, url }) => {
      routes.push(`${[method].flat().join()} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    });
    await server.register(inboxRoutes(simulator.inbox));
    await server.register(controlRoutes(simulator, 'localhost'));
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );

    expect(described.toSorted()).toEqual(routes.filter((route) => route !== 'GET /inbox').toSorted());
  });

  it.each<[string, string, unknown, number]>([
    ['GET', '/inbox/messages', undefined, 200],
    ['GET', '/inbox/messages?limit=0', undefined, 400],
    ['POST', '/inbox/messages', { to: TO, body: 'Code 7741' }, 201],
    ['POST', '/inbox/messages', { to: TO }, 400],
    ['DELETE', '/inbox/messages', undefined, 200],
    ['GET', '/inbox/messages/latest', undefined, 200],
    ['GET', '/inbox/messages/latest?to=%2B12025550199', undefined, 204],
    ['GET', '/inbox/messages/latest?wait=61', undefined, 400],
    ['GET', '/inbox/messages/{id}', undefined, 200],
    ['GET', '/inbox/messages/unknown', undefined, 404],
    ['DELETE', '/inbox/messages/{id}', undefined, 204],
    ['DELETE', '/inbox/messages/unknown', undefined, 404],
    ['POST', '/inbox/messages/{id}/restore', undefined, 200],
    ['POST', '/inbox/messages/{id}/status', { status: 'undelivered', errorCode: 30005 }, 200],
    ['POST', '/inbox/messages/{id}/status', { status: 'queued' }, 400],
    ['POST', '/inbox/messages/{id}/callback', undefined, 409],
    ['POST', '/inbox/messages/{id}/reply', { body: 'STOP' }, 201],
    ['GET', '/inbox/events?after=x', undefined, 400],
    ['GET', '/simulator/faults', undefined, 200],
    ['POST', '/simulator/faults', { fault: { kind: 'delay', ms: 1 }, always: true }, 204],
    ['POST', '/simulator/faults', { fault: { kind: 'unknown' } }, 400],
    ['DELETE', '/simulator/faults', undefined, 204],
    ['GET', '/simulator/callbacks', undefined, 200],
    ['POST', '/simulator/callbacks', { mode: 'none' }, 200],
    ['DELETE', '/simulator/callbacks', undefined, 204],
    ['GET', '/simulator/opt-outs', undefined, 200],
    ['DELETE', '/simulator/opt-outs', undefined, 204],
    ['DELETE', '/simulator/opt-outs?phone=a', undefined, 400],
    ['DELETE', '/simulator/opt-outs?phone=a&sender=b', undefined, 404],
  ])('is kept: %s %s %j is answered %d', async (method, path, body, status) => {
    const answer = await fetch(simulator.url + path.replace('{id}', id), {
      method,
      ...(method === 'POST' && { headers: JSON_BODY, body: JSON.stringify(body ?? {}) }),
    });
    const text = await answer.text();

    expect(answer.status).toBe(status);
    expect(faultsOf(method, path, answer, text)).toEqual([]);
  });

  it('is kept with faults pending, callbacks answered and phones opted out', async () => {
    simulator.optOuts.follow('STOP', simulator.phoneNumber, TO);
    simulator.faults.always({ kind: 'status', status: 503, headers: { 'retry-after': '1' } });
    simulator.inbox.find(id)!.timeline[0]!.callback = { at: new Date().toISOString(), answer: 204 };
    for (const path of ['/simulator/faults', '/simulator/opt-outs', '/inbox/messages']) {
      const answer = await fetch(simulator.url + path);
      expect(faultsOf('GET', path, answer, await answer.text())).toEqual([]);
    }
  });
});

/** In what an answer is not as described; a property that is not described is a fault. */
function faultsOf(method: string, path: string, answer: Response, text: string): unknown[] {
  const [address] = path.replace('/unknown', '/{id}').split('?');
  const operation = paths[address!]![method.toLowerCase()] as Operation;
  const response = operation.responses[answer.status];
  if (!response) return ['no such status'];
  if (!response.content) return text === '' ? [] : ['a body'];
  const type = answer.headers.get('content-type')!.split(';')[0]!;
  const content = response.content[type];
  if (!content) return [`no such type: ${type}`];
  const ajv = new Ajv2020({ allErrors: true, strictTypes: false }).addVocabulary(['example', 'components']);
  formats.default(ajv);
  ajv.addSchema({ $id: 'inbox', components: { schemas: closed(schemas) } });
  const schema = JSON.parse(JSON.stringify(content.schema).replaceAll('"#/', '"inbox#/')) as object;
  const validate = ajv.compile(schema);
  return validate(JSON.parse(text)) ? [] : (validate.errors ?? []);
}

function closed(open: typeof schemas): typeof schemas {
  return Object.fromEntries(
    Object.entries(open).map(([name, schema]) => [name, { additionalProperties: false, ...schema }]),
  );
}
