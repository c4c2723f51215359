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

let handedOver: Deadline | undefined;

/**
 * Hands a deadline to the transport: the SDK in between has no time-out for a single call, and calls its HTTP client
 * before it first waits. (An AsyncLocalStorage would cost each promise of the process something on Node 20.)
 */
export function withDeadline<T>(deadline: Deadline, call: () => T): T {
  const outer = handedOver;
  handedOver = deadline;
  try {
    return call();
  } finally {
    handedOver = outer;
  }
}

/** Of the call that is being made; undefined outside of {@link withDeadline}. */
export function currentDeadline(): Deadline | undefined {
  return handedOver;
}
