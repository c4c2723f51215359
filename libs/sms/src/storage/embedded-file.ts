import { closeSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  checkMetaPages,
  checkSnapshot,
  DamagedPagesError,
  readSnapshot,
  type CheckRecord,
} from './lmdb-file.js';

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

const CREATION_WAIT_MS = 50;
const CREATION_WAITS = 20;
/** Another process may be writing what is being read. What is damaged stays so; what is not is whole a moment later. */
export const PAUSES_MS: readonly number[] = [1, 10, 100];
/** Of reading a buffer. */
const OUT_OF_BOUNDS: ReadonlySet<string | undefined> = new Set([
  'ERR_OUT_OF_RANGE',
  'ERR_BUFFER_OUT_OF_BOUNDS',
]);

/**
 * Checks what LMDB relies on to open a data file. One that is not there yet is fine.
 * @throws DamagedStoreError
 */
export async function checkBeforeOpening(path: string): Promise<void> {
  if (await isThere(path)) await inspect(path, checkMetaPages, PAUSES_MS);
}

/**
 * Checks all pages in use of a data file. LMDB maps it into memory and believes what it finds there.
 * @param checkRecord see {@link checkSnapshot}
 * @param pausesMs before what looks damaged is read again; none where nobody else can be writing
 * @throws DamagedStoreError
 */
export async function checkAllPages(
  path: string,
  checkRecord: CheckRecord,
  pausesMs: readonly number[] = PAUSES_MS,
): Promise<void> {
  await inspect(path, (file) => checkSnapshot(file, readSnapshot(file), checkRecord), pausesMs);
}

async function inspect(
  path: string,
  check: (file: number) => unknown,
  pausesMs: readonly number[],
): Promise<void> {
  const file = openSync(path, 'r');
  try {
    let damage = damageIn(file, check);
    for (const pauseMs of pausesMs) {
      if (damage === undefined) return;
      await sleep(pauseMs);
      damage = damageIn(file, check);
    }
    if (damage !== undefined) throw new DamagedStoreError(path, damage);
  } finally {
    closeSync(file);
  }
}

/** What a check finds to be damaged; undefined if that is nothing. */
export function damageIn(file: number, check: (file: number) => unknown): string | undefined {
  try {
    check(file);
    return undefined;
  } catch (error) {
    const damage = damageOf(error);
    if (damage === undefined) throw error;
    return damage;
  }
}

/** What a page says may also lead beyond the end of what was read. */
function damageOf(error: unknown): string | undefined {
  if (error instanceof DamagedPagesError) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  return OUT_OF_BOUNDS.has(code) ? 'a page contradicts itself' : undefined;
}

/** Another process that is creating the file at this moment is waited for. */
async function isThere(path: string): Promise<boolean> {
  for (let waits = 0; ; waits += 1) {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!found) return false;
    if (found.size > 0 || waits === CREATION_WAITS) return true;
    await sleep(CREATION_WAIT_MS);
  }
}
