import { Logger } from '@nestjs/common';
import { StoreUnavailableError } from '../sms.errors.js';

type Settlement = () => Promise<void>;

const RETRY_INTERVAL_MS = 1_000;
/** So many in a row that the store does not take say that it is still not there. */
const MAX_IN_VAIN = 3;
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

  /** One that is still not taken goes to the end: its part of the store may be away, and that of the others not. */
  private async runRound(): Promise<void> {
    let inVain = 0;
    const due = [...this.pending];
    for (const settlement of due) {
      const isOver = await this.attempt(settlement);
      this.pending.delete(settlement);
      if (!isOver) this.pending.add(settlement);
      inVain = isOver ? 0 : inVain + 1;
      if (inVain === MAX_IN_VAIN) return;
    }
    if (this.pending.size > 0) return;
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
