import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator, type Fault } from '@app/twilio-simulator';
import { apiEnvironment, STORES, type StoreKind } from '../support/api.js';
import { ReceivedMessages } from '../support/messages.js';
import { ApiProcess, patch, type JsonAnswer } from '../support/process.js';
import { counted, isLong, proved, tries } from '../support/proof.js';
import { newPhone, temporaryFolder } from '../support/stores.js';
import { until } from '../support/until.js';

const TIMEOUT_MS = 2_000;
const COOLDOWN_MS = 1_000;
const STALL_MS = TIMEOUT_MS + COOLDOWN_MS + 500;
/** The shortest that can be configured. */
const CODE_TTL_SECONDS = 30;
const PHONES_EACH = 4;

/** Where the sends are when their process stops: Twilio has the message, or refused to take it and is asked again. */
const FAULTS: readonly Fault[] = [
  { kind: 'hang', accepted: true },
  // It waits, so that no outcome is being written: a process that stops in a commit holds up the others on its folder.
  { kind: 'status', status: 503, headers: { 'retry-after': '1' } },
];

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => rm(folder, { recursive: true }));

interface UnderWay {
  readonly phone: string;
  readonly answer: Promise<JsonAnswer>;
}

/**
 * A process stops in the middle of sends and comes back after their deadline and the cooldown.
 * @returns how many sends
 */
async function stall(store: StoreKind, untilACodeExpires: boolean): Promise<number> {
  const simulator = await TwilioSimulator.start();
  const received = new ReceivedMessages(simulator);
  const requestsTo = (phone: string): number => simulator.requests.filter(({ to }) => to === phone).length;
  const environment = await apiEnvironment(simulator, store, {
    LOG_LEVEL: 'info',
    TWILIO_SMS_TIMEOUT_MS: String(TIMEOUT_MS),
    SERVER_SMS_COOLDOWN_SECONDS: String(COOLDOWN_MS / 1_000),
    SERVER_SMS_CODE_TTL_SECONDS: String(CODE_TTL_SECONDS),
  });
  const reserved = newPhone();
  const [stalled, other] = await Promise.all([
    ApiProcess.start(
      { ...environment, NODE_OPTIONS: patch('stopped-before-request'), STOP_PHONE: reserved },
      folder,
    ),
    ApiProcess.start(environment, folder),
  ]);
  const expiring = newPhone();
  const { id, expiresAt } = (await stalled.send(expiring)).body;

  const underWay: UnderWay[] = [];
  for (const fault of FAULTS) {
    simulator.faults.always(fault);
    const phones = Array.from({ length: PHONES_EACH }, newPhone);
    underWay.push(...phones.map((phone) => ({ phone, answer: stalled.send(phone) })));
    await until('Twilio is asked for each', () => phones.every((phone) => requestsTo(phone) > 0));
  }
  // This one stops the process by itself: it is reserved, and Twilio was not asked yet.
  underWay.push({ phone: reserved, answer: stalled.send(reserved) });

  // Their deadline passes, and the cooldown; then another process may send to these phones, and does.
  await sleep(STALL_MS);
  simulator.faults.clear();
  const later = await Promise.all(
    underWay.map(async ({ phone }) => {
      const { status, body } = await other.send(phone);
      expect([status, body.code]).toEqual([201, undefined]);
      return { phone, id: String(body.id), code: received.codeFor(phone), requests: requestsTo(phone) };
    }),
  );
  stalled.thaw();

  const answers = await Promise.all(underWay.map(({ answer }) => answer));
  await sleep(500); // for what would come late
  for (const [index, { phone, id: laterId, code, requests }] of later.entries()) {
    expect(requestsTo(phone)).toBe(requests);
    const { status, body } = answers[index];
    expect([502, 503]).toContain(status);
    expect(body.id === undefined).toBe(phone === reserved); // nothing of it can arrive
    const times = received.to(phone).map(({ at }) => at);
    for (const [at, time] of times.slice(1).entries()) {
      expect(time - times[at]).toBeGreaterThanOrEqual(COOLDOWN_MS);
    }
    if (typeof body.id === 'string') {
      expect(await stalled.check(body.id, code)).toMatchObject({
        status: 410,
        body: { reason: 'replaced' },
      });
    }
    expect(await stalled.check(laterId, code)).toMatchObject({ status: 200 });
  }
  if (untilACodeExpires) {
    stalled.freeze();
    await sleep(Date.parse(String(expiresAt)) - Date.now() + 1);
    stalled.thaw();
    expect(await stalled.check(String(id), received.codeFor(expiring))).toMatchObject({
      status: 410,
      body: { reason: 'expired' },
    });
  }
  await Promise.all([stalled.stop(), other.stop()]);
  await simulator.close();
  if (environment.DATA_PATH) await rm(environment.DATA_PATH, { recursive: true });
  return underWay.length;
}

describe('A process that stands still in the middle of sends, for longer than their deadline and the cooldown', () => {
  it(
    'sends nothing when it goes on, and leaves the codes alone that were sent meanwhile',
    async () => {
      let sends = 0;
      const rounds = tries(1, 4);
      for (let round = 1; round <= rounds; round += 1) {
        const untilACodeExpires = isLong && round === rounds;
        const counts = await Promise.all(STORES.map((store) => stall(store, untilACodeExpires)));
        sends += counts.reduce((sum, count) => sum + count, 0);
      }
      proved({
        guarantees: [1, 5, 7],
        tries: `${counted(sends)} sends in processes that stood still: reserved, with Twilio, or about to be tried again; on Redis and on the embedded store`,
        faults: `SIGSTOP for ${STALL_MS / 1_000} seconds, with a time-out of ${TIMEOUT_MS / 1_000}${isLong ? ', and until a code had expired' : ''}`,
        result: `no request to Twilio afterwards; no message inside the cooldown of another; every newer code was accepted${isLong ? ', and no expired one' : ''}`,
      });
    },
    tries(120_000, 600_000),
  );
});
