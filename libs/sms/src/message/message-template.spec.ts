import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MessageTemplate } from './message-template.js';

const render = (...options: ConstructorParameters<typeof MessageTemplate>): string =>
  new MessageTemplate(...options).render('123456');
const segments = (...options: ConstructorParameters<typeof MessageTemplate>): number =>
  new MessageTemplate(...options).segments(6);

describe('A message template', () => {
  it.each([
    ['Your verification code is: %s', 'Your verification code is: 123456'],
    ['%s', '123456'],
    ['%s is your code. %%s is not.', '123456 is your code. %s is not.'],
    ['100%% safe: %s', '100% safe: 123456'],
    ['%%%s%%', '%123456%'],
    ['%s\nDo not share it.', '123456\nDo not share it.'],
    ['您的验证码是 %s', '您的验证码是 123456'],
    ['$& $1 $` %s', '$& $1 $` 123456'],
  ])('"%s" becomes "%s"', (template, message) => {
    expect(MessageTemplate.faultOf(template)).toBeUndefined();
    expect(render(template)).toBe(message);
  });

  it('keeps the leading zeros and the case of a code', () => {
    expect(new MessageTemplate('%s').render('00aZ')).toBe('00aZ');
  });

  it.each([
    ['', 'it contains it 0 times'],
    ['Your code', 'it contains it 0 times'],
    ['%%s', 'it contains it 0 times'],
    ['%s and %s', 'it contains it 2 times'],
    ['%d', '"%d" is not known'],
    ['%s %d', '"%d" is not known'],
    ['%S', '"%S" is not known'],
    ['%1$s', '"%1" is not known'],
    ['%s 5% off', '"% " is not known'],
    ['%s %\n', '"%\n" is not known'],
    ['%s 5%', 'a lone % at the end'],
    ['%s %%%', 'a lone % at the end'],
  ])('"%s" is refused: %s', (template, fault) => {
    expect(MessageTemplate.faultOf(template)).toContain(fault);
  });

  it('contains the code exactly once if it has no fault, and no other placeholder', () => {
    const texts = fc
      .array(fc.constantFrom('%', 's', '%s', '%%', 'a', ' ', '\n'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        if (MessageTemplate.faultOf(text)) return;
        const [before, after, ...more] = text.replaceAll('%%', '\0').split('%s');
        expect(more).toEqual([]);
        expect(render(text)).toBe(`${before}123456${after}`.replaceAll('\0', '%'));
      }),
    );
  });
});

describe('What is appended to a message', () => {
  it('is nothing by default', () => {
    expect(render('Code: %s', {})).toBe('Code: 123456');
  });

  it('is, for browsers, a last line with the origin and the code', () => {
    expect(render('Code: %s', { webOrigin: 'example.com' })).toBe('Code: 123456\n@example.com #123456');
  });

  it("is, for Android, a line with the app's hash", () => {
    expect(render('Code: %s', { androidAppHash: 'FA+9qCX9VSu' })).toBe('Code: 123456\nFA+9qCX9VSu');
  });

  it("is both, the browser's line last", () => {
    const autofill = { webOrigin: 'example.com', androidAppHash: 'FA+9qCX9VSu' };
    expect(render('Code: %s', autofill).split('\n')).toEqual([
      'Code: 123456',
      'FA+9qCX9VSu',
      '@example.com #123456',
    ]);
  });
});

describe('The number of messages that Twilio bills', () => {
  const text = (length: number, character = 'a'): string => character.repeat(length - 6) + '%s';

  it.each([
    ['the default text', 'Your verification code is: %s', 1],
    ['160 characters of the GSM alphabet', text(160), 1],
    ['161 characters of the GSM alphabet', text(161), 2],
    ['306 characters of the GSM alphabet', text(306), 2],
    ['307 characters of the GSM alphabet', text(307), 3],
    ['160 characters with é, which is in the GSM alphabet', `é${text(159)}`, 1],
    ['a euro sign, which takes two places, with 158 others', `€${text(158)}`, 1],
    ['a euro sign, which takes two places, with 159 others', `€${text(159)}`, 2],
    ['70 characters, one of them Chinese', `码${text(69)}`, 1],
    ['71 characters, one of them Chinese', `码${text(70)}`, 2],
    ['134 characters, one of them Chinese', `码${text(133)}`, 2],
    ['135 characters, one of them Chinese', `码${text(134)}`, 3],
    ['an emoji, which takes two places, with 68 others', `🔐${text(68)}`, 1],
    ['an emoji, which takes two places, with 69 others', `🔐${text(69)}`, 2],
  ])('%s', (_, template, expected) => {
    expect(segments(template)).toBe(expected);
  });

  it('counts the code as long as it is', () => {
    const template = new MessageTemplate(text(160));
    expect([4, 6, 7, 10].map((length) => template.segments(length))).toEqual([1, 1, 2, 2]);
  });

  it('counts the appended lines', () => {
    expect(segments(text(148), { androidAppHash: 'FA+9qCX9VSu' })).toBe(1);
    expect(segments(text(149), { androidAppHash: 'FA+9qCX9VSu' })).toBe(2);
    expect(segments(text(139), { webOrigin: 'example.com' })).toBe(1);
    expect(segments(text(140), { webOrigin: 'example.com' })).toBe(2);
  });
});

describe('What is told of a message at the start', () => {
  const facts = (...options: ConstructorParameters<typeof MessageTemplate>) =>
    new MessageTemplate(...options).facts(6);

  it('is one segment of GSM-7 for the default text', () => {
    expect(facts('Your verification code is: %s')).toEqual({
      encoding: 'GSM-7',
      segmentsPerCode: 1,
      charactersOutsideGsm7: [],
      webOriginLine: false,
      androidHashLine: false,
    });
  });

  it('names each character outside GSM-7 once', () => {
    expect(facts('Code: %s – “safe” – 🔐 €é')).toMatchObject({
      encoding: 'UCS-2',
      charactersOutsideGsm7: ['–', '“', '”', '🔐'],
    });
  });

  it('counts the lines for browsers and for Android', () => {
    const text = 'a'.repeat(130) + '%s';
    const autofill = { webOrigin: 'example.com', androidAppHash: 'FA+9qCX9VSu' };
    expect(facts(text)).toMatchObject({ segmentsPerCode: 1 });
    expect(facts(text, autofill)).toMatchObject({
      segmentsPerCode: 2,
      webOriginLine: true,
      androidHashLine: true,
    });
  });

  it('is what is billed for it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.integer({ min: 4, max: 10 }),
        (text, length) => {
          const template = new MessageTemplate(`${text.replaceAll('%', '')}%s`);
          expect(template.facts(length).segmentsPerCode).toBe(template.segments(length));
        },
      ),
    );
  });
});
