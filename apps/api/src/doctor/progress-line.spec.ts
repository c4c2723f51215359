import { describe, expect, it } from '@jest/globals';
import { ProgressLine } from './progress-line.js';

function shownOn(isTTY: boolean): string {
  const written: string[] = [];
  const line = new ProgressLine({
    isTTY,
    write: (text: string | Uint8Array) => written.push(String(text)) > 0,
  });
  line.show('Message: queued, 0 s');
  line.show('Message: queued, 2 s');
  line.show('Message: sent, 4 s');
  line.clear();
  return written.join('');
}

describe('Progress', () => {
  it('is one line on a terminal, and gone when the result is there', () => {
    const shown = shownOn(true);
    expect(shown).not.toContain('\n');
    expect(shown).toMatch(/Message: sent, 4 s\r\S+$/);
  });

  it('is a line for each change elsewhere', () => {
    expect(shownOn(false)).toBe('Message: queued, 0 s\nMessage: sent, 4 s\n');
  });
});
