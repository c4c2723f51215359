import type { RootDatabase } from 'lmdb';

export type Database = RootDatabase<Buffer, string>;

interface Shared {
  readonly opening: Promise<Database>;
  users: number;
}

/** Of the process: there may be several copies of this module, such as of two versions of the library. */
const REGISTRY = Symbol.for('@xiaozhi/sms: databases that are open');
const registry = globalThis as {
  [REGISTRY]?: { shared: Map<string, Shared>; closing: Map<string, Promise<void>> };
};
const { shared, closing } = (registry[REGISTRY] ??= { shared: new Map(), closing: new Map() });

/**
 * A file of LMDB is opened once in a process. A second time would block the process for ever: it waits, synchronously, for
 * a lock of the first, whose work waits for the process. So all who open a file here share it, and the last one closes it.
 */
export class SharedDatabase {
  /** By this user of it. */
  isClosed = false;

  private constructor(
    readonly database: Database,
    private readonly path: string,
  ) {}

  /** @param open is called if nobody else has the file open */
  static async open(path: string, open: () => Promise<Database>): Promise<SharedDatabase> {
    const known = shared.get(path) ?? { opening: openAfterClose(path, open), users: 0 };
    shared.set(path, known);
    known.users += 1;
    try {
      return new SharedDatabase(await known.opening, path);
    } catch (error) {
      if (shared.get(path) === known) shared.delete(path); // the next one tries again
      throw error;
    }
  }

  async close(): Promise<void> {
    const known = shared.get(this.path);
    if (this.isClosed || !known) return;
    this.isClosed = true;
    known.users -= 1;
    if (known.users > 0) return;
    shared.delete(this.path);
    const done = this.database.close();
    closing.set(this.path, done);
    await done.finally(() => closing.delete(this.path));
  }
}

async function openAfterClose(path: string, open: () => Promise<Database>): Promise<Database> {
  await closing.get(path)?.catch(() => undefined);
  return open();
}
