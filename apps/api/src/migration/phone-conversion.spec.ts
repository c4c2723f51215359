import { describe, expect, it } from '@jest/globals';
import { convertPhone } from './phone-conversion.js';

describe('A phone number of a list, with China as its country', () => {
  it.each([
    '13800138000',
    '138 0013 8000',
    '138-0013-8000',
    ' 013800138000 ',
    '+8613800138000',
    '+86 (0)138 0013 8000',
    '(+86)13800138000',
    '（+86）13800138000',
    '008613800138000',
    '86-138-0013-8000',
    '"13800138000"',
    '１３８００１３８０００',
    '\u202d13800138000\u202c',
    '13800138000\u200b',
  ])('%j becomes +8613800138000', (spelling) => {
    expect(convertPhone(spelling, 'CN')).toEqual({ e164: '+8613800138000', isFixedLine: false });
  });

  it.each([
    ['+1 202 555 0123', '+12025550123'],
    ['00 44 7911 123456', '+447911123456'],
    ['+55 11 8765 4321', '+5511987654321'],
    ['+52 1 55 1234 5678', '+525512345678'],
    ['(010) 6552 9988', '+861065529988'],
  ])('%s becomes %s', (spelling, e164) => {
    expect(convertPhone(spelling, 'CN')).toMatchObject({ e164 });
  });

  it.each([
    ['name', 'is not a phone number'],
    ['110', 'is not a phone number'],
    ['1380013800', 'is not a number of its country (CN)'],
    ['138001380001', 'is not a number of its country (CN)'],
    ['+1234567890', 'is not a number of its country'],
    ['13800138000.0', 'is a decimal number, as spreadsheets write it'],
    ['1.38E+10', 'is a decimal number, as spreadsheets write it'],
    ['1.38001E10', 'is a decimal number, as spreadsheets write it'],
    ['13800138000 ext. 5', 'has an extension'],
    ['13800138000,13900139000', 'has more than one value; the list needs one number per line'],
    ['13800138000;13900139000', 'has more than one value; the list needs one number per line'],
    ['+86138001380001380013800', 'has too many digits'],
    ['1'.repeat(65), 'is too long for a phone number'],
    ['+999 13800138000', 'has no country code that exists'],
    ['+881 6 1234 5678', 'is a kind of number that codes are not sent to'],
    ['+1 900 234 5678', 'is a kind of number that codes are not sent to'],
  ])('%s is not converted: it %s', (spelling, reason) => {
    expect(convertPhone(spelling, 'CN')).toEqual({ reason });
  });
});

describe('A fixed line', () => {
  it('is converted, and told apart: a mobile number that lost its first digit may look like one', () => {
    expect(convertPhone('010 6552 9988', 'CN')).toEqual({ e164: '+861065529988', isFixedLine: true });
    expect(convertPhone('3912030347', 'CN')).toEqual({ e164: '+863912030347', isFixedLine: true });
  });
});

describe('A phone number of a list without a country', () => {
  it('is converted if it has a country code', () => {
    expect(convertPhone('+86 138 0013 8000')).toEqual({ e164: '+8613800138000', isFixedLine: false });
  });

  it('is not guessed at if it has none', () => {
    expect(convertPhone('13800138000')).toEqual({ reason: 'has no country code; --country gives one' });
  });
});
