import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
import { Secret } from '../secret.js';
import { randomBytes } from './random.js';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Tags that are remembered: a send asks for that of its phone three times. */
const RECENT_TAGS = 1_000;

/**
 * The key under which a store keeps phones and codes. It is made once, at random, and kept in the store itself,
 * wrapped (AES-256-GCM) by the operator's secret: a rotated secret rewraps it, and no limit is lost.
 */
export class DataKey {
  readonly #key: Buffer;
  readonly #lookupKey: KeyObject;
  readonly #recentTags = new Map<string, string>();

  constructor(key: Buffer) {
    this.#key = key;
    this.#lookupKey = this.derive('lookup tag');
  }

  static generate(): DataKey {
    return new DataKey(randomBytes(KEY_BYTES));
  }

  /** A key of its own for one use (RFC 5869). */
  derive(use: string): KeyObject {
    return deriveKey(this.#key, use);
  }

  /** The keyed hash by which a store knows a phone: 128 bits of HMAC-SHA-256, 22 characters. */
  tag(text: string): string {
    let tag = this.#recentTags.get(text);
    if (tag === undefined) {
      tag = createHmac('sha256', this.#lookupKey).update(text).digest().toString('base64url', 0, 16);
      if (this.#recentTags.size >= RECENT_TAGS) this.#recentTags.clear();
      this.#recentTags.set(text, tag);
    }
    return tag;
  }

  equals(other: DataKey): boolean {
    return timingSafeEqual(this.#key, other.#key);
  }

  wrap(secret: Secret): string {
    return seal(deriveKey(secret.reveal(), 'data key'), this.#key).toString('base64url');
  }

  /** @returns undefined if the key was wrapped under another secret */
  static unwrap(wrapped: string, secret: Secret): DataKey | undefined {
    const key = unseal(deriveKey(secret.reveal(), 'data key'), Buffer.from(wrapped, 'base64url'));
    return key && new DataKey(key);
  }
}

/** Authenticated encryption (AES-256-GCM): random nonce, tag, ciphertext. */
export function seal(key: KeyObject, plain: Buffer | string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]);
}

/** @returns undefined if these bytes were not sealed under this key */
export function unseal(key: KeyObject, sealed: Buffer): Buffer | undefined {
  if (sealed.length < IV_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES));
  decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const start = decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([start, decipher.final()]);
  } catch {
    return undefined; // the tag does not match: another key, or damaged bytes
  }
}

function deriveKey(from: Buffer | string, use: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', from, '', `phone verification: ${use}`, KEY_BYTES)));
}

/** The secret does not open the store's data key. A fault of configuration, so it stops the start. */
export class WrongSecretError extends Error {
  override readonly name = 'WrongSecretError';
  constructor(store: string) {
    super(
      `${store} was set up with another secret, and its limits cannot be read with this one. ` +
        'Give the former secret as well, after the new one: server.secret=new,old',
    );
  }
}

/** Reads a wrapped data key with any of the secrets; says whether it is wrapped by the first, as it should be. */
export function unwrapWithAny(
  wrapped: string,
  secrets: readonly Secret[],
): { dataKey: DataKey; wrappedByFirst: boolean } | undefined {
  for (const [position, secret] of secrets.entries()) {
    const dataKey = DataKey.unwrap(wrapped, secret);
    if (dataKey) return { dataKey, wrappedByFirst: position === 0 };
  }
  return undefined;
}
