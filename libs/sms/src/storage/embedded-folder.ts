import { randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder cannot hold a store, such as one on a disk that is full, or that may not be written. */
export class UnusableFolderError extends Error {
  override readonly name = 'UnusableFolderError';
  constructor(folder: string, fault: unknown) {
    const { message } = fault as Error;
    super(
      `The store cannot be kept in ${folder}: ${message}. Make room there and let this user write to it, or choose ` +
        'another folder.',
    );
  }
}

/** For the files that LMDB begins with. */
const ROOM_BYTES = 64 * 1024;

/**
 * Makes the folder, and sees that there is room in it. LMDB maps one of its files into memory to write to it, and dies
 * of SIGBUS when the disk has no room for that.
 * @throws UnusableFolderError
 */
export async function prepareFolder(folder: string): Promise<void> {
  const probe = join(folder, `.room-${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(probe, 'wx', 0o600);
    try {
      await rm(probe); // it has no name while it is written, so nothing is left of a start that is killed
      await file.writeFile(Buffer.alloc(ROOM_BYTES, 1));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new UnusableFolderError(folder, error);
  }
}
