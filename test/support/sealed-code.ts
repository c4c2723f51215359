import { createHash } from 'node:crypto';
import type { SealedCode } from '../../apps/api/src/verification/verification.store.js';

/** In the form of the mac of a code: 32 bytes. @param code any text in its place */
export function macOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url');
}

/** In the form of an encrypted phone. */
export const SEALED_PHONE = Buffer.from('an encrypted phone, such as a store gets it').toString('base64url');

/** What is stored of a code. */
export function sealedCode(code = 'right'): SealedCode {
  return { mac: macOf(code), sealedPhone: SEALED_PHONE, purpose: 'login' };
}
