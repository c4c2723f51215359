import { constants } from 'node:os';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { describeError } from '../errors/describe-error.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
type Signal = (typeof SIGNALS)[number];
/** Ctrl-C reaches the process twice at once: from the terminal, and from npm, which passes it on. */
const SAME_SIGNAL_MS = 500;
const LEAST_GRACE_MS = 25_000;
const AFTER_LAST_SEND_MS = 5_000;

/**
 * Ends the process without losing anything: `/readyz` says so at once, new sends are refused, those under way come to
 * their end and are recorded, then connections and the store are closed. A second signal ends it at once.
 */
export class GracefulShutdown {
  private readonly logger = new Logger('Shutdown');
  private readonly graceMs: number;
  private began?: number;

  /** @param longestSendMs no send takes longer, so that the time allowed is enough for all of them */
  constructor(
    private readonly app: NestFastifyApplication,
    longestSendMs: number,
  ) {
    this.graceMs = Math.max(LEAST_GRACE_MS, longestSendMs + AFTER_LAST_SEND_MS);
  }

  onSignals(): void {
    for (const signal of SIGNALS) process.on(signal, () => this.onSignal(signal));
  }

  /** @param exitCode when all ended well */
  begin(exitCode: number): void {
    if (this.began !== undefined) return;
    this.began = performance.now();
    setTimeout(() => {
      this.logger.error({ event: 'shutdown.cut_off', graceMs: this.graceMs });
      process.exit(1);
    }, this.graceMs).unref();
    this.app.close().then(
      () => process.exit(exitCode),
      (error: unknown) => {
        this.logger.error({ event: 'shutdown.failed', ...describeError(error) });
        process.exit(1);
      },
    );
  }

  private onSignal(signal: Signal): void {
    if (this.began === undefined) {
      this.logger.log({ event: 'shutdown.began', signal });
      this.begin(0);
    } else if (performance.now() - this.began > SAME_SIGNAL_MS) {
      process.exit(128 + constants.signals[signal]);
    }
  }
}
