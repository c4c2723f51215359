import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { getCountries, getExampleNumber, type CountryCode, type Examples } from 'libphonenumber-js/max';
import { PhoneFormatError, PhoneNotAllowedError } from '../sms.errors.js';
import { maskPhone, PhoneNumber } from './phone-number.js';

const examples = createRequire(import.meta.url)('libphonenumber-js/mobile/examples') as Examples;
const STRICT_E164 = /^\+[1-9]\d{6,14}$/;

/** The canonical form, or the code of the refusal. */
function read(spelling: string): string {
  try {
    const phone = PhoneNumber.parse(spelling);
    phone.assertServed();
    return phone.e164;
  } catch (error) {
    if (error instanceof PhoneFormatError || error instanceof PhoneNotAllowedError) return error.code;
    throw error;
  }
}

const NBSP = '\u00a0';
const ZERO_WIDTH_SPACE = '\u200b';
const SOFT_HYPHEN = '\u00ad';
const WORD_JOINER = '\u2060';
const RIGHT_TO_LEFT_MARK = '\u200f';
const LEFT_TO_RIGHT_EMBEDDING = '\u202a';
const FULL_WIDTH = '\uff0b\uff11\uff14\uff11\uff15\uff15\uff15\uff15\uff12\uff16\uff17\uff11';
const ARABIC_INDIC = '+\u0661\u0664\u0661\u0665\u0665\u0665\u0665\u0662\u0666\u0667\u0661';
const EASTERN_ARABIC = '+\u06f1\u06f4\u06f1\u06f5\u06f5\u06f5\u06f5\u06f2\u06f6\u06f7\u06f1';

describe('One number, +14155552671, in many spellings', () => {
  it.each([
    '+14155552671',
    '+1 415 555 2671',
    '+1 (415) 555-2671',
    '+1.415.555.2671',
    '+1-415-555-2671',
    '+1 (415) 555 - 2671',
    ' +14155552671 ',
    '(+1) 415 555 2671',
    '+1 1 415 555 2671',
  ])('"%s" is this number', (spelling) => {
    expect(read(spelling)).toBe('+14155552671');
  });

  it.each([
    ['without a country', '4155552671'],
    ['without a plus', '14155552671'],
    ['with the international prefix 00', '0014155552671'],
    ['with the American international prefix 011', '01114155552671'],
    ['with two pluses', '++14155552671'],
    ['with a plus inside', '+1+4155552671'],
    ['as a tel: URI', 'tel:+1-415-555-2671'],
    ['as a tel: URI with a context', 'tel:4155552671;phone-context=+1'],
    ['as an sms: URI', 'sms:+14155552671'],
    ['as a WhatsApp address', 'whatsapp:+14155552671'],
    ['as a Messenger address', 'messenger:14155552671'],
    ['as a client address', 'client:+14155552671'],
    ['as a SIP address', 'sip:+14155552671@example.com'],
    ['with an extension after x', '+14155552671x5'],
    ['with an extension in words', '+14155552671 ext. 5'],
    ['with an extension parameter', '+14155552671;ext=5'],
    ['with an extension after a comma', '+14155552671,5'],
    ['with an extension after a hash', '+14155552671#5'],
    ['in vanity letters', '+1415555COPY'],
    ['after other text', 'call +14155552671'],
    ['before other text', '+14155552671 now'],
    ['twice', '+14155552671 +14155552672'],
    ['twice, separated by a comma', '+14155552671,+14155552672'],
    ['twice, separated by a slash', '+14155552671/72'],
    ['in full-width characters', FULL_WIDTH],
    ['in Arabic-Indic digits', ARABIC_INDIC],
    ['in Eastern Arabic digits', EASTERN_ARABIC],
    ['with a no-break space', `+1${NBSP}4155552671`],
    ['with a zero-width space', `+1415${ZERO_WIDTH_SPACE}5552671`],
    ['with a soft hyphen', `+1415${SOFT_HYPHEN}5552671`],
    ['with a word joiner', `+1415${WORD_JOINER}5552671`],
    ['with a right-to-left mark', `${RIGHT_TO_LEFT_MARK}+14155552671`],
    ['with a direction embedding', `${LEFT_TO_RIGHT_EMBEDDING}+14155552671`],
    ['with a typographic dash', '+1415\u20135552671'],
    ['with an ideographic space', '+1415\u30005552671'],
    ['with a tab', '+1415\t5552671'],
    ['with a line feed at the end', '+14155552671\n'],
    ['with a carriage return inside', '+1415\r5552671'],
    ['with a NUL', '+14155552671\0'],
    ['with a log line appended', '+14155552671\n{"level":"error"}'],
    ['with an escape sequence', '\u001b[31m+14155552671'],
    ['URL-encoded', '%2B14155552671'],
    ['with an underscore', '+1415_5552671'],
    ['in an exponent', '+1.4155552671e10'],
  ])('%s: it is refused as badly formatted', (_, spelling) => {
    expect(read(spelling)).toBe('PHONE_FORMAT_ERROR');
  });
});

describe('Something that is no number', () => {
  it.each([
    ['an empty text', ''],
    ['separators only', ' ().-'],
    ['a plus', '+'],
    ['a short code', '72345'],
    ['a short code with a plus', '+72345'],
    ['six digits', '+123456'],
    ['sixteen digits', '+1234567890123456'],
    ['a country code that begins with zero', '+0123456789'],
    ['a spelling of more than 32 characters', `+1${' '.repeat(30)}4155552671`],
  ])('%s: it is refused as badly formatted', (_, text) => {
    expect(read(text)).toBe('PHONE_FORMAT_ERROR');
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a number', 14155552671],
    ['a list of one number', ['+14155552671']],
    ['an object that turns into a number', { toString: () => '+14155552671' }],
    ['a String object', Object('+14155552671')],
  ])('%s: it is refused as badly formatted', (_, value) => {
    expect(() => PhoneNumber.parse(value as string)).toThrow(PhoneFormatError);
  });

  it.each(['(', '1', '+1', ' ', '\u0301', '+1 415 '])(
    'a megabyte of "%s" is refused without being looked at',
    (piece) => {
      const startedAt = performance.now();
      expect(read(piece.repeat(1_000_000 / piece.length))).toBe('PHONE_FORMAT_ERROR');
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    },
  );

  it('the refusal does not repeat what was entered', () => {
    try {
      PhoneNumber.parse('call 14155552671');
      throw new Error('it was accepted');
    } catch (error) {
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('4155552671');
    }
  });
});

describe('The numbering plan of a country', () => {
  it.each([
    ['a British trunk zero in parentheses is dropped', '+44 (0)7911 123456', '+447911123456'],
    ['a British trunk zero is dropped', '+4407911123456', '+447911123456'],
    ['a German trunk zero is dropped', '+49 (0)1512 3456789', '+4915123456789'],
    ['a French trunk zero is dropped', '+33 (0)6 12 34 56 78', '+33612345678'],
    ['the zero of an Italian fixed line is kept', '+39 06 6982 1234', '+390669821234'],
    ['an Italian mobile number has no zero', '+39 347 123 4567', '+393471234567'],
    ["Mexico's former mobile digit is dropped", '+52 1 55 1234 5678', '+525512345678'],
    ['a Mexican number is kept', '+52 55 1234 5678', '+525512345678'],
    ["Brazil's ninth digit is added", '+55 11 8765 4321', '+5511987654321'],
    ['a Brazilian mobile number is kept', '+55 11 98765 4321', '+5511987654321'],
    ['a Brazilian fixed line gets no ninth digit', '+55 11 3123 4567', '+551131234567'],
    ['an Argentine mobile number is kept', '+54 9 11 2345 6789', '+5491123456789'],
    ["Argentina's 9 of mobile numbers is added", '+54 11 2345 6789', '+5491123456789'],
    ["Argentina's national 15 becomes the 9", '+54 11 15 2345 6789', '+5491123456789'],
    ['an Argentine trunk zero is dropped', '+54 0 11 15 2345 6789', '+5491123456789'],
    ['a Russian trunk eight is dropped', '+7 8 912 345 67 89', '+79123456789'],
  ])('%s', (_, spelling, e164) => {
    expect(read(spelling)).toBe(e164);
  });

  it.each([
    ["the manual's example", '+1234567890'],
    ['a country code that is not assigned', '+2101234567'],
    ['a number that is too short for its country', '+1415555'],
  ])('a well-formed number that it does not know is for Twilio to decide: %s', (_, spelling) => {
    expect(read(spelling)).toBe(spelling);
  });

  it.each([
    ['an American premium number', '+1 900 234 5678'],
    ['a British premium number', '+44 909 879 0000'],
    ['a British shared-cost number', '+44 843 123 4567'],
    ['a German shared-cost number', '+49 180 5123456'],
    ['a British personal number (070)', '+44 70 1234 5678'],
    ['a British personal number with its trunk zero', '+44 (0)70 1234 5678'],
    ['an American personal number', '+1 500 234 5678'],
    ['international shared cost', '+808 1234 5678'],
    ['Inmarsat', '+870 773 111 632'],
    ['a universal personal number', '+878 10 1234567890'],
    ['a satellite phone (Globalstar)', '+881 9 1234 5678'],
    ['a satellite phone (Iridium)', '+881 6 1234 5678'],
    ['a satellite phone (Iridium) with two digits more', '+881 6 1234 567890'],
    ['a satellite phone (Thuraya)', '+882 16 1234 5678'],
    ['an international network (882)', '+882 13 300 123'],
    ['an international network (883)', '+883 5100 1234 5678'],
    ['international premium rate', '+979 123 456 789'],
    ['international premium rate of an unknown length', '+979 1234 5678 9012'],
  ])('%s is not served', (_, spelling) => {
    expect(read(spelling)).toBe('PHONE_NOT_ALLOWED');
  });

  it.each(Array.from({ length: 10 }, (_, digit) => `+1500555000${digit}`))(
    "Twilio's test number %s is served",
    (number) => {
      expect(read(number)).toBe(number);
    },
  );

  it.each(['+15005550010', '+15005551000', '+150055500060'])(
    '%s is a neighbour of the test numbers, not one of them',
    (number) => {
      expect(read(number)).not.toMatch(/^\+1500555000\d$/);
    },
  );
});

const mobileNumbers = getCountries().flatMap((country) => {
  const example = getExampleNumber(country, examples);
  return example ? [[country, example.number] as [CountryCode, string]] : [];
});
const wellFormed = fc.oneof(
  fc.stringMatching(/^\+[1-9][0-9]{6,14}$/),
  fc
    .tuple(fc.constantFrom(...mobileNumbers), fc.stringMatching(/^[0-9]{0,3}$/))
    .map(([[, number], more]) => (number + more).slice(0, 16)),
  fc
    .tuple(fc.constantFrom('+52', '+521', '+54', '+549', '+55'), fc.stringMatching(/^[0-9]{6,11}$/))
    .map(([country, number]) => country + number),
);
const separators = fc.stringMatching(/^[ ().-]{0,1}$/);

describe('A canonical number', () => {
  it('always has the strict form', () => {
    fc.assert(
      fc.property(fc.oneof(wellFormed, fc.string()), (spelling) => {
        expect(read(spelling)).toMatch(/^(PHONE_[A-Z_]+|\+[1-9]\d{6,14})$/);
      }),
    );
  });

  it('is its own canonical form', () => {
    fc.assert(
      fc.property(wellFormed, (spelling) => {
        const once = read(spelling);
        if (once.startsWith('+')) expect(read(once)).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the same for every separated spelling of a number', () => {
    fc.assert(
      fc.property(wellFormed, fc.array(separators, { maxLength: 17 }), (number, gaps) => {
        const spelling = number
          .split('')
          .map((character, index) => (gaps[index] ?? '') + character)
          .join('');
        fc.pre(spelling.length <= 32);
        expect(read(spelling)).toBe(read(number));
      }),
    );
  });

  it.each(mobileNumbers)('of a mobile phone in %s is %s, however it is written', (country, number) => {
    const example = getExampleNumber(country, examples)!;
    const international = example.formatInternational();
    const expected = read(number);
    expect(expected).toMatch(STRICT_E164);
    expect(expected).toBe(number);
    for (const spelling of [
      international,
      international.replaceAll(' ', '-'),
      international.replaceAll(' ', '.'),
      international.replace(/ (.*)$/, ' ($1)'),
      number.split('').join(' '),
    ]) {
      expect(read(spelling)).toBe(expected);
    }
  });
});

describe('A number in print', () => {
  it.each([
    ['+12025550123', '+1202*****23'],
    ['+8613800138000', '+8613*******00'],
    ['+1234567890', '+123*****90'],
    ['+123456789012345', '+1234*********45'],
    ['+12345678', '+12****78'],
    ['+1234567', '+12***67'],
  ])('%s is shown as %s', (number, masked) => {
    expect(maskPhone(number)).toBe(masked);
    expect(PhoneNumber.parse(number).masked).toBe(masked);
  });

  it('shows at most the first four and the last two digits, and hides at least half', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+[1-9][0-9]{6,14}$/), (number) => {
        const masked = maskPhone(number);
        const digits = number.length - 1;
        expect(masked).toMatch(/^\+\d{1,4}\*+\d{1,2}$/);
        expect(masked).toHaveLength(number.length);
        expect(masked.split('*').length - 1).toBeGreaterThanOrEqual(Math.floor(digits / 2));
        masked.split('').forEach((shown, index) => expect([number[index], '*']).toContain(shown));
      }),
    );
  });

  it.each<[string, (phone: PhoneNumber) => string]>([
    ['util.inspect', (phone) => inspect(phone)],
    ['util.inspect with hidden properties', (phone) => inspect(phone, { depth: 20, showHidden: true })],
    [
      'util.inspect of an object around it',
      (phone) => inspect({ phone, list: [phone] }, { showHidden: true }),
    ],
    [
      'util.inspect without custom inspection',
      (phone) => inspect(phone, { customInspect: false, showHidden: true }),
    ],
    ['JSON', (phone) => JSON.stringify({ phone })],
    ['a template string', (phone) => `${phone as unknown as string}`],
    ['concatenation', (phone) => 'to ' + String(phone)],
    ['a structured clone', (phone) => inspect(structuredClone(phone), { showHidden: true })],
    ['its properties', (phone) => JSON.stringify(Object.getOwnPropertyDescriptors(phone))],
  ])('is never whole in %s', (_, print) => {
    expect(print(PhoneNumber.parse('+12025550123'))).not.toContain('2025550123');
  });
});
