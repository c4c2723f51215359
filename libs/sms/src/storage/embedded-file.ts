import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** The data file is damaged. Opening it could crash the process or forget limits, so the start stops. */
export class DamagedStoreError extends Error {
  override readonly name = 'DamagedStoreError';
  constructor(path: string, damage: string) {
    super(
      `The store ${path} is damaged: ${damage}. Restore it from a backup; or, accepting that all limits and pending ` +
        'codes are forgotten, move it away and start again.',
    );
  }
}

// Layout of an LMDB meta page, data version 2: page header (24 bytes), then magic, version, address, map size,
// two database records of 48 bytes (the first begins with the page size), last page, transaction id.
const META_BYTES = 160;
const MAGIC = 0xbeefc0de;
const OFFSET = { magic: 24, pageSize: 48, lastPage: 144, transaction: 152 };
const CREATION_WAIT_MS = 50;
const CREATION_WAITS = 20;

/**
 * Checks that a data file is as long as its newest meta page says. LMDB maps the file into memory and dies of SIGBUS
 * on one that was cut off. A file that is not there yet is fine.
 * @throws DamagedStoreError
 */
export async function checkDataFile(path: string): Promise<void> {
  if ((await sizeOnceCreated(path)) === undefined) return;
  const metas = await readMetaPages(path);
  const { size: bytes } = await stat(path); // after the meta pages: another process may be adding pages
  if (metas.length === 0) throw new DamagedStoreError(path, `it holds ${bytes} bytes and no meta page`);
  const newest = metas.reduce((a, b) => (b.transaction > a.transaction ? b : a));
  const needed = (newest.lastPage + 1) * newest.pageSize;
  if (bytes < needed) throw new DamagedStoreError(path, `it holds ${bytes} of ${needed} bytes`);
}

/** The size; another process that is creating the file at this moment is waited for. */
async function sizeOnceCreated(path: string): Promise<number | undefined> {
  for (let waits = 0; ; waits += 1) {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!found) return undefined;
    if (found.size > 0 || waits === CREATION_WAITS) return found.size;
    await sleep(CREATION_WAIT_MS);
  }
}

async function readMetaPages(
  path: string,
): Promise<{ transaction: number; lastPage: number; pageSize: number }[]> {
  const file = await open(path, 'r');
  try {
    const read = async (position: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(META_BYTES), 0, META_BYTES, position);
      return buffer.subarray(0, bytesRead);
    };
    const first = await read(0);
    if (!isMeta(first)) return [];
    const second = await read(first.readUInt32LE(OFFSET.pageSize));
    return [first, second].filter(isMeta).map((meta) => ({
      transaction: Number(meta.readBigUInt64LE(OFFSET.transaction)),
      lastPage: Number(meta.readBigUInt64LE(OFFSET.lastPage)),
      pageSize: meta.readUInt32LE(OFFSET.pageSize),
    }));
  } finally {
    await file.close();
  }
}

function isMeta(page: Buffer): boolean {
  return page.length === META_BYTES && page.readUInt32LE(OFFSET.magic) === MAGIC;
}
