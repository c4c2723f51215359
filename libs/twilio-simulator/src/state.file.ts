import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from './clock.js';
import { FolderLock } from './folder.lock.js';
import type { SimulatorState } from './state.js';
import { readState } from './state.js';

const FILE = 'simulator.json';
const UNFINISHED = '.new';
const MAX_DELAY_MS = 200;

/** Keeps the state in one file that only its owner can read, whole at any time. */
export class StateFile {
  private cancel: (() => void) | undefined;
  private writing: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly path: string,
    private readonly lock: FolderLock,
    private readonly clock: Clock,
    /** What was in the file; undefined if there was none. */
    readonly state: SimulatorState | undefined,
    /** Where a file was moved that could not be read. */
    readonly damagedPath: string | undefined,
  ) {}

  /** @throws FolderInUseError while another simulator has it open */
  static async open(folder: string, clock: Clock): Promise<StateFile> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await FolderLock.take(folder);
    try {
      await removeUnfinished(folder);
      const path = join(folder, FILE);
      const { state, damagedPath } = await readOrMoveAside(path, clock);
      return new StateFile(path, lock, clock, state, damagedPath);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Writes within 200 ms. A write that fails is made up for by the next one. */
  saveSoon(state: () => SimulatorState): void {
    if (this.closed) return;
    this.cancel ??= this.clock.schedule(() => {
      this.save(state()).catch(() => undefined);
    }, MAX_DELAY_MS);
  }

  /** Writes now. */
  async save(state: SimulatorState): Promise<void> {
    this.cancel?.();
    this.cancel = undefined;
    this.writing = this.writing.catch(() => undefined).then(() => this.write(JSON.stringify(state)));
    await this.writing;
  }

  /** Writes for the last time: another simulator may now take the folder. */
  async close(state: SimulatorState): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    try {
      await this.save(state);
    } finally {
      await this.lock.release();
    }
  }

  /** Lets another simulator take the folder, and leaves the file as it is. */
  async abandon(): Promise<void> {
    this.closed = true;
    this.cancel?.();
    await this.writing.catch(() => undefined);
    await this.lock.release();
  }

  private async write(content: string): Promise<void> {
    const temporaryPath = `${this.path}.${process.pid}${UNFINISHED}`;
    const file = await open(temporaryPath, 'w', 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporaryPath, this.path);
  }
}

async function readOrMoveAside(
  path: string,
  clock: Clock,
): Promise<{ state?: SimulatorState; damagedPath?: string }> {
  const content = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (content === undefined) return {};
  const state = readState(content);
  if (state) return { state };
  const damagedPath = `${path}.damaged-${clock.now()}`;
  await rename(path, damagedPath);
  return { damagedPath };
}

/** What processes left that ended while they were writing. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const { name } = entry;
    if (entry.isFile() && name.startsWith(`${FILE}.`) && name.endsWith(UNFINISHED)) {
      await rm(join(folder, name), { force: true });
    }
  }
}
