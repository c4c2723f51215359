import { describe, expect, it } from '@jest/globals';
import { parse } from 'dotenv';
import fc from 'fast-check';
import { envLine } from './env.lines.js';

const names = fc.stringMatching(/^[A-Za-z_][\w.-]{0,12}$/).filter((name) => name !== '__proto__');
const awkward = fc
  .array(fc.constantFrom("'", '"', '`', '\\', '\n', '\r', '#', '$', '=', ' ', '\t', 'a', 'n', 'NAME=1', '验'))
  .map((parts) => parts.join(''));
const values = fc.oneof(fc.string({ unit: 'grapheme' }), awkward);

describe('A line of a .env file', () => {
  it('is read back as the value that was written, wherever it stands', () => {
    fc.assert(
      fc.property(fc.dictionary(names, values, { maxKeys: 6, noNullPrototype: true }), (parameters) => {
        const written = Object.entries(parameters).flatMap(([name, value]) => {
          const line = envLine(name, value);
          return line === undefined ? [] : [{ name, value, line }];
        });
        const text = written.map(({ line }) => `# it's a "comment"\n${line}`).join('\n\n');
        expect(parse(text)).toEqual(Object.fromEntries(written.map(({ name, value }) => [name, value])));
      }),
      { numRuns: 1_000 },
    );
  });

  it('exists for every value that lacks one kind of quotes, and has no backslash or carriage return', () => {
    fc.assert(
      fc.property(values, (value) => {
        const lacks = ["'", '`'].some((quote) => !value.includes(quote));
        if (lacks && !/[\\\r]/.test(value)) expect(envLine('name', value)).toBeDefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['the name', 'näme', '', 'a=b', 'a\nb', '__proto__'])(
    'does not exist for the name %j, which no such file can hold',
    (name) => {
      expect(envLine(name, 'value')).toBeUndefined();
    },
  );

  it('does not exist for a value with all three kinds of quotes and a # in it', () => {
    expect(envLine('name', `it's "x" \`y\` # z`)).toBeUndefined();
  });
});
