import { describe, expect, it } from '@jest/globals';
import { PhoneNumber } from '@app/sms';
import { DataKey, seal } from '@app/sms/internals';
import { CodeSealer } from './verification.codes.js';

describe('A phone at rest', () => {
  const dataKey = DataKey.generate();
  const sealer = CodeSealer.under(dataKey);

  it.each([
    ['+12025550123', 'US'],
    ['+8613812345678', 'CN'],
    ['+88213300000', undefined], // of no country
  ])('is opened with its number and its country: %s', (e164, country) => {
    const opened = sealer.openPhone(sealer.sealPhone(PhoneNumber.parse(e164)));
    expect([opened.e164, opened.country]).toEqual([e164, country]);
  });

  it('has its country too when it was sealed by an earlier version, without it', () => {
    const sealed = seal(dataKey.derive('phone at rest'), '+12025550123').toString('base64url');
    const opened = sealer.openPhone(sealed);
    expect([opened.e164, opened.country]).toEqual(['+12025550123', 'US']);
  });

  it('is sealed differently each time, and shows nothing of the number', () => {
    const phone = PhoneNumber.parse('+12025550123');
    const sealed = [sealer.sealPhone(phone), sealer.sealPhone(phone)];
    expect(sealed[0]).not.toBe(sealed[1]);
    expect(Buffer.from(sealed[0], 'base64url').toString('latin1')).not.toContain('2025550123');
  });
});
