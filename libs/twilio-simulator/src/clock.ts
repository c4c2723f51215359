/** Where time comes from: what the hour is, and what happens later. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Runs the task once, after that time.
   * @returns a function that calls it off
   */
  schedule(task: () => void, delayMs: number): () => void;
}

/** The clock of this machine. Tasks that are due later do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule: (task, delayMs) => {
    const timer = setTimeout(task, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/** A clock that stands still until it is moved, for tests that do not wait. */
export class ManualClock implements Clock {
  private readonly tasks = new Map<() => void, { run: () => void; at: number }>();

  /** @param time milliseconds since 1970 */
  constructor(private time = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.time;
  }

  schedule(task: () => void, delayMs: number): () => void {
    const cancel = () => void this.tasks.delete(cancel);
    this.tasks.set(cancel, { run: task, at: this.time + delayMs });
    return cancel;
  }

  /** Moves on, and runs what is due on the way, each task at its time. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.tasks].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (!next) break;
      const [cancel, { run, at }] = next;
      cancel();
      this.time = Math.max(this.time, at);
      run();
    }
    this.time = end;
  }
}
