import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from './clock.js';
import { TwilioSimulator } from './twilio.simulator.js';

describe('faults over HTTP', () => {
  const clock = new ManualClock();
  let simulator: TwilioSimulator;

  beforeAll(async () => {
    simulator = await TwilioSimulator.start({ clock });
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

  it('are refused when more than 1000 would be queued', async () => {
    const fault = { kind: 'delay', ms: 1 };
    await order({ fault, times: 600 });
    const tooMany = await order({ fault, times: 401 });

    expect(tooMany.status).toBe(400);
    expect(await tooMany.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      detail: 'at most 1000 faults are queued, and there are 600 already',
    });
    expect((await order({ fault, times: 400 })).status).toBe(204);
    expect(simulator.faults.pending().queued).toHaveLength(1000);
  });

  it('can be seen while they are to come', async () => {
    const [once, standing] = [
      { kind: 'callbacks', mode: 'unsigned' },
      { kind: 'hang', accepted: false },
    ];
    await order({ fault: once, times: 2 });
    await order({ fault: standing, always: true, forMs: 5000 });
    const pending = await fetch(`${simulator.url}/simulator/faults`);

    const endsAt = new Date(clock.now() + 5000).toISOString();
    expect(await pending.json()).toEqual({
      queued: [once, once],
      fetch: [],
      standing: { fault: standing, endsAt },
    });
    simulator.faults.clear();
    expect(await (await fetch(`${simulator.url}/simulator/faults`)).json()).toEqual({
      queued: [],
      fetch: [],
      standing: null,
    });
  });

  it.each([
    [undefined, 60_000],
    [5000, 5000],
    [3_600_000, 3_600_000],
  ])('that stand end by themselves: forMs %j', async (forMs, lastsMs) => {
    const fault = { kind: 'delay', ms: 1 };
    await order({ fault, always: true, forMs });

    clock.advance(lastsMs - 1);
    expect(simulator.faults.take()).toEqual(fault);
    clock.advance(1);
    expect(simulator.faults.take()).toBeUndefined();
    expect(simulator.faults.pending().standing).toBeNull();
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
    [{ fault: { kind: 'truncate' }, always: true, forMs: 3_600_001 }, 'forMs must be an integer'],
    [{ fault: { kind: 'callbacks', mode: 'late' } }, 'mode must be one of normal, delayed'],
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
