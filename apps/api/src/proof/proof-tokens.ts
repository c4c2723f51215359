import { createPrivateKey, createPublicKey, hkdfSync, sign, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Secret } from '@app/sms';
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint';
import { exportJWK } from 'jose/key/export';
import { SystemParameters } from '../config/system-parameters.js';
import type { PublicKey, PublicKeys } from './public-keys.dto.js';

/** For the registration to be finished with. */
const LIFE_SECONDS = 600;
/** A PKCS#8 Ed25519 private key is this prefix and 32 bytes (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

interface SigningKey {
  readonly privateKey: KeyObject;
  /** Of its tokens, as it stands in them. */
  readonly header: string;
  readonly publicJwk: PublicKey;
}

/** What an Ed25519 key consists of (RFC 8037, section 2). */
type OkpKey = Pick<PublicKey, 'kty' | 'crv' | 'x'>;

/** What a proof token says. */
export interface Proof {
  /** The verified phone in E.164, the token's `sub`. */
  readonly phone: string;
  readonly purpose: string;
  /** The verification's id, the token's `jti`. */
  readonly id: string;
}

/**
 * Signed proofs of a verification, for the service that goes on with it. The key is derived from `server.secret`, so
 * that all instances agree; during a rotation the first secret signs, and the keys of all are published.
 */
@Injectable()
export class ProofTokens {
  readonly #keys: Promise<readonly SigningKey[]>;

  constructor({ serverSecret }: SystemParameters) {
    this.#keys = Promise.all(serverSecret.map(deriveKey));
  }

  /**
   * A JWT (RFC 7519), signed with EdDSA (RFC 8037), valid for 10 minutes. Signed by Node itself: a library would go
   * through WebCrypto, which signs in another thread, and the way there and back costs twice as much as the signature.
   */
  async sign({ phone, purpose, id }: Proof): Promise<string> {
    const [{ privateKey, header }] = await this.#keys;
    const issuedAt = Math.floor(Date.now() / 1_000);
    const claims = { purpose, sub: phone, jti: id, iat: issuedAt, exp: issuedAt + LIFE_SECONDS };
    const signed = `${header}.${base64url(claims)}`;
    return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
  }

  /** The public keys (RFC 7517) that these tokens are checked with. */
  async publicKeys(): Promise<PublicKeys> {
    const keys = await this.#keys;
    return { keys: keys.map(({ publicJwk }) => publicJwk) };
  }
}

/** As a part of a compact JWS is written (RFC 7515, section 7.1). */
function base64url(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

async function deriveKey(secret: Secret): Promise<SigningKey> {
  const seed = Buffer.from(hkdfSync('sha256', secret.reveal(), '', 'phone verification: proof token', 32));
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const jwk = await exportJWK(createPublicKey(privateKey));
  const kid = await calculateJwkThumbprint(jwk);
  const header = base64url({ alg: 'EdDSA', typ: 'JWT', kid });
  return { privateKey, header, publicJwk: { ...(jwk as OkpKey), kid, alg: 'EdDSA', use: 'sig' } };
}
