import { randomFillSync } from 'node:crypto';

const BLOCK_BYTES = 4_096;

const block = Buffer.alloc(BLOCK_BYTES);
let taken = BLOCK_BYTES;

/**
 * Bytes of the system's CSPRNG. They are fetched in blocks, as `crypto.randomUUID` does, since each call to it costs as
 * much as a hash.
 * @param count at most 4,096
 */
export function randomBytes(count: number): Buffer {
  if (taken + count > BLOCK_BYTES) {
    randomFillSync(block);
    taken = 0;
  }
  const bytes = Buffer.from(block.subarray(taken, taken + count));
  block.fill(0, taken, taken + count); // given out once
  taken += count;
  return bytes;
}
