import { ServerBusyError, SmsConnectionFailedError } from '../sms.errors.js';
import type { TwilioAnswer } from '../sms.observer.js';
import { CircuitBreaker, type Probe } from './circuit-breaker.js';

/** The longest that a send waits for others to end. */
const MAX_WAIT_MS = 1_000;
const NOT_ANSWERED: ReadonlySet<TwilioAnswer> = new Set(['5xx', 'no_answer', 'unreachable']);

interface Waiting {
  admit(): void;
  refuse(): void;
}

/**
 * Lets so many sends be under way at one time, and as many again wait for a moment. A send takes its permit before it
 * takes anything else, so that one that is refused has not touched a limit.
 */
export class SendPermits {
  private inUse = 0;
  private readonly queue = new Set<Waiting>();
  private closed = false;
  private whenIdle = (): void => undefined;

  constructor(
    private readonly permits: number,
    private readonly breaker: CircuitBreaker,
  ) {}

  /** No permit is given out any more. */
  get isClosed(): boolean {
    return this.closed;
  }

  get load(): { underWay: number; waiting: number } {
    return { underWay: this.inUse, waiting: this.queue.size };
  }

  /**
   * @throws ServerBusyError when too many sends wait already, when others took too long, and after {@link close}
   * @throws SmsConnectionFailedError while Twilio does not answer
   */
  async acquire(): Promise<SendPermit> {
    this.assertAnswering();
    if (this.closed) throw new ServerBusyError();
    if (this.inUse < this.permits) this.inUse += 1;
    else await this.wait();
    try {
      this.assertAnswering(); // it may have stopped meanwhile
      return new SendPermit(this.breaker, () => this.release());
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Refuses new sends. @returns when those under way have ended */
  async close(): Promise<void> {
    this.closed = true;
    for (const waiting of this.queue) waiting.refuse();
    if (this.inUse > 0) await new Promise<void>((resolve) => (this.whenIdle = resolve));
  }

  private assertAnswering(): void {
    const { waitMs } = this.breaker;
    if (waitMs === 0) return;
    throw new SmsConnectionFailedError({ mayArrive: false, retryAfterSeconds: Math.ceil(waitMs / 1_000) });
  }

  /** First come, first served. */
  private wait(): Promise<void> {
    if (this.queue.size >= this.permits) throw new ServerBusyError();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        this.queue.delete(waiting);
      };
      const waiting: Waiting = {
        admit: () => {
          leave();
          resolve();
        },
        refuse: () => {
          leave();
          reject(new ServerBusyError());
        },
      };
      const timer = setTimeout(() => waiting.refuse(), MAX_WAIT_MS);
      this.queue.add(waiting);
    });
  }

  private release(): void {
    const [next] = this.queue;
    if (next) {
      next.admit(); // takes the place over
      return;
    }
    this.inUse -= 1;
    if (this.inUse === 0) this.whenIdle();
  }
}

/** The right to be under way, from before the reservation until its outcome is recorded. */
export class SendPermit {
  private readonly probe?: Probe;
  private released = false;

  constructor(
    private readonly breaker: CircuitBreaker,
    private readonly giveBack: () => void,
  ) {
    this.probe = breaker.enter();
  }

  /** Whether Twilio may be asked once more. */
  get mayRetry(): boolean {
    return !this.breaker.isOpen;
  }

  /** To be told how each request ended. */
  record(answer: TwilioAnswer): void {
    this.breaker.record(!NOT_ANSWERED.has(answer), this.probe);
  }

  /** Twice is once. */
  release(): void {
    if (this.released) return;
    this.released = true;
    this.breaker.leave(this.probe);
    this.giveBack();
  }
}
