import { readFileSync } from 'node:fs';
import { SMS_FAILURE_TEXTS, type SmsFailureReason } from '@app/sms';
import { describe, expect, it } from '@jest/globals';
import { SmsCodeExpiredError, type CodeEndedReason } from '../verification/verification.errors.js';
import { ERROR_CODES as codes, ERROR_TITLE, statusOf, type ErrorCode } from './error-status.js';
import { PROBLEM_EXAMPLES } from './problem.examples.js';

type Row = readonly string[];

const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const document = read('docs/errors.md');

/** The text of each section, by its heading. */
const sections = new Map(
  document
    .split(/^#+ /m)
    .map((section) => [section.slice(0, section.indexOf('\n')), section.slice(section.indexOf('\n'))]),
);

const failureReasons = Object.keys(SMS_FAILURE_TEXTS) as SmsFailureReason[];

/** A code ends with one of these; a reason that is missing here does not compile. */
const ENDINGS: Record<CodeEndedReason, SmsCodeExpiredError> = {
  expired: new SmsCodeExpiredError('expired'),
  used: new SmsCodeExpiredError('approved'),
  replaced: new SmsCodeExpiredError('replaced'),
  attempts_exhausted: new SmsCodeExpiredError('attempts_exhausted'),
  send_failed: new SmsCodeExpiredError('send_failed'),
};

/** The cells of the rows of a table whose first cell is code. */
function rowsOf(text: string | undefined): Row[] {
  const rows = text?.match(/^\| `.+$/gm) ?? [];
  return rows.map((row) => row.split('|').slice(1, -1).map(unquoted));
}

const unquoted = (cell: string): string => cell.trim().replace(/^`(.*)`$/, '$1');

function sorted(rows: readonly Row[]): Row[] {
  return rows.toSorted(([one], [other]) => one.localeCompare(other));
}

function statusesOf(code: ErrorCode): string {
  const reasons = code === 'SMS_SEND_FAILED' ? failureReasons : [];
  return [...new Set([statusOf(code), ...reasons.map((reason) => statusOf(code, reason))])].join(' or ');
}

describe('docs/errors.md', () => {
  it('lists every code with its status and title, and nothing else', () => {
    const expected = codes.map((code) => [code, statusesOf(code), ERROR_TITLE[code]]);
    expect(sorted(rowsOf(sections.get('The codes')))).toEqual(sorted(expected));
  });

  it('has a section for every code, and for nothing else', () => {
    const headings = [...sections.keys()].filter((heading) => /^[A-Z_]+$/.test(heading));
    expect(headings.toSorted()).toEqual(codes.toSorted());
  });

  it.each(codes)('says when %s is answered and what to do', (code) => {
    expect(sections.get(code)).toMatch(/^\n\n\S[^]+\n\nWhat to do:/);
  });

  it.each(codes)('shows the bodies of %s that the API description shows', (code) => {
    const bodies = sections.get(code)?.match(/(?<=^```json\n)[^]+?(?=^```)/gm) ?? [];
    const examples = PROBLEM_EXAMPLES[code].map((example) =>
      Object.assign({}, example, { requestId: expect.any(String) }),
    );
    expect(bodies.map((body) => JSON.parse(body) as unknown)).toEqual(examples);
  });

  it('lists every reason of SMS_SEND_FAILED with its status and text, and nothing else', () => {
    const expected = failureReasons.map((reason) => [
      reason,
      String(statusOf('SMS_SEND_FAILED', reason)),
      SMS_FAILURE_TEXTS[reason],
    ]);
    expect(sorted(rowsOf(sections.get('SMS_SEND_FAILED')))).toEqual(sorted(expected));
  });

  it('lists every reason of SMS_CODE_EXPIRED with its text, and nothing else', () => {
    const expected = Object.values(ENDINGS).map(({ reason, message }) => [reason, message]);
    expect(sorted(rowsOf(sections.get('SMS_CODE_EXPIRED')))).toEqual(sorted(expected));
  });
});

describe('README.md', () => {
  it('lists every code with its status, and nothing else', () => {
    const [, errors] = read('README.md').split(/^## Errors$/m);
    const [section] = errors.split(/^## /m);
    const listed = rowsOf(section).map(([code, status]) => [code, status]);
    expect(sorted(listed)).toEqual(sorted(codes.map((code) => [code, statusesOf(code)])));
  });
});
