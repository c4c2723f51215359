import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { linesOf, type Line } from './text.lines.js';

async function linesOfPieces(pieces: readonly string[], longest: number): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of linesOf(ReadableStream.from(pieces), longest)) lines.push(line);
  return lines;
}

describe('The lines of a text', () => {
  it('are the same in whatever pieces it comes, and are cut where they are too long', async () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '\r', '\n', '\r\n'), maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(piece), async (pieces) => {
        const whole = pieces.join('').split(/\r\n|\n|\r/);
        if (whole.at(-1) === '') whole.pop(); // what follows the last line break is no line
        const expected = whole.map((line) => ({ text: line.slice(0, 3), isCut: line.length > 3 }));
        expect(await linesOfPieces(pieces, 3)).toEqual(expected);
      }),
    );
  });
});
