import { describe, expect, it } from '@jest/globals';
import { lineOf, summaryOf } from './doctor.report.js';
import type { Finding } from './finding.js';

const FAILED: Finding = { check: 'redis', result: 'fail', seen: 'Redis is down.', fix: 'Start it.' };
const ESCAPE = '\u001b';

describe('A finding', () => {
  it('is one line: what was checked, what was seen, how to mend it', () => {
    expect(lineOf(FAILED, false)).toMatch(/^FAIL {7}redis {14}Redis is down\. -> Start it\.$/);
  });

  it('has colours on a terminal only', () => {
    expect(lineOf(FAILED, true)).toContain(`${ESCAPE}[31m`);
    expect(lineOf(FAILED, false)).not.toContain(ESCAPE);
  });

  it('moves no cursor, whatever the name of a variable or a folder holds', () => {
    const line = lineOf({ ...FAILED, seen: `${ESCAPE}[2J\nred` }, false);
    expect(line).not.toMatch(/\p{Cc}/u);
  });
});

describe('The last lines', () => {
  it('count, and say what was not looked at', () => {
    const summary = summaryOf([FAILED, { ...FAILED, result: 'look here' }], false, 0.25);
    expect(summary).toMatch(/0 pass, 0 warn, 1 FAIL, 1 look here, in 0\.3 s\.\n.*--live/);
    expect(summaryOf([FAILED], true, 1)).not.toContain('--live');
  });
});
