import { describe, expect, it } from '@jest/globals';
import { ProgressBar } from './progress-bar.js';

function bar(isTTY: boolean, times: number[]): { bar: ProgressBar; drawn: string[] } {
  const drawn: string[] = [];
  const output = { isTTY, write: (text: string) => drawn.push(text) };
  return { bar: new ProgressBar(output, 200, () => times[0]), drawn };
}

describe('The progress bar', () => {
  it('draws one line over itself on a terminal, and takes it away', () => {
    const times = [0];
    const { bar: progress, drawn } = bar(true, times);
    progress.update(50, 1_000);
    progress.update(60, 1_100); // too soon to draw it again
    times[0] = 100;
    progress.update(200, 4_000);
    progress.end();
    expect(drawn).toEqual([
      '\r[########----------------------]  25 %  1,000 lines',
      '\r[##############################] 100 %  4,000 lines',
      '\r\x1b[K',
    ]);
  });

  it('draws nothing where there is no terminal', () => {
    const { bar: progress, drawn } = bar(false, [0]);
    progress.update(50, 1_000);
    progress.end();
    expect(drawn).toEqual([]);
  });
});
