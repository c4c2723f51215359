import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '@app/sms';

const BEARER = /^Bearer ([\x21-\x7e]+)$/i;

/** The keys that callers of `/v1` show (RFC 6750). Several are valid while one is rotated; none at all admits everybody. */
export class ApiKeys {
  readonly #digests: readonly Buffer[];

  constructor(keys: readonly Secret[]) {
    this.#digests = keys.map((key) => digest(key.reveal()));
  }

  /** @param authorization the header of that name */
  admit(authorization: string | undefined): boolean {
    if (this.#digests.length === 0) return true;
    const shown = BEARER.exec(authorization ?? '');
    if (!shown) return false;
    const candidate = digest(shown[1]);
    // All of them, so that the time tells nothing.
    return this.#digests.map((key) => timingSafeEqual(key, candidate)).includes(true);
  }
}

/** Of equal length, whatever the key's is. */
function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
