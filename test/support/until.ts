import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 1;
const PATIENCE_MS = 30_000;

/**
 * Waits until something holds.
 * @param what to name it in an error
 * @throws Error if that takes too long
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${patienceMs} ms in vain until ${what}`);
    await sleep(POLL_MS);
  }
}
