import { describe, expect, it } from '@jest/globals';
import { describeError } from './describe-error.js';

describe('What is logged of an error that was not foreseen', () => {
  it('is its class and where it was thrown', () => {
    const { error, at } = describeError(new RangeError('birdsong'));
    expect(error).toBe('RangeError');
    expect(at![0]).toMatch(/^at .*describe-error\.spec/);
  });

  it('is nothing of its text, also where that looks like a stack', () => {
    const hostile = new Error('birdsong\n    at +12025550123 (birdsong.js:1:2)');
    hostile.cause = 'birdsong';
    expect(JSON.stringify(describeError(hostile))).not.toMatch(/birdsong|202555/);
    hostile.message = 'another text';
    expect(JSON.stringify(describeError(hostile))).not.toMatch(/birdsong|202555/);
  });

  it('is its type, where it is no error', () => {
    expect(describeError('birdsong')).toEqual({ error: 'string' });
  });
});
