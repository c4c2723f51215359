/**
 * Steps that were handed to LMDB's writer. Node ends by waiting for its threads, and the writer, which is one of them,
 * waits for steps that can no longer run. So a process that exits meanwhile would stay for ever, and keep the lock that
 * all processes on the file need. It is killed instead: LMDB gives the lock of one that died to the next.
 */
export class StepsUnderWay {
  private static steps = 0;
  private static isWatching = false;

  /** The result of one. */
  static async until<T>(step: Promise<T>): Promise<T> {
    this.watchExit();
    this.steps += 1;
    try {
      return await step;
    } finally {
      this.steps -= 1;
    }
  }

  /** From the first step on, and so after the listeners of an app's log, which write what is still to be written. */
  private static watchExit(): void {
    if (this.isWatching) return;
    this.isWatching = true;
    process.on('exit', () => {
      if (this.steps > 0) process.kill(process.pid, 'SIGKILL');
    });
  }
}
