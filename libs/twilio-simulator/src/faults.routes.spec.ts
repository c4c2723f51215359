import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from './twilio.simulator.js';

describe('faults over HTTP', () => {
  let simulator: TwilioSimulator;

  beforeAll(async () => {
    simulator = await TwilioSimulator.start();
  });
  afterEach(() => simulator.faults.clear());
  afterAll(() => simulator.close());

  function order(body: unknown): Promise<Response> {
    return fetch(`${simulator.url}/simulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  it('are set once by default', async () => {
    const fault = { kind: 'hang', accepted: true };

    expect((await order({ fault, times: 0 })).status).toBe(204);
    expect([simulator.faults.take(), simulator.faults.take()]).toEqual([fault, undefined]);
  });

  it('are set several times, or for good', async () => {
    const [once, standing] = [
      { kind: 'delay', ms: 1 },
      { kind: 'redirect', location: '/' },
    ];
    await order({ fault: once, times: 2 });
    await order({ fault: standing, always: true });

    const taken = Array.from({ length: 4 }, () => simulator.faults.take());
    expect(taken).toEqual([once, once, standing, standing]);
  });

  it('are cleared', async () => {
    await order({ fault: { kind: 'truncate' }, always: true });
    const cleared = await fetch(`${simulator.url}/simulator/faults`, { method: 'DELETE' });

    expect(cleared.status).toBe(204);
    expect(simulator.faults.take()).toBeUndefined();
  });

  it.each([
    [[], 'the body must be a JSON object'],
    [{}, 'fault must be an object'],
    [{ fault: {} }, 'fault.kind must be one of'],
    [{ fault: { kind: 'toString' } }, 'fault.kind must be one of'],
    [{ fault: { kind: 'status' } }, 'status must be an integer from 200 to 599'],
    [{ fault: { kind: 'status', status: 99 } }, 'status must be an integer from 200 to 599'],
    [{ fault: { kind: 'status', status: 500, headers: { a: 1 } } }, 'headers must be an object of strings'],
    [{ fault: { kind: 'hang' } }, 'accepted must be true or false'],
    [{ fault: { kind: 'hang', accepted: true, ms: 1 } }, 'fault has an unknown field: ms'],
    [{ fault: { kind: 'messageStatus', status: 'sent' } }, 'status must be one of failed, undelivered'],
    [{ fault: { kind: 'truncate' }, times: -1 }, 'times must be an integer'],
    ['{"fault":', 'JSON'],
  ])('are refused with the reason: %j', async (body, reason) => {
    const answer = await order(body);

    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      detail: expect.stringContaining(reason),
    });
    expect(simulator.faults.take()).toBeUndefined();
  });
});
