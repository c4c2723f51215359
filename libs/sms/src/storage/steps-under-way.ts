import { writeSync } from 'node:fs';
import { inspect } from 'node:util';

/**
 * Steps that LMDB's writer waits for. Node ends by waiting for its threads, of which the writer is one: it would wait for
 * steps that can no longer run, and the process would stay for ever, with the lock that all processes on the file need.
 * So a process that exits meanwhile is killed. It loses no more by that, and LMDB gives the lock of one that died to the
 * next.
 */
export class StepsUnderWay {
  private static readonly steps = new Set<object>();
  private static uncaught?: { readonly error: unknown };

  /** @returns what stands for it */
  static begin(): object {
    if (this.steps.size === 0) {
      process.on('uncaughtExceptionMonitor', this.onUncaughtException);
      process.on('exit', this.onExit); // after the listeners that are there by now, such as those of a log
    }
    const step = {};
    this.steps.add(step);
    return step;
  }

  /** It has run, or never will. A second time changes nothing. */
  static end(step: object): void {
    if (!this.steps.delete(step) || this.steps.size > 0) return;
    process.off('uncaughtExceptionMonitor', this.onUncaughtException);
    process.off('exit', this.onExit);
  }

  private static readonly onUncaughtException = (error: unknown): void => {
    this.uncaught = { error };
  };

  private static readonly onExit = (): void => {
    try {
      // Node would print it after this.
      const isNodes = this.uncaught && process.listenerCount('uncaughtException') === 0;
      if (isNodes) writeSync(process.stderr.fd, `${inspect(this.uncaught?.error)}\n`);
    } finally {
      process.kill(process.pid, 'SIGKILL');
      process.abort(); // process 1 of a container cannot kill itself
    }
  };
}
