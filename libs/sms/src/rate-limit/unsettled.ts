import { Logger } from '@nestjs/common';
import { StoreUnavailableError } from '../sms.errors.js';

type Settlement = () => Promise<void>;

const RETRY_INTERVAL_MS = 1_000;
/** Beyond this the oldest are dropped: their units stay counted until the window is over, which leaks nothing. */
const MAX_PENDING = 10_000;

/** Settlements that the store could not take when they were due. They are tried again until it does. */
export class Unsettled {
  private readonly logger = new Logger(Unsettled.name);
  private readonly pending = new Set<Settlement>();
  private timer?: NodeJS.Timeout;
  private round?: Promise<void>;

  /** Runs a settlement now, and again later if the store cannot take it. Never throws. */
  async settle(settlement: Settlement): Promise<void> {
    if (!(await this.attempt(settlement))) this.later(settlement);
  }

  /** Runs a settlement as soon as the store answers again. */
  later(settlement: Settlement): void {
    if (this.pending.size === 0) this.logger.warn({ event: 'sms.settlement_postponed' });
    this.pending.add(settlement);
    if (this.pending.size > MAX_PENDING) {
      const [oldest] = this.pending;
      this.pending.delete(oldest);
    }
    this.timer ??= setInterval(() => void this.retry(), RETRY_INTERVAL_MS).unref();
  }

  /** One last try of all, at shutdown. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.round;
    await this.retry();
  }

  private retry(): Promise<void> {
    this.round ??= this.runRound().finally(() => (this.round = undefined));
    return this.round;
  }

  /** In order. The first one that the store does not take says that it is still not there. */
  private async runRound(): Promise<void> {
    for (const settlement of this.pending) {
      if (!(await this.attempt(settlement))) return;
      this.pending.delete(settlement);
    }
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** @returns false if it is worth another try */
  private async attempt(settlement: Settlement): Promise<boolean> {
    try {
      await settlement();
      return true;
    } catch (error) {
      if (error instanceof StoreUnavailableError) return false;
      const name = error instanceof Error ? error.name : typeof error;
      this.logger.error({ event: 'sms.settlement_failed', error: name }); // a fault of the program, not of the store
      return true;
    }
  }
}
