import { Logger } from '@nestjs/common';

/** It opens when so many requests of the last seconds failed, out of at least as many as would say something. */
const FAILURE_RATIO = 0.5;
const LEAST_REQUESTS = 10;
const WINDOW_MS = 10_000;
/** How long it stays open before a request is let through again; twice as long after each that fails. */
const FIRST_OPEN_MS = 1_000;
const MAX_OPEN_MS = 5_000;

/** The one send that is let through while the breaker is half-open. */
export type Probe = symbol;

interface Outcomes {
  readonly since: number;
  requests: number;
  failures: number;
}

/**
 * Keeps sends away from a host that does not answer them: nobody waits for a time-out, and no allowance is touched.
 * Half-open, one send at a time is let through as a probe. An answer that says no (4xx) is an answer. See
 * https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
 */
export class CircuitBreaker {
  private readonly logger = new Logger(CircuitBreaker.name);
  private current: Outcomes;
  private previous: Outcomes;
  private openedAt?: number;
  private openMs = FIRST_OPEN_MS;
  private probe?: Probe;
  private probeEndsAt = 0;

  /**
   * @param host for the log
   * @param sendMs the longest that a send takes, a probe too
   * @param nowMs a clock that is never set back
   */
  constructor(
    private readonly host: string,
    private readonly sendMs: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.current = this.noOutcomes();
    this.previous = this.noOutcomes();
  }

  /** How long until a request may be tried, whatever becomes of a probe, in milliseconds; 0 is now. */
  get waitMs(): number {
    if (this.openedAt === undefined) return 0;
    if (this.probe) return Math.max(0, this.probeEndsAt - this.nowMs()) + this.nextOpenMs;
    return Math.max(0, this.openedAt + this.openMs - this.nowMs());
  }

  get isOpen(): boolean {
    return this.openedAt !== undefined;
  }

  /** To be called when {@link waitMs} is 0. @returns a probe to record with, if the breaker is half-open */
  enter(): Probe | undefined {
    if (this.openedAt === undefined) return undefined;
    this.probe = Symbol('probe');
    this.probeEndsAt = this.nowMs() + this.sendMs;
    return this.probe;
  }

  /** A send that was let through ended without having asked; another one may be the probe. */
  leave(probe: Probe | undefined): void {
    if (probe && probe === this.probe) this.probe = undefined;
  }

  /** @param answered whether the host answered, with anything but a server error */
  record(answered: boolean, probe?: Probe): void {
    if (this.openedAt === undefined) this.count(answered);
    else if (probe && probe === this.probe) this.recordProbe(answered);
    // Else it was on its way when the breaker opened.
  }

  private recordProbe(answered: boolean): void {
    this.probe = undefined;
    if (answered) {
      this.openedAt = undefined;
      this.openMs = FIRST_OPEN_MS;
      this.current = this.noOutcomes();
      this.previous = this.noOutcomes();
      this.logger.log({ event: 'twilio.breaker_closed', host: this.host });
    } else {
      this.openedAt = this.nowMs();
      this.openMs = this.nextOpenMs;
    }
  }

  private get nextOpenMs(): number {
    return Math.min(MAX_OPEN_MS, this.openMs * 2);
  }

  private count(answered: boolean): void {
    this.turnWindow();
    this.current.requests += 1;
    if (answered) return; // whatever failed before it
    this.current.failures += 1;
    const requests = this.previous.requests + this.current.requests;
    const failures = this.previous.failures + this.current.failures;
    if (requests < LEAST_REQUESTS || failures < requests * FAILURE_RATIO) return;
    this.openedAt = this.nowMs();
    this.logger.error({ event: 'twilio.breaker_opened', host: this.host, requests, failures });
  }

  /** What is counted is between half a window and a whole one old. */
  private turnWindow(): void {
    const ageMs = this.nowMs() - this.current.since;
    if (ageMs < WINDOW_MS / 2) return;
    this.previous = ageMs < WINDOW_MS ? this.current : this.noOutcomes();
    this.current = this.noOutcomes();
  }

  private noOutcomes(): Outcomes {
    return { since: this.nowMs(), requests: 0, failures: 0 };
  }
}
