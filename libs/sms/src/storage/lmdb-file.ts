import { readSync } from 'node:fs';

/** The file cannot hold what LMDB wrote. The message says what was found. */
export class DamagedPagesError extends Error {
  override readonly name = 'DamagedPagesError';
}

/** A tree, as a meta page describes it. */
interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  readonly root: number;
}

/** The newest state of the file that is complete. */
export interface Snapshot {
  readonly pageBytes: number;
  readonly lastPage: number;
  readonly transaction: number;
  /** Which pages are free, by the transaction that freed them. */
  readonly free: Tree;
  /** The records. */
  readonly main: Tree;
}

/** Throws {@link DamagedPagesError} if this record is not what was written. */
export type CheckRecord = (key: Buffer, value: Buffer) => void;

// The layout of LMDB's files as lmdb-js 3 writes them (data version 2): integers are little-endian, a page begins with a
// header of 24 bytes. Pages 0 and 1 describe the two newest transactions, each of them the ones with its parity. The second
// half of page 0 describes the newest one that was flushed to the disk, and LMDB goes back to it after a power cut, where a
// commit is not flushed before it is visible (`overlappingSync`). Ours were of that kind once.
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const META_BYTES = 160;
const META = {
  magic: 24,
  version: 28,
  free: 48,
  main: 96,
  lastPage: 144,
  transaction: 152,
  pageBytes: 48,
};
const TREE = { flags: 4, depth: 6, branchPages: 8, leafPages: 16, overflowPages: 24, entries: 32, root: 40 };
const NO_ROOT = 0xffffffffffffffffn;
const LARGEST_PAGE_BYTES = 65_536;
const KNOWN_PAGE_BYTES = [4_096, 8_192, 16_384, 32_768, LARGEST_PAGE_BYTES];
const MAX_DEPTH = 16;

const HEADER_BYTES = 24;
const HEADER = { number: 0, transaction: 8, flags: 18, lower: 20, upper: 22, overflowPages: 20 };
const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;
/** LMDB's mark of a page that is still to be written. No other bit is ever on disk, and some make every commit fail. */
const DIRTY = 0x10;

const NODE_BYTES = 8;
const NODE = { size: 0, flags: 4, keyBytes: 6 };
const BIG_VALUE = 1;
const OVERFLOW_REFERENCE_BYTES = 24;
const OVERFLOW_COUNT = 16;

/**
 * Checks what LMDB chooses a state of the file by, when it opens the file.
 * @throws DamagedPagesError
 */
export function checkMetaPages(file: number): void {
  readMetaPages(file);
}

/**
 * The newest state of a file that was opened.
 * @throws DamagedPagesError if its two meta pages do not describe two transactions in sequence
 */
export function readSnapshot(file: number): Snapshot {
  const { even, odd } = readMetaPages(file);
  const [older, newer] = even.transaction > odd.transaction ? [odd, even] : [even, odd];
  if (newer.transaction > 0 && newer.transaction !== older.transaction + 1) throw contradiction();
  return newer;
}

function readMetaPages(file: number): { even: Snapshot; odd: Snapshot } {
  // In one go: another process may be writing.
  const start = Buffer.alloc(LARGEST_PAGE_BYTES + META_BYTES);
  const head = start.subarray(0, readSync(file, start, 0, start.length, 0));
  const even = readMeta(head);
  const odd = readMeta(head.subarray(even.pageBytes));
  const flushed = toSnapshot(head.subarray(even.pageBytes / 2));
  const isPair =
    even.pageBytes === odd.pageBytes &&
    even.transaction % 2 === 0 &&
    (odd.transaction % 2 === 1 || odd.transaction === 0);
  // What was flushed was the newest one then, beside the one before it.
  const isAfterFlushed = Math.min(even.transaction, odd.transaction) >= flushed.transaction - 1;
  const isOther = ({ transaction, lastPage, main, free }: Snapshot): boolean =>
    transaction > 0 &&
    transaction === flushed.transaction &&
    !(lastPage === flushed.lastPage && main.root === flushed.main.root && free.root === flushed.free.root);
  if (!isPair || !isAfterFlushed || isOther(even) || isOther(odd)) throw contradiction();
  return { even, odd };
}

function contradiction(): DamagedPagesError {
  return new DamagedPagesError('its meta pages contradict each other');
}

function readMeta(page: Buffer): Snapshot {
  const isMeta =
    page.length >= META_BYTES &&
    page.readUInt32LE(META.magic) === MAGIC &&
    page.readUInt32LE(META.version) === VERSION &&
    KNOWN_PAGE_BYTES.includes(page.readUInt32LE(META.pageBytes));
  if (!isMeta) throw new DamagedPagesError('it has no meta page where there should be one');
  return toSnapshot(page);
}

function toSnapshot(page: Buffer): Snapshot {
  return {
    pageBytes: page.readUInt32LE(META.pageBytes),
    lastPage: Number(page.readBigUInt64LE(META.lastPage)),
    transaction: Number(page.readBigUInt64LE(META.transaction)),
    free: readTree(page.subarray(META.free)),
    main: readTree(page.subarray(META.main)),
  };
}

function readTree(meta: Buffer): Tree {
  const root = meta.readBigUInt64LE(TREE.root);
  const number = (at: number): number => Number(meta.readBigUInt64LE(at));
  return {
    flags: meta.readUInt16LE(TREE.flags),
    depth: meta.readUInt16LE(TREE.depth),
    branchPages: number(TREE.branchPages),
    leafPages: number(TREE.leafPages),
    overflowPages: number(TREE.overflowPages),
    entries: number(TREE.entries),
    root: root === NO_ROOT ? -1 : Number(root),
  };
}

/**
 * Walks both trees, and holds what it finds against everything that LMDB wrote down twice: numbers of pages, counts, the
 * order of keys, the sizes of records, which pages are free. LMDB itself believes a page, and forgets records, writes
 * over others, loops or crashes when it is wrong.
 * @param snapshot of a transaction that is being read, so that nobody writes over its pages
 * @param checkRecord is called with each record, in the order of their keys
 * @throws DamagedPagesError
 */
export function checkSnapshot(file: number, snapshot: Snapshot, checkRecord: CheckRecord): void {
  const pages = new Pages(file, snapshot);
  if (snapshot.main.flags !== 0)
    throw new DamagedPagesError('the records are not in the order of their keys');
  new TreeWalk(pages, snapshot.main, compareBytes, checkRecord).run();
  new TreeWalk(pages, snapshot.free, compareNumbers, (_, value) => claimFreePages(pages, value)).run();
  pages.checkAllClaimed();
}

/** The pages of a file; each is used once, or free. */
class Pages {
  private readonly claimed = new Set([0, 1]);

  constructor(
    private readonly file: number,
    private readonly snapshot: Snapshot,
  ) {}

  /** @throws DamagedPagesError if there is no such page, or if it was claimed before */
  claim(number: number): void {
    if (!(number <= this.snapshot.lastPage)) throw new DamagedPagesError(`there is no page ${number}`);
    if (this.claimed.has(number)) throw new DamagedPagesError(`page ${number} is used twice`);
    this.claimed.add(number);
  }

  /** @throws DamagedPagesError also if the page does not look like one of this kind and number */
  read(number: number, kind: number, count = 1): Buffer {
    if (!(number + count - 1 <= this.snapshot.lastPage))
      throw new DamagedPagesError(`there is no page ${number}`);
    for (let page = number; page < number + count; page += 1) this.claim(page);
    const { pageBytes, transaction } = this.snapshot;
    const page = Buffer.allocUnsafe(count * pageBytes);
    if (readSync(this.file, page, 0, page.length, number * pageBytes) < page.length) {
      throw new DamagedPagesError(`page ${number} is missing`);
    }
    const isIt =
      Number(page.readBigUInt64LE(HEADER.number)) === number &&
      Number(page.readBigUInt64LE(HEADER.transaction)) <= transaction &&
      (page.readUInt16LE(HEADER.flags) & ~DIRTY) === kind;
    if (!isIt) throw new DamagedPagesError(`page ${number} is not what is expected there`);
    return page;
  }

  /** @throws DamagedPagesError if one is neither used nor free */
  checkAllClaimed(): void {
    const lost = this.snapshot.lastPage + 1 - this.claimed.size;
    if (lost > 0) throw new DamagedPagesError(`${lost} pages are neither used nor free`);
  }
}

interface Node {
  readonly at: number;
  readonly flags: number;
  readonly key: Buffer;
}

/** Keys from the first of them on, and before the other. */
interface Range {
  readonly from?: Buffer;
  readonly before?: Buffer;
}

class TreeWalk {
  private branchPages = 0;
  private leafPages = 0;
  private overflowPages = 0;
  private entries = 0;

  constructor(
    private readonly pages: Pages,
    private readonly tree: Tree,
    private readonly compare: (one: Buffer, other: Buffer) => number,
    private readonly checkRecord: CheckRecord,
  ) {}

  run(): void {
    const { root, depth } = this.tree;
    if (depth > MAX_DEPTH || root < 0 !== (depth === 0)) throw new DamagedPagesError('a tree has no root');
    if (root >= 0) this.visit(root, 1, {});
    for (const what of ['branchPages', 'leafPages', 'overflowPages', 'entries'] as const) {
      if (this[what] !== this.tree[what]) {
        throw new DamagedPagesError(`it should hold ${this.tree[what]} ${what}, and holds ${this[what]}`);
      }
    }
  }

  private visit(number: number, level: number, range: Range): void {
    const isLeaf = level === this.tree.depth;
    const page = this.pages.read(number, isLeaf ? LEAF : BRANCH);
    const nodes = this.nodesOf(page, number, isLeaf);
    // The first key of a branch is not looked at: all that is smaller than the second is below it.
    const keys = nodes.slice(isLeaf ? 0 : 1).map(({ key }) => key);
    if (!this.areInOrder(keys, range)) throw new DamagedPagesError(`page ${number} is not in order`);
    if (isLeaf) {
      this.leafPages += 1;
      for (const node of nodes) this.visitRecord(page, node);
    } else {
      this.branchPages += 1;
      nodes.forEach(({ at, flags, key }, index) =>
        this.visit(page.readUInt32LE(at) + flags * 2 ** 32, level + 1, {
          from: index === 0 ? range.from : key,
          before: nodes[index + 1]?.key ?? range.before,
        }),
      );
    }
  }

  private areInOrder(keys: readonly Buffer[], { from, before }: Range): boolean {
    const [first] = keys;
    const last = keys.at(-1);
    return (
      (!first || !from || this.compare(from, first) <= 0) &&
      (!last || !before || this.compare(last, before) < 0) &&
      keys.every((key, index) => index === 0 || this.compare(keys[index - 1], key) < 0)
    );
  }

  private visitRecord(page: Buffer, { at, flags, key }: Node): void {
    this.entries += 1;
    const valueAt = at + NODE_BYTES + key.length;
    const bytes = page.readUInt32LE(at + NODE.size);
    this.checkRecord(
      key,
      flags === BIG_VALUE ? this.bigValue(page, valueAt, bytes) : page.subarray(valueAt, valueAt + bytes),
    );
  }

  /** It has pages of its own; more than it needs if it was longer once. */
  private bigValue(page: Buffer, at: number, bytes: number): Buffer {
    const number = Number(page.readBigUInt64LE(at));
    const count = Number(page.readBigUInt64LE(at + OVERFLOW_COUNT));
    const value = this.pages.read(number, OVERFLOW, count);
    if (value.readUInt32LE(HEADER.overflowPages) !== count || HEADER_BYTES + bytes > value.length) {
      throw torn(number);
    }
    this.overflowPages += count;
    return value.subarray(HEADER_BYTES, HEADER_BYTES + bytes);
  }

  /** The nodes fill the page from its upper bound to its end. */
  private nodesOf(page: Buffer, number: number, isLeaf: boolean): Node[] {
    const upper = HEADER_BYTES + page.readUInt16LE(HEADER.upper);
    const count = page.readUInt16LE(HEADER.lower) / 2;
    const nodes: Node[] = [];
    let filled = upper;
    for (let index = 0; index < count; index += 1) {
      const pointer = HEADER_BYTES + 2 * index;
      if (pointer + 2 > upper) throw torn(number);
      const at = HEADER_BYTES + page.readUInt16LE(pointer);
      if (at < upper || at + NODE_BYTES > page.length) throw torn(number);
      const flags = page.readUInt16LE(at + NODE.flags);
      const keyBytes = page.readUInt16LE(at + NODE.keyBytes);
      if (isLeaf && flags !== 0 && flags !== BIG_VALUE) throw torn(number);
      const valueBytes = !isLeaf
        ? 0
        : flags === BIG_VALUE
          ? OVERFLOW_REFERENCE_BYTES
          : page.readUInt32LE(at + NODE.size);
      const end = at + NODE_BYTES + keyBytes + valueBytes;
      if (end > page.length) throw torn(number);
      filled += 2 * Math.ceil((end - at) / 2);
      nodes.push({ at, flags, key: page.subarray(at + NODE_BYTES, at + NODE_BYTES + keyBytes) });
    }
    if (filled !== page.length) throw torn(number);
    return nodes;
  }
}

/** A list of 64-bit numbers: how many follow, then page numbers; -n before one of them means that it is the first of n. */
function claimFreePages(pages: Pages, list: Buffer): void {
  const length = Number(list.readBigInt64LE(0));
  if (8 * (length + 1) > list.length) throw new DamagedPagesError('a list of free pages is cut off');
  let count = 1;
  for (let index = 1; index <= length; index += 1) {
    const entry = Number(list.readBigInt64LE(8 * index));
    if (entry > 0) {
      for (let page = entry; page < entry + count; page += 1) pages.claim(page);
      count = 1;
    } else if (entry < 0) {
      count = -entry;
    }
  }
}

function compareBytes(one: Buffer, other: Buffer): number {
  return Buffer.compare(one, other);
}

function compareNumbers(one: Buffer, other: Buffer): number {
  const difference = one.readBigUInt64LE() - other.readBigUInt64LE();
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function torn(page: number): DamagedPagesError {
  return new DamagedPagesError(`page ${page} contradicts itself`);
}
