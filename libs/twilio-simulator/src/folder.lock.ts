import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const FILE = 'simulator.lock';
/** Folders that this process holds: after a restart in a container its id may be that of the process before it. */
const heldHere = new Set<string>();

/** Another simulator keeps its state in the folder. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';

  constructor(
    readonly folder: string,
    /** Of that simulator; undefined if it is only just starting. */
    readonly processId: number | undefined,
  ) {
    const holder = `Another simulator${processId === undefined ? '' : ` (process ${processId})`}`;
    super(
      `${holder} keeps its state in ${folder}. Stop it or use another folder. If that process is no simulator, delete ${join(folder, FILE)}.`,
    );
  }
}

/** Keeps a folder for one simulator at a time. One that ended without releasing the folder holds it no longer. */
export class FolderLock {
  private constructor(private readonly path: string) {}

  /** @throws FolderInUseError */
  static async take(folder: string): Promise<FolderLock> {
    const path = join(resolve(folder), FILE);
    if (!(await create(path))) {
      await removeLeftBehind(folder, path);
      if (!(await create(path))) throw new FolderInUseError(folder, await readHolder(path));
    }
    heldHere.add(path);
    return new FolderLock(path);
  }

  /** Lets another simulator take the folder. */
  async release(): Promise<void> {
    if (heldHere.delete(this.path)) await rm(this.path, { force: true });
  }
}

/** @returns whether there was no such file */
async function create(path: string): Promise<boolean> {
  try {
    await writeFile(path, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** @throws FolderInUseError when the holder runs */
async function removeLeftBehind(folder: string, path: string): Promise<void> {
  const holder = await readHolder(path);
  if (holder === undefined || isRunning(holder, path)) throw new FolderInUseError(folder, holder);
  // Two simulators may find the same file: only one can rename it.
  const removed = `${path}.${process.pid}`;
  await rename(path, removed).catch(() => {
    throw new FolderInUseError(folder, undefined);
  });
  await rm(removed, { force: true });
}

async function readHolder(path: string): Promise<number | undefined> {
  const content = await readFile(path, 'utf8').catch(() => '');
  const holder = Number(content);
  return Number.isInteger(holder) && holder > 0 ? holder : undefined;
}

function isRunning(processId: number, path: string): boolean {
  if (processId === process.pid) return heldHere.has(path);
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
