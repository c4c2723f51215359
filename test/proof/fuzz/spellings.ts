import fc from 'fast-check';
import { mostly } from './chance.js';

/** A number in its canonical form, and how else people write it. */
export interface Base {
  readonly e164: string;
  /** A former form of the same number. */
  readonly legacy?: string;
  /** The same with the zero that it has in its own country. */
  readonly trunk?: string;
}

const PLANS: ((digits: string) => Base)[] = [
  (n) => ({ e164: `+1202555${n.slice(0, 4)}` }),
  (n) => ({ e164: `+44791${n.slice(0, 7)}`, trunk: `+440791${n.slice(0, 7)}` }),
  (n) => ({ e164: `+49151${n.slice(0, 8)}`, trunk: `+490151${n.slice(0, 8)}` }),
  (n) => ({ e164: `+336${n.slice(0, 8)}`, trunk: `+3306${n.slice(0, 8)}` }),
  (n) => ({ e164: `+8613${n.slice(0, 9)}` }),
  (n) => ({ e164: `+39347${n.slice(0, 7)}` }),
  (n) => ({ e164: `+5255${n.slice(0, 8)}`, legacy: `+52155${n.slice(0, 8)}` }),
  (n) => ({ e164: `+55119${8}${n.slice(0, 7)}`, legacy: `+5511${8}${n.slice(0, 7)}` }),
  (n) => ({ e164: `+54911${2}${n.slice(0, 7)}`, legacy: `+5411${2}${n.slice(0, 7)}` }),
];

/** @param random from 0 to 1 */
export function makeBases(random: () => number, perPlan: number): Base[] {
  return PLANS.flatMap((plan) =>
    Array.from({ length: perPlan }, () =>
      plan(
        Math.floor(1e9 + random() * 9e9)
          .toString()
          .slice(1),
      ),
    ),
  );
}

const TOLERATED = [' ', '-', '.', '(', ')'];
const SEPARATORS = [
  ...TOLERATED,
  ...TOLERATED,
  ...'/_,;:*#~\t\r\n\0\u001b'.split(''),
  ...'\u00a0\u00ad\u2002\u2009\u200b\u200c\u200d\u200e\u200f\u202d\u202e\u2060\ufeff\u3000\u2010\u2011\u2013\u2212\uff0d'.split(
    '',
  ),
];
const PREFIXES = [
  '',
  '00',
  '011',
  '++',
  '+0',
  '+ ',
  ' +',
  '\uff0b',
  '\ufe62',
  'tel:+',
  'TEL:',
  'sip:+',
  'whatsapp:+',
  'messenger:',
];
const SUFFIXES = [
  ' ',
  '.',
  ';ext=5',
  ' x5',
  ' ext. 5',
  ',5',
  '#5',
  ';phone-context=+1',
  '\n',
  '\r\n',
  '\0',
  '%00',
  "'--",
  '@x',
  ' and',
  'a',
];
const ZEROS = ['\uff10', '\u0660', '\u06f0', '\u0966', '\u{1d7ce}'];

/** A zero in the middle, a former form or the usual one, in any script, with anything between and around. */
export function spellings(bases: readonly Base[]): fc.Arbitrary<string> {
  return fc
    .record({
      base: fc.constantFrom(...bases),
      form: fc.constantFrom('e164', 'e164', 'legacy', 'trunk'),
      prefix: mostly('+', PREFIXES),
      suffix: mostly('', SUFFIXES),
      gaps: fc.array(fc.tuple(fc.nat(15), fc.constantFrom(...SEPARATORS)), { maxLength: 4 }),
      zero: mostly('0', ZEROS),
      other: mostly(
        '',
        bases.slice(0, 3).map(({ e164 }) => e164),
      ),
      padding: mostly(0, [...Array.from({ length: 20 }, (_, count) => count), 8_000, 10_000, 1_000_000]),
    })
    .map(({ base, form, prefix, suffix, gaps, zero, other, padding }) => {
      const digits = (base[form as keyof Base] ?? base.e164).slice(1).split('');
      const written = digits.map((digit) => String.fromCodePoint(zero.codePointAt(0)! + Number(digit)));
      for (const [place, gap] of gaps) written.splice(place, 0, gap);
      return `${prefix}${written.join('')}${other}${suffix}${' '.repeat(padding)}`;
    });
}
