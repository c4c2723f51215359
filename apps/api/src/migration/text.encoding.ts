import { createReadStream } from 'node:fs';
import { TextDecoder } from 'node:util';

/** In order: the first that a text without a mark of its encoding can be read in. Exports from China may be in GB 18030. */
const ENCODINGS = ['utf-8', 'gb18030'];
const LOOKED_AT_BYTES = 4096;

/** The encodings that a text may have, by how it begins. */
export function encodingsOf([first, second]: Uint8Array): readonly string[] {
  if ((first === 0xff && second === 0xfe) || (second === 0 && first !== 0)) return ['utf-16le'];
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return ['utf-16be'];
  return ENCODINGS;
}

/**
 * Finds the encoding of a file without holding it. One with bytes that fit in none has the first that is possible.
 * @returns nothing if it is no text
 */
export async function encodingOfFile(path: string): Promise<string | undefined> {
  const [start = Buffer.alloc(0)] = (await createReadStream(path, {
    end: LOOKED_AT_BYTES - 1,
  }).toArray()) as Buffer[];
  const possible = encodingsOf(start);
  if (new TextDecoder(possible[0]).decode(start).includes('\0')) return undefined;
  if (possible.length === 1) return possible[0];
  for (const encoding of possible) {
    if (await isIn(path, encoding)) return encoding;
  }
  return possible[0];
}

/** Decodes bytes as they come; those that are not in the encoding become U+FFFD, the mark of the byte order nothing. */
export async function* decoded(chunks: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

async function isIn(path: string, encoding: string): Promise<boolean> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  for await (const chunk of createReadStream(path)) {
    if (!canDecode(decoder, chunk as Buffer)) return false;
  }
  return canDecode(decoder);
}

/** @param chunk that more may follow; none at the end */
function canDecode(decoder: TextDecoder, chunk?: Buffer): boolean {
  try {
    decoder.decode(chunk, { stream: chunk !== undefined });
    return true;
  } catch {
    return false;
  }
}
