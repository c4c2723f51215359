import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { apiEnvironment, codeFor, STORES } from '../support/api.js';
import { ApiProcess, type JsonAnswer } from '../support/process.js';
import { newPhone, temporaryFolder } from '../support/stores.js';

const CANARY = 'canary-of-an-error-0123456789';

let simulator: TwilioSimulator;
let folder: string;
beforeEach(async () => {
  simulator = await TwilioSimulator.start();
  folder = await temporaryFolder();
});
afterEach(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

const environment = (more: Record<string, string> = {}): Promise<Record<string, string>> =>
  apiEnvironment(simulator, 'redis', { LOG_LEVEL: 'info', ...more });

/** A send that Twilio has by now, and answers after so long. */
async function sendUnderWay(
  api: ApiProcess,
  phone: string,
  delayMs: number,
): Promise<{ answer: Promise<JsonAnswer> }> {
  const asked = simulator.requests.length;
  simulator.faults.next({ kind: 'delay', ms: delayMs });
  const answer = api.send(phone);
  await until('Twilio is asked', () => simulator.requests.length > asked);
  return { answer };
}

/** Code that the process runs before its own: with the signal SIGUSR2, it does what is given. */
const onUsr2 = (code: string): Record<string, string> => ({
  CANARY,
  NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => { ${code} })`)}`,
});
import { until } from '../support/until.js';

describe.each(STORES)(
  'A process that is told to end while Twilio has a message, with a %s store',
  (store) => {
    it('is not ready any more, refuses new sends, and ends when the message is recorded', async () => {
      const environment = await apiEnvironment(simulator, store, { LOG_LEVEL: 'info' });
      const [phone, earlier] = [newPhone(), newPhone()];
      let api = await ApiProcess.start(environment, folder);
      try {
        const { id } = (await api.send(earlier)).body;
        const { answer } = await sendUnderWay(api, phone, 1_500);
        api.kill('SIGTERM');
        await api.untilPrinted('shutdown.began');
        expect(await api.get('/readyz')).toMatchObject({ status: 503, body: { code: 'SERVER_BUSY' } });
        expect(await api.get('/livez')).toMatchObject({ status: 200 });
        expect(await api.send(newPhone())).toMatchObject({ status: 503, body: { code: 'SERVER_BUSY' } });
        expect(await api.check(String(id), codeFor(simulator, earlier))).toMatchObject({ status: 200 });
        const { status, body } = await answer;
        expect(status).toBe(201);
        expect(await api.ended()).toBe(0);

        api = await ApiProcess.start(environment, folder);
        const again = await api.send(phone);
        expect([again.status, Number(again.retryAfter)]).toEqual([429, expect.any(Number)]);
        // The cooldown since the message, and not the one that a send without an outcome has.
        expect(Number(again.retryAfter)).toBeLessThanOrEqual(60);
        expect(await api.check(String(body.id), codeFor(simulator, phone))).toMatchObject({ status: 200 });
      } finally {
        await api.stop();
        if (environment.DATA_PATH) await rm(environment.DATA_PATH, { recursive: true });
      }
    });
  },
);

describe('A process that is told to end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'lets go of clients that keep their connection: %s',
    async (signal) => {
      const api = await ApiProcess.start(await environment(), folder);
      const agent = new Agent({ keepAlive: true });
      const [response] = (await once(get(`${api.url}/livez`, { agent }), 'response')) as [IncomingMessage];
      await once(response.resume(), 'end');
      const { answer } = await sendUnderWay(api, newPhone(), 500); // with fetch, which keeps its connection too
      expect(await api.stop(signal)).toBe(0);
      expect((await answer).status).toBe(201);
      agent.destroy();
    },
  );

  it('ends at once with the second signal, and not with one that npm repeats', async () => {
    const api = await ApiProcess.start(await environment(), folder);
    const { answer } = await sendUnderWay(api, newPhone(), 8_000);
    const cutOff = answer.catch(() => 'cut off');
    api.kill('SIGINT');
    api.kill('SIGINT');
    await api.untilPrinted('shutdown.began');
    expect((await api.get('/readyz')).status).toBe(503);
    await sleep(600); // signals closer together than this count as one
    expect(await api.stop('SIGINT')).toBe(130);
    expect(await cutOff).toBe('cut off');
  });
});

describe('A fault that nothing has caught', () => {
  it('in a promise that nobody waits for, is logged without its text, and harms nobody', async () => {
    const api = await ApiProcess.start(
      await environment(onUsr2('Promise.reject(new TypeError(process.env.CANARY))')),
      folder,
    );
    try {
      api.kill('SIGUSR2');
      await api.untilPrinted('process.unhandled_rejection');
      expect((await api.send(newPhone())).status).toBe(201);
    } finally {
      expect(await api.stop()).toBe(0);
    }
    expect(api.output()).toContain('"error":"TypeError"');
    expect(api.output()).not.toContain(CANARY);
  });

  it('in an exception, is logged without its text, and ends the process when its sends have ended', async () => {
    const api = await ApiProcess.start(
      await environment(onUsr2('setTimeout(() => { throw new TypeError(process.env.CANARY) })')),
      folder,
    );
    const { answer } = await sendUnderWay(api, newPhone(), 500);
    api.kill('SIGUSR2');
    expect((await answer).status).toBe(201);
    expect(await api.ended()).toBe(1);
    expect(api.output()).toContain('process.uncaught_exception');
    expect(api.output()).not.toContain(CANARY);
  });
});
