import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Deadline } from './deadline.js';
import { sendMessage, type SendContext } from './send-message.js';
import type { TwilioClient } from './twilio.client.js';
import { asTwilioFailure } from './twilio.failure.js';

const POLICY = { maxAttempts: 3, retryAmbiguous: true };
const MESSAGE = { to: '+12025550123', from: '+12025550124', body: 'code' };

/** A send that ends so soon, and that nothing else holds up. */
function within(milliseconds: number): SendContext {
  return { deadline: Deadline.in(milliseconds), permit: { mayRetry: true, record: () => undefined } };
}

/** A client that the host app provided, which knows nothing of deadlines. */
function clientThat(create: () => Promise<unknown>): TwilioClient {
  return { messages: { create } } as unknown as TwilioClient;
}

describe("A send through a client of the host app's own", () => {
  it('does not begin after its deadline', async () => {
    let calls = 0;
    const client = clientThat(async () => (calls += 1));
    const failure = await sendMessage(client, MESSAGE, POLICY, within(0)).catch(asTwilioFailure);
    expect(failure).toMatchObject({ facts: { certainty: 'definite' } });
    expect(calls).toBe(0);
  });

  it('ends with its deadline, its outcome unknown', async () => {
    const client = clientThat(() => new Promise(() => undefined));
    const failure = await sendMessage(client, MESSAGE, POLICY, within(50)).catch(asTwilioFailure);
    expect(failure).toMatchObject({ facts: { certainty: 'ambiguous' } });
  });

  it('maps what the client throws before it returns a promise', async () => {
    const client = clientThat(() => {
      throw new Error('username is required');
    });
    const failure = await sendMessage(client, MESSAGE, POLICY, within(1_000)).catch(asTwilioFailure);
    expect(failure).toMatchObject({ facts: { certainty: 'ambiguous' } });
  });
});

describe('An answer in which a proxy repeats what it was sent', () => {
  it.each([
    ['the id', { sid: 'Basic birdsong', status: 'queued' }],
    ['the status', { sid: 'SM1', status: 'To=+12025550123' }],
    ['the error code', { sid: 'SM1', status: 'failed', errorCode: 'Body=birdsong' }],
    ['the error code, as a number', { sid: 'SM1', status: 'failed', errorCode: 12025550123 }],
  ])('as %s leaves the outcome unknown, and nothing of it is kept', async (_, answer) => {
    const failure = await sendMessage(
      clientThat(async () => answer),
      MESSAGE,
      POLICY,
      within(1_000),
    ).catch(asTwilioFailure);
    expect(failure).toMatchObject({ facts: { certainty: 'ambiguous' } });
    expect(inspect(failure)).not.toMatch(/birdsong|202555/);
  });
});
