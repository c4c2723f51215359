import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Secret } from '@app/sms';
import { EmbeddedStorage } from '@app/sms/internals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { EmbeddedVerificationStore } from '../../apps/api/src/verification/embedded-verification.store.js';
import type { CheckLimits } from '../../apps/api/src/verification/verification.rule.js';
import { VerificationId } from '../../apps/api/src/verification/verification-id.js';
import { EmbeddedRateLimitStore } from '../../libs/sms/src/rate-limit/embedded.store.js';
import type { RateLimit } from '../../libs/sms/src/rate-limit/rate-limit.store.js';
import { apiEnvironment, codeFor } from '../support/api.js';
import { DataFileOpener, type KnownPhone, type Opened } from '../support/data-folder.js';
import { ApiProcess, runApi } from '../support/process.js';
import { between, counted, proved, seeded, tries } from '../support/proof.js';
import { newId, newPhone, temporaryFolder, TEST_SECRET } from '../support/stores.js';
import { until } from '../support/until.js';

const PAGE_BYTES = 4_096;
const SECTOR_BYTES = 512;
const HEADER_BYTES = 160;
const LIMIT: RateLimit = {
  units: 1,
  windowMs: 24 * 60 * 60 * 1_000,
  cooldownMs: 60_000,
  sendMs: 10_000,
  returns: 3,
};
const CHECKS: CheckLimits = { maxAttempts: 5, maxWrongGuesses: 3 };
const OPEN = { ttlMs: 600_000, maxWrongGuesses: CHECKS.maxWrongGuesses, sendMs: LIMIT.sendMs };

/** A data file in which each phone has used its allowance, and some their codes or their guesses. */
async function dataFile(phones: number): Promise<{ content: Buffer; known: KnownPhone[] }> {
  const folder = await temporaryFolder();
  const storage = new EmbeddedStorage(folder, [new Secret(TEST_SECRET)]);
  await storage.open();
  const limits = new EmbeddedRateLimitStore(storage);
  const verifications = new EmbeddedVerificationStore(storage);
  const known = await Promise.all(
    Array.from({ length: phones }, async (_, index): Promise<KnownPhone> => {
      const phone = newPhone();
      const id = VerificationId.create((await storage.dataKey()).tag(phone));
      const state = (['pending', 'used', 'guessed'] as const)[index % 3];
      await limits.reserve(phone, LIMIT, newId());
      await verifications.open(id, { mac: 'right', sealedPhone: 'sealed', purpose: 'login' }, OPEN);
      await verifications.settle(id, { send: 'accepted', sid: `SM${newId()}` });
      const guess = (mac: string): Promise<unknown> => verifications.check(id, { id: newId(), mac }, CHECKS);
      if (state === 'used') await guess('right');
      if (state === 'guessed') for (let count = 0; count < 3; count += 1) await guess('wrong');
      return { phone, id: id.toString(), state };
    }),
  );
  await storage.close();
  const content = await readFile(join(folder, 'limits.mdb'));
  await rm(folder, { recursive: true });
  return { content, known };
}

/** Ways in which a disk may spoil a file. */
const DAMAGES: Readonly<Record<string, (file: Buffer, random: () => number) => Buffer>> = {
  'a byte changed': (file, random) => changeByte(file, between(0, file.length, random), random),
  'a byte changed where a page describes itself': (file, random) => {
    const page = between(0, file.length / PAGE_BYTES, random) * PAGE_BYTES;
    return changeByte(file, page + between(0, HEADER_BYTES, random), random);
  },
  'a sector lost': (file, random) => {
    const sector = between(0, file.length / SECTOR_BYTES, random) * SECTOR_BYTES;
    return file.fill(0, sector, sector + SECTOR_BYTES);
  },
  'cut off': (file, random) => file.subarray(0, between(0, file.length, random)),
};

function changeByte(file: Buffer, at: number, random: () => number): Buffer {
  file[at] ^= between(1, 256, random);
  return file;
}

function resultOf({ refusal, fault, crash, forgotten, lost }: Opened): string {
  if (crash !== undefined) return `crash: ${crash}`;
  if (forgotten.length > 0) return `forgot ${[...new Set(forgotten)].join(', ')}`;
  if (fault !== undefined) return `fault: ${fault}`;
  if (refusal !== undefined) return refusal.startsWith('DamagedStoreError: ') ? 'refused' : refusal;
  return lost > 0 ? 'noticed' : 'as before';
}

let folder: string;
let simulator: TwilioSimulator;
beforeAll(async () => {
  folder = await temporaryFolder();
  simulator = await TwilioSimulator.start();
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

describe('A data file that was damaged', () => {
  it(
    'is refused, or opened with all limits that were in it, and no process dies of it',
    () =>
      seeded('damaged-files', async (random) => {
        const { content, known } = await dataFile(150);
        const opener = new DataFileOpener(LIMIT, CHECKS, known);
        const results = new Map([
          ['as before', 0],
          ['refused', 0],
          ['noticed', 0],
        ]);
        try {
          expect(resultOf(await opener.open(content))).toBe('as before');
          for (const [damage, spoil] of Object.entries(DAMAGES)) {
            for (let count = 0; count < tries(20, 400); count += 1) {
              const result = resultOf(await opener.open(spoil(Buffer.from(content), random)));
              expect([damage, [...results.keys()]]).toEqual([damage, expect.arrayContaining([result])]);
              results.set(result, results.get(result)! + 1);
            }
          }
        } finally {
          opener.close();
        }
        const of = (result: string): string => counted(results.get(result)!);
        const all = [...results.values()].reduce((sum, count) => sum + count, 0);
        proved({
          guarantees: [2, 6],
          tries: `${counted(all)} damaged copies of a data file with ${known.length} phones: ${Object.keys(DAMAGES).join(', ')}`,
          faults: 'bytes that changed, sectors that were lost, and files that were cut off, at random places',
          result: `${of('refused')} refused with one line, ${of('noticed')} opened with a record that is known as damaged and counts as used up, ${of('as before')} unharmed; no limit and no used code forgotten, no process died`,
        });
      }),
    tries(120_000, 900_000),
  );

  it('keeps the API from starting, with one line that says what to do', async () => {
    const environment = await apiEnvironment(simulator, 'embedded', { PORT: '0' });
    const path = join(environment.DATA_PATH, 'limits.mdb');
    const api = await ApiProcess.start({ ...environment, LOG_LEVEL: 'info' }, folder);
    await api.send(newPhone());
    await api.stop();
    const content = await readFile(path);
    const spoiled = [content.subarray(0, content.length / 2), Buffer.from(content).fill(0, 0, SECTOR_BYTES)];
    for (const file of spoiled) {
      await writeFile(path, file);
      const { exitCode, output } = await runApi(environment, folder);
      const says =
        /^The API cannot start\. The store .*limits\.mdb is damaged: .* Restore it from a backup; .*\.\n$/;
      expect({ exitCode, output }).toEqual({ exitCode: 1, output: expect.stringMatching(says) });
      expect(await readFile(path)).toEqual(file);
    }
    await writeFile(path, content);
    await (await ApiProcess.start({ ...environment, LOG_LEVEL: 'info' }, folder)).stop();
    await rm(environment.DATA_PATH, { recursive: true });
  });
});

/** What a process may write of a file, from its beginning: without privileges, much as a disk that is full. */
async function limitFileSize(pid: number, bytes: number | 'unlimited'): Promise<void> {
  await promisify(execFile)('prlimit', ['--pid', `${pid}`, `--fsize=${bytes}:`]);
}

describe('An API whose disk is full', () => {
  it.each([
    ['for records', 2 * PAGE_BYTES],
    ['for anything', 1],
  ])(
    '%s sends nothing and approves nothing, and goes on by itself when there is room again',
    async (_, bytes) => {
      const environment = await apiEnvironment(simulator, 'embedded', { LOG_LEVEL: 'info' });
      const api = await ApiProcess.start(environment, folder);
      const phone = newPhone();
      const { id } = (await api.send(phone)).body;
      const messages = simulator.inbox.list().length;

      await limitFileSize(api.pid, bytes);
      const calls = [
        ...Array.from({ length: 20 }, () => api.send(newPhone())),
        ...Array.from({ length: 5 }, () => api.check(String(id), codeFor(simulator, phone))),
        api.get('/readyz'),
      ];
      const answers = await Promise.all(calls);
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));
      expect((await api.get('/livez')).status).toBe(200);
      expect(simulator.inbox.list()).toHaveLength(messages);

      await limitFileSize(api.pid, 'unlimited');
      await until('it is ready again', async () => (await api.get('/readyz')).status === 200);
      expect((await api.send(phone)).status).toBe(429);
      expect((await api.check(String(id), codeFor(simulator, phone))).status).toBe(200);
      expect((await api.send(newPhone())).status).toBe(201);
      await api.stop();
      await rm(environment.DATA_PATH, { recursive: true });
      proved({
        guarantees: [2, 9],
        tries: `${answers.length} calls while nothing could be written`,
        faults: 'a disk that is full, then has room again',
        result:
          'all answered STORE_UNAVAILABLE, nothing sent and nothing approved; then all well without a restart, and no limit forgotten',
      });
    },
  );
});

describe('An API that may not write to its data folder, or has no room there', () => {
  /** The superuser may write everywhere, unless that right is taken away. */
  const asUser = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];
  const noRoom = ['prlimit', `--fsize=${PAGE_BYTES}`];

  it.each([
    ['a folder that is read-only', asUser, 0o500],
    ['a full disk', noRoom, 0o700],
  ])('refuses to start with one line that names the folder: %s', async (_, launcher, mode) => {
    const path = join(folder, `data-${mode}`);
    await mkdir(path, { mode });
    const environment = await apiEnvironment(simulator, 'embedded', { DATA_PATH: path });
    const { exitCode, output } = await runApi(environment, folder, { launcher });
    const says =
      /^The API cannot start\. The store cannot be kept in .*data-\d+: .* choose another folder\.\n$/;
    expect({ exitCode, output }).toEqual({ exitCode: 1, output: expect.stringMatching(says) });
    expect(await readdir(path)).toEqual([]);
  });
});
