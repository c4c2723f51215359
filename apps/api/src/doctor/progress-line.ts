import type { WriteStream } from 'node:tty';

const CLEAR = '\r\x1b[2K';

/** How far something got: one line that is written over on a terminal, a line for each change elsewhere. */
export class ProgressLine {
  private last = '';

  constructor(private readonly stream: Pick<WriteStream, 'write' | 'isTTY'>) {}

  show(text: string): void {
    if (this.stream.isTTY) this.stream.write(`${CLEAR}${text}`);
    else if (withoutTime(text) !== withoutTime(this.last)) this.stream.write(`${text}\n`);
    this.last = text;
  }

  /** Before anything else is written. */
  clear(): void {
    if (this.stream.isTTY && this.last !== '') this.stream.write(CLEAR);
    this.last = '';
  }
}

function withoutTime(text: string): string {
  return text.replace(/, \d+ s$/, '');
}
