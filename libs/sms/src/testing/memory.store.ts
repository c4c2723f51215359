import { EmbeddedRateLimitStore } from '../rate-limit/embedded.store.js';
import type { ManualClock } from './manual.clock.js';
import { MemoryStorage } from './memory.storage.js';

/**
 * Allowances in memory, by the same rule as in Redis and in the embedded store. For tests: what it counts is gone with
 * the process, and not shared with another one.
 */
export class MemoryRateLimitStore extends EmbeddedRateLimitStore {
  private readonly memory: MemoryStorage;

  /** @param clock by which allowances come back; that of the computer if it is not given */
  constructor(clock: Pick<ManualClock, 'now'> = Date) {
    const memory = new MemoryStorage(() => clock.now());
    super(memory);
    this.memory = memory;
  }

  /** Every allowance is whole again. */
  clear(): void {
    this.memory.clear();
  }
}
