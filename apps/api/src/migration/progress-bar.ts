const WIDTH = 30;
const REDRAWN_EVERY_MS = 100;

/** Where a bar is drawn: a terminal, or something else that gets none. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** One line on a terminal that says how far a long piece of work got. */
export class ProgressBar {
  private drawnAt = -Infinity;

  /** @param total bytes of the whole work */
  constructor(
    private readonly output: ProgressOutput,
    private readonly total: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  update(done: number, lines: number): void {
    if (!this.output.isTTY || this.now() - this.drawnAt < REDRAWN_EVERY_MS) return;
    this.drawnAt = this.now();
    const share = this.total === 0 ? 1 : Math.min(1, done / this.total);
    const filled = Math.round(share * WIDTH);
    const bar = '#'.repeat(filled).padEnd(WIDTH, '-');
    this.output.write(
      `\r[${bar}] ${String(Math.floor(share * 100)).padStart(3)} %  ${lines.toLocaleString('en')} lines`,
    );
  }

  /** Takes the line away again. */
  end(): void {
    if (this.output.isTTY) this.output.write('\r\x1b[K');
  }
}
