import { createReadStream } from 'node:fs';
import type { CountryCode } from 'libphonenumber-js/max';
import { errorCode, MigrationError } from './migration.errors.js';
import { convertPhone, type Conversion } from './phone-conversion.js';
import { decoded, encodingOfFile } from './text.encoding.js';
import { linesOf, type Line } from './text.lines.js';

/** Different numbers that are remembered to find those that occur twice. Beyond it none is looked for. */
const REMEMBERED_NUMBERS = 2_000_000;
/** Lines that are shown to the operator; the file of failures has all of them. */
const SHOWN_LINES = 20;
/** Characters of a line that are held. */
const LONGEST_LINE = 4096;

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
  /** As the list was decoded. */
  encoding: string;
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
  try {
    return await convert(path, await encodingOfList(path), options);
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new MigrationError(`The list cannot be read (${errorCode(error)}): ${path}`);
  }
}

async function convert(path: string, encoding: string, options: PhoneListOptions): Promise<PhoneListResult> {
  const result: PhoneListResult = {
    encoding,
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
  const stream = createReadStream(path);
  await options.failed('line,reason,input\n');
  for await (const written of linesOf(decoded(stream, encoding), LONGEST_LINE)) {
    const line = ++result.lines;
    options.progress(stream.bytesRead, line);
    if (isBlank(written)) {
      result.blank++;
      continue;
    }
    const conversion = conversionOf(written, options.country);
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
      await options.failed(`${line},${inCsv(conversion.reason)},${inCsv(written.text)}\n`);
    }
  }
  return result;
}

function isBlank({ text, isCut }: Line): boolean {
  return !isCut && text.trim() === '';
}

function conversionOf({ text, isCut }: Line, country?: CountryCode): Conversion {
  if (isCut) return { reason: `is longer than ${LONGEST_LINE} characters; those are all that is kept of it` };
  if (text.includes('\ufffd')) return { reason: 'has characters that cannot be read' };
  return convertPhone(text, country);
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
async function encodingOfList(path: string): Promise<string> {
  const encoding = await encodingOfFile(path);
  if (encoding) return encoding;
  throw new MigrationError(`The list is not a text file in UTF-8, UTF-16 or GB 18030: ${path}`);
}
