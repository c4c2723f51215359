import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The moment by which a send is over, retries included. It passes while the process is stopped, while the computer
 * sleeps (the monotonic clock of Linux does not count that), and while its clock is set back (the other one does not).
 */
export class Deadline {
  private constructor(
    private readonly monotonicMs: number,
    private readonly wallMs: number,
  ) {}

  static in(milliseconds: number): Deadline {
    return new Deadline(performance.now() + milliseconds, Date.now() + milliseconds);
  }

  get remainingMs(): number {
    return Math.max(0, Math.min(this.monotonicMs - performance.now(), this.wallMs - Date.now()));
  }

  get passed(): boolean {
    return this.remainingMs === 0;
  }
}

/** Hands the deadline of a send, or of a question, to the transport: the SDK in between has no time-out for a single call. */
export const sendDeadline = new AsyncLocalStorage<Deadline>();
