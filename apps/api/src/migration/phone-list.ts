import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { CountryCode } from 'libphonenumber-js/max';
import { errorCode, MigrationError } from './migration.errors.js';
import { convertPhone } from './phone-conversion.js';

/** Different numbers that are remembered to find those that occur twice. Beyond it none is looked for. */
const REMEMBERED_NUMBERS = 2_000_000;
/** Lines that are shown to the operator; the file of failures has all of them. */
const SHOWN_LINES = 20;
const LOOKED_AT_BYTES = 4096;

export interface PhoneListOptions {
  /** For numbers without a country code. */
  readonly country?: CountryCode;
  /** Takes the converted numbers, one per line, in the order of the list. */
  readonly converted: (text: string) => Promise<void>;
  /** Takes the table of what could not be converted. */
  readonly failed: (text: string) => Promise<void>;
  /** Is told how far it got. */
  readonly progress: (bytes: number, lines: number) => void;
}

/** Lines are converted, failed or blank; duplicates are among the converted. */
export interface PhoneListResult {
  lines: number;
  converted: number;
  failed: number;
  blank: number;
  /** Converted lines with a number that an earlier line has too. They stay in the list. */
  duplicates: number;
  /** Converted lines with a fixed line, which an SMS seldom reaches. */
  fixedLines: number;
  /** All duplicates were looked for; not so with more than two million different numbers. */
  allDuplicatesFound: boolean;
  readonly failuresByReason: Map<string, number>;
  /** The first of them. */
  readonly firstFailures: { line: number; reason: string }[];
  readonly firstDuplicates: number[];
  readonly firstFixedLines: number[];
}

/**
 * Converts a list of numbers, one per line, to E.164. It holds a part of the list only, however long it is.
 * @throws MigrationError when it cannot be read
 */
export async function convertPhoneList(path: string, options: PhoneListOptions): Promise<PhoneListResult> {
  const result: PhoneListResult = {
    lines: 0,
    converted: 0,
    failed: 0,
    blank: 0,
    duplicates: 0,
    fixedLines: 0,
    allDuplicatesFound: true,
    failuresByReason: new Map(),
    firstFailures: [],
    firstDuplicates: [],
    firstFixedLines: [],
  };
  const seen = new Set<number>();
  const stream = createReadStream(path, { encoding: await encodingOf(path) });
  await options.failed('line,reason,input\n');
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
      const line = ++result.lines;
      const spelling = line === 1 ? text.replace(/^\ufeff/, '') : text;
      if (spelling.trim() === '') {
        result.blank++;
        continue;
      }
      const conversion = convertPhone(spelling, options.country);
      if ('e164' in conversion) {
        result.converted++;
        if (isRepeated(conversion.e164, seen, result)) {
          result.duplicates++;
          noteLine(line, result.firstDuplicates);
        }
        if (conversion.isFixedLine) {
          result.fixedLines++;
          noteLine(line, result.firstFixedLines);
        }
        await options.converted(`${conversion.e164}\n`);
      } else {
        noteFailure(conversion.reason, line, result);
        await options.failed(`${line},${inCsv(conversion.reason)},${inCsv(spelling)}\n`);
      }
      options.progress(stream.bytesRead, line);
    }
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new MigrationError(`The list cannot be read (${errorCode(error)}): ${path}`);
  }
  return result;
}

function isRepeated(e164: string, seen: Set<number>, result: PhoneListResult): boolean {
  const number = Number(e164); // at most 15 digits, so exact
  if (seen.has(number)) return true;
  if (seen.size < REMEMBERED_NUMBERS) seen.add(number);
  else result.allDuplicatesFound = false;
  return false;
}

function noteLine(line: number, lines: number[]): void {
  if (lines.length < SHOWN_LINES) lines.push(line);
}

function noteFailure(reason: string, line: number, result: PhoneListResult): void {
  result.failed++;
  result.failuresByReason.set(reason, (result.failuresByReason.get(reason) ?? 0) + 1);
  if (result.firstFailures.length < SHOWN_LINES) result.firstFailures.push({ line, reason });
}

function inCsv(text: string): string {
  return /[",;\s]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @throws MigrationError when it is no list that can be read line by line */
async function encodingOf(path: string): Promise<BufferEncoding> {
  const start = await startOf(path);
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf16le';
  if (start.includes(0)) throw new MigrationError(`The list is not a text file in UTF-8: ${path}`);
  return 'utf8';
}

async function startOf(path: string): Promise<Buffer> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(LOOKED_AT_BYTES), 0, LOOKED_AT_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw new MigrationError(`The list cannot be read (${errorCode(error)}): ${path}`);
  } finally {
    await handle?.close();
  }
}
