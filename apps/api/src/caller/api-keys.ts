import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SystemParameters } from '../config/system-parameters.js';

const BEARER = /^Bearer ([\x21-\x7e]+)$/i;

/** The keys that callers of `/v1` show (RFC 6750). Several are valid while one is rotated; none at all admits everybody. */
@Injectable()
export class ApiKeys {
  readonly #digests: readonly Buffer[];

  constructor({ serverApiKey }: SystemParameters) {
    this.#digests = serverApiKey.map((key) => digest(key.reveal()));
  }

  /** Whether callers have to show a key. */
  get required(): boolean {
    return this.#digests.length > 0;
  }

  /**
   * @param authorization the header of that name
   * @returns a name for whoever holds the key that was shown; undefined if it is none of ours
   */
  holderOf(authorization: string | undefined): string | undefined {
    const shown = BEARER.exec(authorization ?? '');
    if (!shown) return undefined;
    const candidate = digest(shown[1]);
    // All of them, so that the time tells nothing.
    const matches = this.#digests.filter((key) => timingSafeEqual(key, candidate));
    return matches.length > 0 ? candidate.toString('base64url') : undefined;
  }
}

/** Of equal length, whatever the key's is. */
function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
