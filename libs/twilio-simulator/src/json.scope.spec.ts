import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import { TwilioSimulator } from './twilio.simulator.js';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('a page of another site in a browser', () => {
  let simulator: TwilioSimulator;

  beforeAll(async () => {
    simulator = await TwilioSimulator.start();
  });
  afterAll(() => simulator.close());

  async function call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    headers: Record<string, string>,
    body?: string,
  ) {
    const answer = await request(simulator.url + path, { method, headers, body });
    const text = await answer.body.text();
    return { status: answer.statusCode, json: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }

  const changes: ['POST' | 'DELETE', string][] = [
    ['DELETE', '/inbox/messages'],
    ['DELETE', '/inbox/messages/a'],
    ['POST', '/inbox/messages'],
    ['POST', '/inbox/messages/a/reply'],
    ['POST', '/simulator/faults'],
    ['DELETE', '/simulator/faults'],
  ];

  it.each(changes)('cannot %s %s', async (method, path) => {
    const foreign: Record<string, string>[] = [
      { origin: 'https://else.example' },
      { origin: 'http://127.0.0.1:1' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign) {
      expect(await call(method, path, { ...JSON_TYPE, ...headers })).toMatchObject({
        status: 403,
        json: { code: 'CROSS_SITE_REQUEST', status: 403 },
      });
    }
  });

  it('is told from a page of the same host', async () => {
    const headers = { origin: simulator.url, 'sec-fetch-site': 'same-origin' };

    expect((await call('DELETE', '/inbox/messages', headers)).status).toBe(200);
    expect((await call('DELETE', '/simulator/faults', headers)).status).toBe(204);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', undefined])(
    'cannot pass %s off as JSON',
    async (type) => {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
      expect(
        await call('POST', '/inbox/messages', headers, '{"to":"+12025550123","body":"Hi"}'),
      ).toMatchObject({
        status: 415,
        json: { code: 'UNSUPPORTED_MEDIA_TYPE', detail: 'The content type must be application/json.' },
      });
    },
  );

  it('learns nothing of a body that is not JSON', async () => {
    expect(await call('POST', '/inbox/messages', JSON_TYPE, '{"to":secret')).toMatchObject({
      status: 400,
      json: { code: 'VALIDATION_FAILED', detail: 'The body is not valid JSON.' },
    });
  });
});
