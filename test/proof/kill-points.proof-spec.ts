import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { apiEnvironment, STORES, type StoreKind } from '../support/api.js';
import { KILL_POINTS, killedAt } from '../support/killed-at.js';
import { ReceivedMessages } from '../support/messages.js';
import { ApiProcess } from '../support/process.js';
import { between, counted, isLong, proved, seeded, tries } from '../support/proof.js';
import { newPhone, temporaryFolder } from '../support/stores.js';

const TIMEOUT_MS = 1_000;
const COOLDOWN_MS = 2_000;
const ALLOWANCE = 3;
/** When a send without an outcome counts as interrupted, and settles what came before it. */
const IN_DOUBT_MS = TIMEOUT_MS + 5_000;

let simulator: TwilioSimulator;
let received: ReceivedMessages;
let folder: string;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  received = new ReceivedMessages(simulator);
  folder = await temporaryFolder();
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

/** A send whose process died in the middle of it, to a phone that has an earlier code. */
interface Interrupted {
  readonly point: string;
  readonly phone: string;
  readonly earlier: { readonly id: string; readonly code: string };
  /** With the Idempotency-Key of the send. */
  readonly headers: Record<string, string>;
  /** By this machine's clock, just before the send. */
  readonly askedAt: number;
  readonly diedAt: number;
}

/** A phone that was sent a code, and may be sent another one. */
async function readyForAnother(api: ApiProcess): Promise<Pick<Interrupted, 'phone' | 'earlier'>> {
  const phone = newPhone();
  const { id } = (await api.send(phone)).body;
  const earlier = { id: String(id), code: received.codeFor(phone) };
  await sleep(COOLDOWN_MS);
  return { phone, earlier };
}

async function dieSending(
  point: string,
  dying: ApiProcess,
  ready: Pick<Interrupted, 'phone' | 'earlier'>,
): Promise<Interrupted> {
  const headers = { 'idempotency-key': randomUUID() };
  const askedAt = Date.now();
  if (KILL_POINTS[point].isRefused) simulator.faults.next({ kind: 'status', status: 400, code: 21211 });
  const answer = await dying.send(ready.phone, {}, headers).catch((error: Error) => error.message);
  expect([point, answer]).toEqual([point, 'the connection broke']);
  await dying.ended();
  return { point, headers, askedAt, diedAt: Date.now(), ...ready };
}

/** How long a phone has to wait after the send before. */
function waitMs(point: string): number {
  const { counts, isSettled } = KILL_POINTS[point];
  if (!counts) return 0;
  return isSettled ? COOLDOWN_MS : TIMEOUT_MS + COOLDOWN_MS;
}

/** What another process answers at once. @returns when the phone may ask again */
async function askAtOnce(api: ApiProcess, { point, phone, earlier, headers }: Interrupted): Promise<number> {
  const { counts, isSettled, isAnswered } = KILL_POINTS[point];
  const repeated = await api.send(phone, {}, headers);
  expect([point, repeated.status]).toEqual([point, isAnswered ? 201 : 409]);
  const found = await api.get(`/v1/verifications/${earlier.id}`);
  expect([point, found.body.status]).toEqual([point, counts && isSettled ? 'replaced' : 'pending']);
  if (!counts) return 0; // it would be sent
  const askedAt = Date.now();
  const refused = await api.send(phone);
  expect([point, refused.body.code]).toEqual([point, 'SMS_SEND_TOO_FREQUENTLY']);
  expect(Number(refused.retryAfter)).toBeLessThanOrEqual(waitMs(point) / 1_000);
  return askedAt + Number(refused.retryAfter) * 1_000;
}

/** What becomes of the codes, and of the Idempotency-Key, when the send counts as interrupted. */
async function waitForTheOutcome(
  api: ApiProcess,
  { point, phone, earlier, headers, diedAt }: Interrupted,
): Promise<void> {
  const { counts, messages, isAnswered } = KILL_POINTS[point];
  await sleep(diedAt + IN_DOUBT_MS - Date.now());
  const checked = await api.check(earlier.id, earlier.code);
  expect([point, checked.status, checked.body.reason]).toEqual(
    counts ? [point, 410, 'replaced'] : [point, 200, undefined],
  );
  const repeated = await api.send(phone, {}, headers);
  expect([point, repeated.status]).toEqual([point, isAnswered ? 201 : 503]);
  expect(repeated.body).toMatchObject(isAnswered ? { status: 'pending' } : { code: 'SMS_CONNECTION_FAILED' });
  const id = String(repeated.body.id);
  if (messages === 1) {
    expect([point, (await api.check(id, received.codeFor(phone))).status]).toEqual([point, 200]);
  } else if (messages === 0) {
    const wrong = await api.check(id, earlier.code);
    expect([point, [404, 410, 422].includes(wrong.status)]).toEqual([point, true]);
  }
}

/** The phone asks as soon as it may, and is sent what is left of its allowance. */
async function askAgain(
  api: ApiProcess,
  { point, phone, askedAt }: Interrupted,
  from: number,
): Promise<number> {
  const { counts, messages } = KILL_POINTS[point];
  await sleep(Math.max(0, from - Date.now()));
  const before = received.to(phone).length;
  if (messages !== 'unknown') expect([point, before]).toEqual([point, 1 + messages]);
  const again = await api.send(phone);
  expect([point, again.status]).toEqual([point, 201]);
  const times = received.to(phone).map(({ at }) => at);
  expect([point, times.length]).toEqual([point, before + 1]);
  expect(times.at(-1)! - askedAt).toBeGreaterThanOrEqual(waitMs(point));
  for (const [index, at] of times.slice(1).entries()) {
    expect(at - times[index]).toBeGreaterThanOrEqual(COOLDOWN_MS);
  }
  const used = counts ? 3 : 2;
  const next = await api.send(phone);
  expect([point, next.body.code]).toEqual([
    point,
    used === ALLOWANCE ? 'TODAY_SMS_LIMIT_REACHED' : 'SMS_SEND_TOO_FREQUENTLY',
  ]);
  return before - 1;
}

/** @returns how many messages went out in the sends that were interrupted */
async function killAtEach(points: readonly string[], store: StoreKind, isPatient: boolean): Promise<number> {
  const environment = await apiEnvironment(simulator, store, {
    LOG_LEVEL: 'info',
    TWILIO_SMS_TIMEOUT_MS: String(TIMEOUT_MS),
    SERVER_SMS_COOLDOWN_SECONDS: String(COOLDOWN_MS / 1_000),
    SERVER_SMS_MAX_SEND_COUNT: String(ALLOWANCE),
  });
  const [survivor, ...dying] = await Promise.all([
    ApiProcess.start(environment, folder),
    ...points.map((point) => ApiProcess.start({ ...environment, ...killedAt(point, store) }, folder)),
  ]);
  const interrupted = await Promise.all(
    points.map(async (point, index) => {
      const ready = await readyForAnother(survivor);
      return oneByOne(async () => {
        const one = await dieSending(point, dying[index], ready);
        return { ...one, from: await askAtOnce(survivor, one) };
      });
    }),
  );
  await survivor.stop('SIGKILL');
  const api = await ApiProcess.start(environment, folder);
  const messages = await Promise.all(
    interrupted.map(async ({ from, ...one }) => {
      if (isPatient) await waitForTheOutcome(api, one);
      return askAgain(api, one, from);
    }),
  );
  await api.stop();
  if (environment.DATA_PATH) await rm(environment.DATA_PATH, { recursive: true });
  return messages.reduce((sum, one) => sum + one, 0);
}

let last: Promise<unknown> = Promise.resolve();
/** A fault of Twilio is for the next request, whoever sends it. */
function oneByOne<T>(work: () => Promise<T>): Promise<T> {
  const result = last.then(work);
  last = result.catch(() => undefined);
  return result;
}

describe('A process that is killed in the middle of a send', () => {
  it(
    'leaves at most one message, a phone that may ask again after the wait, and codes that are worth what is documented',
    () =>
      seeded('kill-points', async (random) => {
        const all = Object.keys(KILL_POINTS);
        const some = (): string[] => {
          const first = between(0, all.length, random);
          return [0, 3, 7].map((step) => all[(first + step) % all.length]);
        };
        let [kills, messages] = [0, 0];
        const isPatientFirst = random() < 0.5;
        for (let round = 0; round < tries(1, 4); round += 1) {
          const isPatient = (round % 2 === 0) === isPatientFirst;
          const sent = await Promise.all(
            STORES.map((store) => {
              const points = isLong ? all : some();
              kills += points.length;
              return killAtEach(points, store, isPatient);
            }),
          );
          messages += sent.reduce((sum, one) => sum + one, 0);
        }
        proved({
          guarantees: [1, 2, 5, 7],
          tries: `${counted(kills)} sends, each with a process that killed itself at one of ${all.length} named points, on Redis and on the embedded store`,
          faults:
            'SIGKILL before and after the reservation, the request, its outcome and the answer; then of all processes',
          result: `${counted(messages)} of these sends reached Twilio, none twice; every phone could ask again after the wait and not before; what was counted stayed counted`,
        });
      }),
    tries(120_000, 600_000),
  );
});
