import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Pool } from 'undici';
import { TwilioSimulator } from '@app/twilio-simulator';
import { freePort } from '../../scripts/redis.mjs';
import { ERROR_CODES } from '../../apps/api/src/errors/error-status.js';
import { apiEnvironment, codeFor } from '../support/api.js';
import { DescribedAnswers } from '../support/described-answers.js';
import { ApiProcess, preload } from '../support/process.js';
import { counted, newSeed, progress, proved, seededRandom, tries } from '../support/proof.js';
import { parseAnswers, speak, type RawAnswer } from '../support/raw-http.js';
import { newPhone, temporaryFolder } from '../support/stores.js';
import { until } from '../support/until.js';
import { asJson, bodies } from './fuzz/bodies.js';
import { rawRequests } from './fuzz/raw-requests.js';
import { makeBases, spellings } from './fuzz/spellings.js';

/** A request may take 10 seconds to arrive, and a send as long again. What takes longer hangs. */
const HANG_MS = 25_000;
/** What a process may hold more after the second half than after the first: compiled code, caches of fixed size. */
const GROWTH_BYTES = 2 * 1024 * 1024;
const WARM_UP_TRIES = tries(100, 1_000);
const MAX_BODY_BYTES = 8 * 1024;
const CUT_OFF: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET', 'UND_ERR_SOCKET']);
const JSON_TYPE = { 'content-type': 'application/json' };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const seed = newSeed();
/** Each has inputs of its own. */
let round = 0;
const bases = makeBases(seededRandom(seed), 6);
const canonical = bases.map(({ e164 }) => e164);
let simulator: TwilioSimulator;
let api: ApiProcess;
let pool: Pool;
let described: DescribedAnswers;
let folder: string;
let dataPath: string;
/** The numbers that got a message, and those that should not have got one. */
const received = new Set<string>();
const wrong: string[] = [];
const counts = { requests: 0, answers: 0 };
const statuses = new Set<number>();

beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  simulator.inbox.messaging.messages.subscribe(({ kind, record: { to } }) => {
    if (kind !== 'added') return;
    if (received.has(to)) wrong.push(`${to} got a second message`);
    if (!canonical.includes(to)) wrong.push(`${to} got a message, and is none of the numbers`);
    received.add(to);
  });
  folder = await temporaryFolder();
  const port = await freePort();
  const environment = await apiEnvironment(simulator, 'embedded', {
    PORT: `${port}`,
    LOG_LEVEL: 'info',
    SERVER_PUBLIC_URL: `http://127.0.0.1:${port}`,
    SERVER_SMS_COOLDOWN_SECONDS: '86400',
    NODE_OPTIONS: preload('collect-garbage'),
  });
  dataPath = environment.DATA_PATH;
  api = await ApiProcess.start(environment, folder);
  pool = new Pool(api.url, { connections: 8, headersTimeout: HANG_MS, bodyTimeout: HANG_MS });
  described = await DescribedAnswers.from(api.url);
});
afterAll(async () => {
  await pool?.destroy();
  await api?.stop('SIGKILL');
  await simulator.close();
  await rm(folder, { recursive: true });
  await rm(dataPath, { recursive: true });
});

/** Holds for every answer, whatever was asked. */
function expectSound({ status, headers, body }: RawAnswer): void {
  counts.answers += 1;
  statuses.add(status);
  expect(status).not.toBe(500);
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-request-id': expect.stringMatching(UUID),
  });
  expect(`${JSON.stringify(headers)} ${body}`).not.toMatch(/node_modules|\.js:\d|ioredis|lmdb/);
  if (status < 400) return;
  expect(headers).toMatchObject({
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
  });
  if (body === '') return; // of a HEAD, or else it is not as described
  const problem = JSON.parse(body) as Record<string, unknown>;
  expect(problem).toMatchObject({ status, requestId: headers['x-request-id'] });
  expect(ERROR_CODES).toContain(problem.code);
}

/** @returns undefined if a body that is too large was cut off before the answer could be read */
async function post(
  path: string,
  body: string | Buffer,
  headers: Record<string, string>,
): Promise<RawAnswer | undefined> {
  counts.requests += 1;
  const response = await pool
    .request({ method: 'POST', path, body, headers })
    .catch((error: NodeJS.ErrnoException) => {
      if (CUT_OFF.has(error.code) && Buffer.byteLength(body) > MAX_BODY_BYTES) return undefined;
      throw error;
    });
  if (!response) return undefined;
  const answer = {
    status: response.statusCode,
    headers: response.headers as Record<string, string>,
    body: await response.body.text(),
  };
  expectSound(answer);
  if (/^\/(v1\/verifications|webhooks)/.test(path)) described.compare({ method: 'POST', path, ...answer });
  return answer;
}

async function spellingsShareOneAllowance(runs: number): Promise<void> {
  const property = fc.asyncProperty(spellings(bases), fc.boolean(), async (phone, isEscaped) => {
    const answer = await post('/v1/verifications', `{"phone":${asJson(phone, isEscaped)}}`, JSON_TYPE);
    const digits = phone.replaceAll(/\D/g, '').slice(-9);
    if (digits.length === 9) expect(JSON.stringify(answer ?? {})).not.toContain(digits);
    expect(wrong).toEqual([]);
  });
  await check(property, runs);
}

async function bodiesAreRefusedOrRight(runs: number, ids: readonly string[]): Promise<void> {
  const property = fc.asyncProperty(bodies(canonical, ids), async ({ path, body, headers }) => {
    await post(path, body, headers);
    expect(wrong).toEqual([]);
  });
  await check(property, runs);
}

async function rawRequestsAreAnsweredOrCutOff(runs: number): Promise<void> {
  const property = fc.asyncProperty(rawRequests(canonical), async ({ method, bytes }) => {
    counts.requests += 1;
    const answers = parseAnswers(await speak(api.url, bytes, HANG_MS), method === 'HEAD');
    for (const answer of answers) expectSound(answer);
    expect(wrong).toEqual([]);
  });
  await check(property, runs);
}

async function check<T>(property: fc.IAsyncProperty<T>, numRuns: number): Promise<void> {
  try {
    await fc.assert(property, { seed: seed + round, numRuns });
  } catch (error) {
    throw new Error(
      `PROOF_SEED=${seed} repeats this.\n${(error as Error).message}\n${String((error as Error).cause)}`,
    );
  }
}

/** In bytes, after its garbage was collected. */
async function held(): Promise<number> {
  const before = heldSoFar().length;
  api.kill('SIGUSR2');
  await until('it has said what it holds', () => heldSoFar().length > before);
  return heldSoFar().at(-1)!;
}

function heldSoFar(): number[] {
  return [...api.output().matchAll(/"heldBytes":(\d+)/g)].map(([, bytes]) => Number(bytes));
}

/** A number whose code is right, and what a polluted prototype would change. */
async function expectServesAsEver(): Promise<void> {
  const phone = newPhone();
  canonical.push(phone);
  const sent = await api.send(phone);
  expect(sent.status).toBe(201);
  expect(Object.keys(sent.body).toSorted()).toEqual(
    ['codeLength', 'expiresAt', 'id', 'phone', 'purpose', 'resendAfterSeconds', 'status'].toSorted(),
  );
  expect(await api.check(String(sent.body.id), codeFor(simulator, phone))).toMatchObject({ status: 200 });
  const refused = await post('/v1/verifications', '{}', JSON_TYPE);
  expect(JSON.parse(refused!.body)).toMatchObject({
    code: 'VALIDATION_FAILED',
    errors: [{ pointer: '/phone' }],
  });
}

it('no request makes the server fail, hang, crash or grow, and no spelling of a number gets it a second message', async () => {
  const phone = newPhone();
  canonical.push(phone);
  const { body } = await api.send(phone);
  const ids = ['A'.repeat(44), String(body.id)];
  const run = (share: number): Promise<unknown> => {
    round += 1;
    return Promise.all([
      spellingsShareOneAllowance(share * 4),
      bodiesAreRefusedOrRight(share * 3, ids),
      rawRequestsAreAnsweredOrCutOff(share * 3),
    ]);
  };
  await run(WARM_UP_TRIES / 10);
  await expectServesAsEver();
  const heldAfter = [await held()];
  for (const half of [1, 2]) {
    await run(tries(60, 2_600));
    await expectServesAsEver();
    heldAfter.push(await held());
    progress(`fuzz: half ${half}, ${counted(counts.requests)} requests`);
  }

  expect(wrong).toEqual([]);
  expect(heldAfter[2] - heldAfter[1]).toBeLessThan(GROWTH_BYTES);
  const lines = api.output().split('\n');
  expect(lines.filter((line) => /"level":"(error|fatal)"|internal_error|Warning/.test(line))).toEqual([]);
  expect(received.size).toBeGreaterThan(bases.length / 2); // some spellings are right
  proved({
    guarantees: [1, 8],
    tries: `${counted(counts.requests)} requests: ${counted(bases.length)} numbers in any spelling, bodies of any form and encoding, and bytes that are hardly HTTP`,
    faults:
      'forwarding headers, two lengths, chunks that are none, prototypes, bombs, depth, size, characters of other scripts',
    result: `${counted(counts.answers)} answers with one of ${statuses.size} statuses, none of them 500, none with the number that was given; ${counted(received.size)} numbers got a message, and none got two; after its garbage was collected, the process held ${heldAfter.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(', then ')} MiB, before, in the middle and in the end`,
  });
}, 600_000);
