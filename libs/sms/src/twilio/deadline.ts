import { AsyncLocalStorage } from 'node:async_hooks';

/** The moment by which a send is over, retries included. It counts time during which the process was stopped. */
export class Deadline {
  private constructor(private readonly at: number) {}

  static in(milliseconds: number): Deadline {
    return new Deadline(performance.now() + milliseconds);
  }

  get remainingMs(): number {
    return Math.max(0, this.at - performance.now());
  }

  get passed(): boolean {
    return this.remainingMs === 0;
  }
}

/** Hands the deadline of a send to the transport: the SDK in between has no time-out for a single call. */
export const sendDeadline = new AsyncLocalStorage<Deadline>();
