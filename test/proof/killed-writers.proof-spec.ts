import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '@app/sms';
import { EmbeddedStorage } from '@app/sms/internals';
import { EmbeddedRateLimitStore } from '../../libs/sms/src/rate-limit/embedded.store.js';
import { between, counted, progress, proved, seeded, tries } from '../support/proof.js';
import { temporaryFolder, TEST_SECRET } from '../support/stores.js';

const PROGRAM = fileURLToPath(new URL('../support/reservation-writer.mjs', import.meta.url));
const WRITERS = 3;
const KILLS_PER_FOLDER = 12;
const ASKED_AT_ONCE = 500;

class Writer {
  private readonly ended: Promise<unknown>;
  private printed = '';

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'close');
    child.stderr!.on('data', (chunk: Buffer) => (this.printed += chunk.toString()));
  }

  /** @param granted the file with what it was granted */
  static async start(folder: string, granted: string): Promise<Writer> {
    const child = spawn(process.execPath, [PROGRAM, folder, TEST_SECRET, granted]);
    const writer = new Writer(child);
    await Promise.race([once(child.stdout, 'data'), writer.ended]);
    return writer;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
    if (this.child.signalCode !== 'SIGKILL') throw new Error(`A writer ended by itself:\n${this.printed}`);
  }
}

/** Processes on one data folder that do nothing but reserve, and are killed in the middle of commits. */
class KilledWriters {
  private readonly writers: Writer[] = [];
  private readonly folder: string;
  private readonly granted: string;

  constructor(
    home: string,
    private readonly random: () => number,
  ) {
    this.folder = join(home, 'data');
    this.granted = join(home, 'granted');
  }

  async killSome(kills: number): Promise<void> {
    try {
      await this.killOneAfterTheOther(kills);
    } finally {
      await Promise.all(this.writers.map((writer) => writer.kill()));
    }
  }

  private async killOneAfterTheOther(kills: number): Promise<void> {
    for (let count = 0; count < WRITERS; count += 1) await this.startAnother();
    for (let killed = 0; killed < kills; killed += 1) {
      await sleep(between(30, 180, this.random));
      const [victim] = this.writers.splice(between(0, WRITERS, this.random), 1);
      await victim.kill();
      await sleep(between(20, 80, this.random)); // the others take its locks over
      await this.startAnother();
    }
  }

  private async startAnother(): Promise<void> {
    this.writers.push(await Writer.start(this.folder, this.granted));
  }

  /** How many reservations were granted, and which of them the store does not know. */
  async count(): Promise<{ granted: number; forgotten: string[] }> {
    const written = await readFile(this.granted, 'utf8');
    const ids = written.slice(0, written.lastIndexOf('\n')).split('\n');
    const storage = new EmbeddedStorage(this.folder, [new Secret(TEST_SECRET)]);
    const store = new EmbeddedRateLimitStore(storage);
    const forgotten: string[] = [];
    try {
      await storage.open();
      for (let next = 0; next < ids.length; next += ASKED_AT_ONCE) {
        const asked = ids.slice(next, next + ASKED_AT_ONCE);
        const held = await Promise.all(asked.map((id) => store.holds(id, id)));
        forgotten.push(...asked.filter((_, index) => !held[index]));
      }
    } finally {
      await storage.close();
    }
    return { granted: ids.length, forgotten };
  }
}

describe('An embedded store whose writers are killed in the middle of commits', () => {
  it(
    'knows every reservation that was granted',
    () =>
      seeded('killed-writers', async (random) => {
        const kills = tries(5, 240);
        let [granted, killed] = [0, 0];
        while (killed < kills) {
          progress(`killed writers: ${killed} of ${kills}`);
          const home = await temporaryFolder();
          const writers = new KilledWriters(home, random);
          await writers.killSome(Math.min(KILLS_PER_FOLDER, kills - killed));
          const found = await writers.count();
          expect(found.forgotten).toEqual([]);
          granted += found.granted;
          killed += KILLS_PER_FOLDER;
          await rm(home, { recursive: true });
        }
        expect(granted).toBeGreaterThan(kills * 100); // kills hit commits only where there are many
        proved({
          guarantees: [1, 2],
          tries: `${counted(kills)} SIGKILLs of one of ${WRITERS} processes that reserve on one data folder as fast as they can`,
          faults: 'SIGKILL at a random moment; the others take over the locks of the one that was killed',
          result: `${counted(granted)} reservations were granted, and none was forgotten`,
        });
      }),
    tries(120_000, 1_800_000),
  );
});
