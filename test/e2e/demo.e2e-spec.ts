import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { DEMO_ADDRESSES, startDemo, type RunningDemo } from '../support/demo.js';

const PHONE = '+12025550123';

describe('In demo mode', () => {
  let demo: RunningDemo;
  beforeAll(async () => {
    demo = await startDemo();
  });
  afterAll(() => demo.close());

  it.each(DEMO_ADDRESSES)('%s is there', async (path) => {
    await request(demo.url).get(path).expect(200);
  });

  it('the description has the inbox too, and is valid', async () => {
    const { body } = await request(demo.url).get('/openapi.json').expect(200);
    expect(Object.keys((body as { paths: object }).paths)).toEqual(
      expect.arrayContaining(['/v1/verifications', '/inbox/messages/{id}/reply', '/simulator/faults']),
    );
    expect(await new Validator().validate(body as Record<string, unknown>)).toEqual({ valid: true });
  });

  it('a fault that is asked for meets the next send', async () => {
    const fault = { kind: 'status', status: 400, code: 21211 };
    await request(demo.url).post('/simulator/faults').send({ fault }).expect(204);
    const { body } = await request(demo.url)
      .post('/v1/verifications')
      .send({ phone: '+12025550188' })
      .expect(422);
    expect(body).toMatchObject({ code: 'SMS_SEND_FAILED', reason: 'invalid_number' });
  });

  it('a number that cannot be read is refused as everywhere', async () => {
    const answer = await request(demo.url).post('/playground/number').send({ text: 1 }).expect(400);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({ code: 'VALIDATION_FAILED', requestId: expect.any(String) });
  });

  it('the simulator reports deliveries, and the API believes it', async () => {
    const sent = await request(demo.url).post('/v1/verifications').send({ phone: PHONE }).expect(201);
    const { id } = demo.simulator.inbox.latest(PHONE)!;
    expect(await demo.simulator.report(id, 'delivered')).toBe(204);
    const found = await request(demo.url).get(`/v1/verifications/${sent.body.id}`).expect(200);
    expect(found.body).toMatchObject({ delivery: 'delivered' });
  });
});
