import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { VerificationId } from '../../apps/api/src/verification/verification-id.js';
import { VerificationStore } from '../../apps/api/src/verification/verification.store.js';
import { apiEnvironment, codeFor, startApi, STORES } from '../support/api.js';
import { ApiProcess } from '../support/process.js';
import { newId, newPhone, temporaryFolder } from '../support/stores.js';

/** The shortest that a send may take, so that an interrupted one is found out soon. */
const SHORT = { TWILIO_SMS_TIMEOUT_MS: '1000', SERVER_SMS_COOLDOWN_SECONDS: '0' };

let simulator: TwilioSimulator;
let folder: string;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  folder = await temporaryFolder();
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

/** Asks until the answer is another one: the store's clock cannot be advanced from outside. */
async function until<T>(ask: () => Promise<T>, changed: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (changed(answer)) return answer;
    await sleep(50);
  }
}

describe.each(STORES)('A process that is killed while Twilio has the message, with a %s store', (store) => {
  it('leaves a send that counts as sent: its code replaces the one before, and the limits know of it', async () => {
    const environment = await apiEnvironment(simulator, store, {
      ...SHORT,
      LOG_LEVEL: 'info',
      SERVER_SMS_MAX_SEND_COUNT: '2',
    });
    let api = await ApiProcess.start(environment, folder);
    try {
      const phone = newPhone();
      const { id } = (await api.send(phone)).body;
      const firstCode = codeFor(simulator, phone);
      simulator.faults.next({ kind: 'hang', accepted: true });
      const interrupted = api.send(phone).catch(() => 'interrupted');
      await until(
        async () => codeFor(simulator, phone),
        (code) => code !== firstCode,
      );
      await api.stop('SIGKILL');
      expect(await interrupted).toBe('interrupted');

      api = await ApiProcess.start(environment, folder);
      const status = async (): Promise<unknown> =>
        (await api.get(`/v1/verifications/${String(id)}`)).body.status;
      expect(await until(status, (now) => now !== 'pending')).toBe('replaced');
      expect(await api.check(String(id), firstCode)).toMatchObject({
        status: 410,
        body: { reason: 'replaced' },
      });
      expect(await api.send(phone)).toMatchObject({ status: 429, body: { code: 'TODAY_SMS_LIMIT_REACHED' } });
    } finally {
      await api.stop();
      if (environment.DATA_PATH) await rm(environment.DATA_PATH, { recursive: true });
    }
  });
});

describe.each(STORES)('A process that is killed right after a send was refused, with a %s store', (store) => {
  it('leaves the code before it as good as it was', async () => {
    const api = await startApi(simulator, store, SHORT);
    try {
      const phone = newPhone();
      const { id } = (await api.send(phone)).body;
      const verifications = api.app.get<VerificationStore>(VerificationStore);
      // What such a process leaves behind: a stored code, and no reservation for it.
      const refused = VerificationId.parse(id)!.sibling(newId());
      await verifications.open(
        refused,
        { mac: 'mac', sealedPhone: 'sealed', purpose: 'login' },
        { ttlMs: 600_000, maxWrongGuesses: 20, sendMs: 1_000 },
      );
      const inDoubt = (): Promise<unknown> =>
        verifications.find(VerificationId.parse(id)!, 5).then((found) => found?.inDoubt);
      await until(inDoubt, (nonces) => Array.isArray(nonces) && nonces.length > 0);
      await api.check(id, codeFor(simulator, phone)).expect(200);
    } finally {
      await api.close();
    }
  });
});
