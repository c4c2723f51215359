import { readFile, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { looksLikeCsv, readCsv } from './csv.source.js';
import { readEnv } from './env.source.js';
import { errorCode, MigrationError } from './migration.errors.js';
import type { Format, OldContent, OldFile } from './old-file.js';
import { readProperties } from './properties.source.js';
import { looksLikeSql, readSql } from './sql.source.js';
import { encodingsOf } from './text.encoding.js';

const LARGEST_BYTES = 64 * 1024 * 1024;
const READERS: Record<Format, (text: string) => OldContent> = {
  env: readEnv,
  properties: readProperties,
  csv: readCsv,
  sql: readSql,
};
const BY_ENDING: Partial<Record<string, Format>> = {
  '.env': 'env',
  '.properties': 'properties',
  '.csv': 'csv',
  '.tsv': 'csv',
  '.sql': 'sql',
};
const KNOWN_FORMS = `a .env file, Java properties, a key,value CSV, or INSERT statements of sys_params`;

/**
 * Reads an old configuration, whatever of the known forms it has.
 * @param format if it is not to be guessed from the name and the text
 * @throws MigrationError
 */
export async function readOldFile(path: string, format?: Format): Promise<OldFile> {
  const { text, encoding } = decode(await bytesOf(path));
  const found = format ?? formatOf(path, text);
  const content = READERS[found](text);
  if (content.parameters.length === 0) {
    throw new MigrationError(`No parameters were found in this file: it has to be ${KNOWN_FORMS}.`);
  }
  return { ...content, format: found, encoding };
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST_BYTES) {
      throw new MigrationError('The file is over 64 MiB: export the table sys_params alone.');
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new MigrationError(`The file cannot be read (${errorCode(error)}): ${path}`);
  }
}

/** Line breaks stay as they are; a mark of the byte order is taken off. */
export function decode(bytes: Buffer): { text: string; encoding: string } {
  for (const encoding of encodingsOf(bytes)) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      if (!text.includes('\0')) return { text, encoding };
    } catch {
      // the next one
    }
  }
  throw new MigrationError(`This is not a text file: it has to be ${KNOWN_FORMS}.`);
}

function formatOf(path: string, text: string): Format {
  const ending = extname(path).toLowerCase();
  if (/^\.(ya?ml|json|xml|toml|ini|xlsx?)$/.test(ending)) {
    throw new MigrationError(`A ${ending} file cannot be read: it has to be ${KNOWN_FORMS}.`);
  }
  const named = basename(path).startsWith('.env') ? 'env' : BY_ENDING[ending];
  if (named) return named;
  if (looksLikeSql(text)) return 'sql';
  if (looksLikeCsv(text)) return 'csv';
  return looksLikeProperties(text) ? 'properties' : 'env';
}

/** What only Java properties have: comments with `!`, continued lines, `\u` escapes. */
function looksLikeProperties(text: string): boolean {
  return /^\s*!|^[^#\n]*\\\r?$|^[^#"'`\n]*\\u[0-9a-f]{4}/im.test(text) && !/^\s*export\s/m.test(text);
}
