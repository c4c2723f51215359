import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Secret } from '../secret.js';
import { DataKey, seal, unseal, unwrapWithAny } from './data-key.js';

const OLD = new Secret('the-old-secret-has-at-least-32-bytes');
const NEW = new Secret('the-new-secret-has-at-least-32-bytes');
const PHONE = '+12025550123';

describe('The data key', () => {
  it('opens with the secret that wrapped it, and knows the same phones', () => {
    const key = DataKey.generate();
    const opened = DataKey.unwrap(key.wrap(OLD), OLD);
    expect(opened?.tag(PHONE)).toBe(key.tag(PHONE));
    expect(opened?.derive('codes').equals(key.derive('codes'))).toBe(true);
  });

  it('does not open with another secret', () => {
    expect(DataKey.unwrap(DataKey.generate().wrap(OLD), NEW)).toBeUndefined();
  });

  it.each(['', 'x', 'not base64 at all', '0'.repeat(200), '\0'])('does not come out of %p', (wrapped) => {
    expect(DataKey.unwrap(wrapped, OLD)).toBeUndefined();
  });

  it('is opened by any of the secrets during a rotation, which says whether to wrap it again', () => {
    const key = DataKey.generate();
    const opened = (wrappedBy: Secret, secrets: Secret[]): object | undefined => {
      const found = unwrapWithAny(key.wrap(wrappedBy), secrets);
      return found && { tag: found.dataKey.tag(PHONE), wrappedByFirst: found.wrappedByFirst };
    };
    const tag = key.tag(PHONE);
    expect(opened(OLD, [OLD])).toEqual({ tag, wrappedByFirst: true });
    expect(opened(OLD, [NEW, OLD])).toEqual({ tag, wrappedByFirst: false });
    expect(opened(NEW, [NEW, OLD])).toEqual({ tag, wrappedByFirst: true });
    expect(opened(OLD, [NEW])).toBeUndefined();
  });

  it('is wrapped differently each time, and the wrapping shows neither key nor secret', () => {
    const key = DataKey.generate();
    const wrappings = [key.wrap(OLD), key.wrap(OLD)];
    expect(wrappings[0]).not.toBe(wrappings[1]);
    expect(wrappings.join()).not.toContain(OLD.reveal());
  });

  it('makes another key for each use', () => {
    const key = DataKey.generate();
    expect(key.derive('codes').equals(key.derive('phones'))).toBe(false);
    expect(key.derive('codes').symmetricKeySize).toBe(32);
    expect(DataKey.generate().derive('codes').equals(key.derive('codes'))).toBe(false);
  });

  it('gives a phone a tag that differs by phone and by key, and does not contain the number', () => {
    const key = DataKey.generate();
    expect(key.tag(PHONE)).toMatch(/^[\w-]{22}$/);
    expect(key.tag(PHONE)).toBe(key.tag(PHONE));
    expect(key.tag('+12025550124')).not.toBe(key.tag(PHONE));
    expect(DataKey.generate().tag(PHONE)).not.toBe(key.tag(PHONE));
  });

  it('does not print', () => {
    const bytes = Buffer.from('canary-canary-canary-canary-32-b');
    const key = new DataKey(bytes);
    const printed = inspect(key, { depth: 20, showHidden: true }) + JSON.stringify(key);
    expect(printed).not.toContain(bytes.toString('hex'));
    expect(printed).not.toMatch(/canary|63 61 6e 61|99,\s*97/);
    expect(inspect(key, { showHidden: true })).toBe('DataKey {}');
  });
});

describe('Sealed bytes', () => {
  const key = DataKey.generate().derive('a use');

  it('are what was sealed once opened', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(unseal(key, seal(key, Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('do not open if any bit of them was changed, or any byte is missing', () => {
    const sealed = seal(key, PHONE);
    for (let position = 0; position < sealed.length; position += 1) {
      const changed = Buffer.from(sealed);
      changed[position] ^= 1 << (position % 8);
      expect(unseal(key, changed)).toBeUndefined();
      expect(unseal(key, sealed.subarray(0, position))).toBeUndefined();
    }
  });

  it('do not open with another key', () => {
    expect(unseal(DataKey.generate().derive('a use'), seal(key, PHONE))).toBeUndefined();
  });
});
