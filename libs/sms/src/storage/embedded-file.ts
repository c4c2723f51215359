import { open, stat, type FileHandle } from 'node:fs/promises';
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

// Layout of an LMDB page, data version 2: a header of 24 bytes with flags and, for tree pages, the end of the list of
// node offsets that follows. A meta page has magic, version, address, map size, two database records of 48 bytes (the
// first begins with the page size, both end with their root), last page, transaction id.
const META_BYTES = 160;
const MAGIC = 0xbeefc0de;
const META = { magic: 24, pageSize: 48, freeRoot: 88, mainRoot: 136, lastPage: 144, transaction: 152 };
const PAGE = { flags: 18, nodesEnd: 20, overflowPages: 20, nodes: 24 };
const BRANCH = 1;
const BIG_VALUE = 1;
const NO_ROOT = 0xffffffffffffffffn;
const CREATION_WAIT_MS = 50;
const CREATION_WAITS = 20;

interface Meta {
  readonly transaction: bigint;
  readonly lastPage: number;
  readonly pageSize: number;
  readonly roots: readonly bigint[];
}

/**
 * Checks that a data file holds all pages that its newest meta page speaks of. LMDB maps the file into memory and dies
 * of SIGBUS on one that was cut off. A file that is not there yet is fine.
 * @throws DamagedStoreError
 */
export async function checkDataFile(path: string): Promise<void> {
  if ((await sizeOnceCreated(path)) === undefined) return;
  const file = await open(path, 'r');
  try {
    const metas = await readMetaPages(file);
    const { size } = await file.stat(); // after the meta pages: another process may be adding pages
    if (metas.length === 0) throw new DamagedStoreError(path, `it holds ${size} bytes and no meta page`);
    const newest = metas.reduce((a, b) => (b.transaction > a.transaction ? b : a));
    const needed = (newest.lastPage + 1) * newest.pageSize;
    // Pages that were taken and freed in one transaction are never written, so a sound file may end before its last page.
    if (size < needed && !(await holdsAllUsedPages(file, newest, size))) {
      throw new DamagedStoreError(path, `it holds ${size} of ${needed} bytes`);
    }
  } finally {
    await file.close();
  }
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

async function readMetaPages(file: FileHandle): Promise<Meta[]> {
  const first = await read(file, 0, META_BYTES);
  if (!isMeta(first)) return [];
  const second = await read(file, first.readUInt32LE(META.pageSize), META_BYTES);
  return [first, second].filter(isMeta).map((meta) => ({
    transaction: meta.readBigUInt64LE(META.transaction),
    lastPage: Number(meta.readBigUInt64LE(META.lastPage)),
    pageSize: meta.readUInt32LE(META.pageSize),
    roots: [meta.readBigUInt64LE(META.freeRoot), meta.readBigUInt64LE(META.mainRoot)],
  }));
}

function isMeta(page: Buffer): boolean {
  return page.length === META_BYTES && page.readUInt32LE(META.magic) === MAGIC;
}

/** Walks the trees of data and of free pages. */
async function holdsAllUsedPages(
  file: FileHandle,
  { roots, pageSize }: Meta,
  size: number,
): Promise<boolean> {
  const pages = Math.floor(size / pageSize);
  const left = roots.filter((root) => root !== NO_ROOT).map(Number);
  for (let number = left.pop(); number !== undefined; number = left.pop()) {
    if (number >= pages) return false;
    const page = await read(file, number * pageSize, pageSize);
    const isBranch = (page.readUInt16LE(PAGE.flags) & BRANCH) !== 0;
    const nodesEnd = Math.min(page.readUInt16LE(PAGE.nodesEnd), pageSize);
    for (let entry = PAGE.nodes; entry + 2 <= nodesEnd; entry += 2) {
      const node = page.readUInt16LE(entry);
      if (node + 8 > pageSize) return false;
      const flags = page.readUInt16LE(node + 4);
      if (isBranch) {
        left.push(page.readUInt32LE(node) + flags * 2 ** 32);
      } else if (flags & BIG_VALUE) {
        const value = node + 8 + page.readUInt16LE(node + 6);
        if (value + 8 > pageSize) return false;
        const first = Number(page.readBigUInt64LE(value));
        if (first >= pages) return false;
        const header = await read(file, first * pageSize, PAGE.nodes);
        if (first + header.readUInt32LE(PAGE.overflowPages) > pages) return false;
      }
    }
  }
  return true;
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
