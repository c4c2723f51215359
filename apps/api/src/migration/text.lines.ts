export interface Line {
  readonly text: string;
  /** It goes on: this is its beginning. */
  readonly isCut: boolean;
}

/**
 * The lines of a text that comes in pieces, whatever ends them (`\n`, `\r\n` or `\r`). Of a line it holds no more than
 * its beginning, so one without an end takes no more memory than another; `node:readline` would hold it whole.
 * @param longest characters of a line
 */
export async function* linesOf(pieces: AsyncIterable<string>, longest: number): AsyncGenerator<Line> {
  let begun = '';
  let endedInReturn = false;
  const add = (text: string, from: number, to: number): void => {
    begun += text.slice(from, Math.min(to, from + longest + 1 - begun.length));
  };
  for await (const piece of pieces) {
    if (piece === '') continue;
    const text: string = endedInReturn && piece.startsWith('\n') ? piece.slice(1) : piece;
    let from = 0;
    for (const { 0: lineBreak, index } of text.matchAll(/\r\n|\n|\r/g)) {
      add(text, from, index);
      yield lineOf(begun, longest);
      begun = '';
      from = index + lineBreak.length;
    }
    add(text, from, text.length);
    endedInReturn = text.endsWith('\r');
  }
  if (begun !== '') yield lineOf(begun, longest);
}

function lineOf(begun: string, longest: number): Line {
  return { text: begun.slice(0, longest), isCut: begun.length > longest };
}
