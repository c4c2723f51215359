import { describe, expect, it } from '@jest/globals';
import { readArguments, UsageError } from './doctor.arguments.js';

describe('The command line of the doctor', () => {
  it('asks nobody outside unless it is told to', () => {
    expect(readArguments([])).toEqual({ live: false, json: false, help: false, sendTo: undefined });
  });

  it('looks at everything before a message is sent', () => {
    const { live, sendTo } = readArguments(['--send-to', '+1 202 555 0123']);
    expect({ live, phone: sendTo?.e164 }).toEqual({ live: true, phone: '+12025550123' });
  });

  it.each([
    [['--lives'], /Unknown option '--lives'/],
    [['--send-to', '2025550123'], /--send-to: .*international format/],
    [['--send-to', '+882161234567'], /--send-to: .*not sent to this country/],
    [['--send-to'], /--send-to/],
  ])('is refused with what is wrong in it: %j', (args, message) => {
    expect(() => readArguments(args)).toThrow(UsageError);
    expect(() => readArguments(args)).toThrow(message);
  });

  it('with a phone in the wrong place does not repeat it', () => {
    expect(() => readArguments(['+12025550123'])).toThrow(/^Only flags are understood/);
  });
});
