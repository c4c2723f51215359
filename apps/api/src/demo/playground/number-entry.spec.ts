import { describe, expect, it } from '@jest/globals';
import { readNumberEntry } from './number-entry.js';

describe('A number that is typed', () => {
  it.each([
    ['US', '2025550123', '(202) 555-0123', '+12025550123', 'US'],
    ['CN', '13800138000', '138 0013 8000', '+8613800138000', 'CN'],
    ['GB', '07400 123456', '07400 123456', '+447400123456', 'GB'],
    ['US', '+447400123456', '+44 7400 123456', '+447400123456', 'GB'],
    ['GB', '+15005550001', '+1 500 555 0001', '+15005550001', 'US'],
  ])('in %s as "%s" is shown as "%s" and sent as %s', (country, text, formatted, e164, itsCountry) => {
    expect(readNumberEntry(country, text)).toMatchObject({
      formatted,
      e164,
      country: itsCountry,
      possible: true,
    });
  });

  it('and is international is also given as its country writes it', () => {
    expect(readNumberEntry('US', '+447400123456').national).toBe('07400 123456');
  });

  it.each(['', '+', '+1', '+44', 'abc'])('as far as "%s" cannot be sent yet', (text) => {
    expect(readNumberEntry('US', text)).toMatchObject({ e164: null, possible: false, country: 'US' });
  });

  it('and is too short is formatted, but no possible number', () => {
    const entry = { formatted: '(202) 555', e164: '+1202555', possible: false };
    expect(readNumberEntry('US', '202555')).toMatchObject(entry);
  });

  it('in a country that nobody knows has to be international', () => {
    expect(readNumberEntry('ZZ', '2025550123').e164).toBeNull();
    expect(readNumberEntry('ZZ', '+12025550123')).toMatchObject({ e164: '+12025550123', country: 'US' });
  });
});
