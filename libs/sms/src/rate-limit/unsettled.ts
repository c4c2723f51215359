import { Logger } from '@nestjs/common';

const RETRY_INTERVAL_MS = 1_000;
/** Beyond this the oldest are dropped: their units stay counted until the window is over, which leaks nothing. */
const MAX_PENDING = 10_000;

/** Settlements that the store could not take when they were due. They are tried again until it does. */
export class Unsettled {
  private readonly logger = new Logger(Unsettled.name);
  private readonly pending = new Set<() => Promise<void>>();
  private timer?: NodeJS.Timeout;
  private retrying = false;

  /** Runs a settlement now, and again later if the store cannot take it. Never throws. */
  async settle(settlement: () => Promise<void>): Promise<void> {
    try {
      await settlement();
    } catch {
      this.later(settlement);
    }
  }

  /** Runs a settlement as soon as the store answers again. */
  later(settlement: () => Promise<void>): void {
    if (this.pending.size === 0) this.logger.warn({ event: 'sms.settlement_postponed' });
    this.pending.add(settlement);
    if (this.pending.size > MAX_PENDING)
      for (const oldest of this.pending) return void this.pending.delete(oldest);
    this.timer ??= setInterval(() => void this.retry(), RETRY_INTERVAL_MS).unref();
  }

  /** One last try of all, at shutdown. */
  async close(): Promise<void> {
    await this.retry();
    clearInterval(this.timer);
  }

  /** In order; the first one that fails says that the store is still not there. */
  private async retry(): Promise<void> {
    if (this.retrying) return;
    this.retrying = true;
    try {
      for (const settlement of this.pending) {
        await settlement();
        this.pending.delete(settlement);
      }
      clearInterval(this.timer);
      this.timer = undefined;
    } catch {
      // the store is still not there: the next round begins with the same one
    } finally {
      this.retrying = false;
    }
  }
}
