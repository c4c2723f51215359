import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from './clock.js';
import type { SimulatorState } from './state.js';
import { readState } from './state.js';

const FILE = 'simulator.json';
const MAX_DELAY_MS = 200;

/** Keeps the state in one file that only its owner can read, whole at any time. */
export class StateFile {
  private cancel: (() => void) | undefined;
  private writing: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly path: string,
    private readonly clock: Clock,
    /** What was in the file; undefined if there was none. */
    readonly state: SimulatorState | undefined,
    /** Where a file was moved that could not be read. */
    readonly damagedPath: string | undefined,
  ) {}

  static async open(folder: string, clock: Clock): Promise<StateFile> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, FILE);
    const content = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (content === undefined) return new StateFile(path, clock, undefined, undefined);
    const state = readState(content);
    if (state) return new StateFile(path, clock, state, undefined);
    const damagedPath = `${path}.damaged-${clock.now()}`;
    await rename(path, damagedPath);
    return new StateFile(path, clock, undefined, damagedPath);
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
    await this.save(state);
  }

  private async write(content: string): Promise<void> {
    const temporaryPath = `${this.path}.new`;
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
