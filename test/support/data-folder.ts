import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RateLimit } from '../../libs/sms/src/rate-limit/rate-limit.store.js';
import type { CheckLimits } from '../../apps/api/src/verification/verification.rule.js';
import { temporaryFolder, TEST_SECRET } from './stores.js';

const OPENER = fileURLToPath(new URL('./damaged-store.mjs', import.meta.url));
const LONGEST_MS = 10_000;

/** What was known of a phone: that it has no sends left; and that its code was used, or its guesses were. */
export interface KnownPhone {
  readonly phone: string;
  readonly id: string;
  readonly state: 'pending' | 'used' | 'guessed';
}

/** What has become of a store. */
export interface Opened {
  /** Why it was not opened. */
  readonly refusal?: string;
  /** An error later on. */
  readonly fault?: string;
  /** How the process ended, if it did. */
  readonly crash?: string;
  /** What should have been known and was not, to the favour of the caller. */
  readonly forgotten: readonly string[];
  /** Records that were known as damaged, or were not found, to the disfavour of the caller. */
  readonly lost: number;
}

/** Opens data files in a process of its own, which may die of them. */
export class DataFileOpener {
  private child?: ChildProcess;

  constructor(
    private readonly limit: RateLimit,
    private readonly checkLimits: CheckLimits,
    private readonly known: readonly KnownPhone[],
  ) {}

  async open(content: Buffer): Promise<Opened> {
    const home = await temporaryFolder();
    const folder = join(home, 'data');
    await mkdir(folder);
    await writeFile(join(folder, 'limits.mdb'), content);
    try {
      const child = (this.child ??= await start());
      const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS); // an endless loop is a crash too
      const answer = new Promise<Opened>((resolve) => {
        child.removeAllListeners().once('message', resolve);
        child.once('exit', (code, signal) => {
          this.child = undefined;
          resolve({ crash: String(signal ?? code), forgotten: [], lost: 0 });
        });
      });
      const { limit, checkLimits, known } = this;
      child.send({ folder, secret: TEST_SECRET, limit, checkLimits, known });
      const found = await answer;
      clearTimeout(timer);
      return found;
    } finally {
      await rm(home, { recursive: true });
    }
  }

  close(): void {
    this.child?.kill('SIGKILL');
  }
}

async function start(): Promise<ChildProcess> {
  const child = fork(OPENER, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  await once(child, 'message');
  return child;
}
