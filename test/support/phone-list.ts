import { randomInt } from 'node:crypto';
import fc from 'fast-check';

/** A line of a list: a number as somebody wrote it, something that is none, or nothing. */
export interface WrittenPhone {
  readonly kind: 'phone' | 'none' | 'blank';
  readonly spelling: string;
  /** What it is. */
  readonly e164?: string;
}

const digits = (count: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[0-9]{${count}}$`));
const chinese = fc
  .tuple(fc.constantFrom('138', '139', '150', '186'), digits(8))
  .map((parts) => parts.join(''));
const american = digits(4).map((last) => `202555${last}`);
const british = digits(6).map((last) => `7400${last}`);

/** People put gaps where they like. */
function withGaps(text: string, gap: string, at: readonly number[]): string {
  return at.reduceRight(
    (written, position) => written.slice(0, position) + gap + written.slice(position),
    text,
  );
}

const gaps = fc.constantFrom('', ' ', '-', '.', '  ');
const writtenChinese = fc
  .tuple(chinese, fc.constantFrom('', '+86', '+86 ', '0086', '0086-', '86', '(+86)', '+86 (0)', '0'), gaps)
  .map(([number, prefix, gap]) => ({
    spelling: prefix + withGaps(number, gap, [3, 7]),
    e164: `+86${number}`,
  }));
const fullWidth = chinese.map((number) => ({
  spelling: number.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)),
  e164: `+86${number}`,
}));
const foreign = fc.oneof(
  american.map((number) => ({
    spelling: `+1 (${number.slice(0, 3)}) ${number.slice(3)}`,
    e164: `+1${number}`,
  })),
  british.map((number) => ({ spelling: `+44 (0)${number}`, e164: `+44${number}` })),
  british.map((number) => ({ spelling: `0044${number}`, e164: `+44${number}` })),
);
const formerMexican = digits(7).map((last) => ({ spelling: `+52 1 551 ${last}`, e164: `+52551${last}` }));
const none = fc.oneof(
  fc.constantFrom('phone', '110', 'n/a', '"', 'null', '1.38E+10', '+', '张三', '+999 1234567'),
  chinese.map((number) => `${number}.0`),
  chinese.map((number) => number.slice(0, -1)),
  chinese.map((number) => `${number}8`),
  chinese.map((number) => `${number} ext. 5`),
  fc.tuple(chinese, chinese).map((numbers) => numbers.join(',')),
  digits(6).map((last) => `+1 900 2${last}`),
);

const line: fc.Arbitrary<WrittenPhone> = fc.oneof(
  { weight: 20, arbitrary: writtenChinese.map((phone) => ({ kind: 'phone' as const, ...phone })) },
  { weight: 2, arbitrary: fullWidth.map((phone) => ({ kind: 'phone' as const, ...phone })) },
  { weight: 3, arbitrary: foreign.map((phone) => ({ kind: 'phone' as const, ...phone })) },
  { weight: 1, arbitrary: formerMexican.map((phone) => ({ kind: 'phone' as const, ...phone })) },
  { weight: 3, arbitrary: none.map((spelling) => ({ kind: 'none' as const, spelling })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', ' ', '\t').map((spelling) => ({ kind: 'blank' as const, spelling })),
  },
);

/** A list as it may come out of an old system; one in ten is there twice. The same seed gives the same list. */
export function randomPhoneList(
  length: number,
  seed = randomInt(2 ** 31),
): { seed: number; phones: WrittenPhone[] } {
  const different = fc.sample(line, { seed, numRuns: Math.ceil(length * 0.9) });
  const phones = Array.from(
    { length },
    (_, index) => different[index] ?? different[index - different.length],
  );
  return { seed, phones };
}
