import { randomBytes } from '@app/sms/internals';

const TAG_LENGTH = 22;
const NONCE_BYTES = 16;
const ID = /^[A-Za-z0-9_-]{44}$/;

/**
 * The id of a verification: the store's keyed hash of the phone, so that one trip to one Cluster slot finds the code
 * and the phone's budget of guesses, then 128 random bits, which only whoever asked for the code knows.
 */
export class VerificationId {
  private constructor(
    readonly tag: string,
    readonly nonce: string,
  ) {}

  static create(tag: string): VerificationId {
    return new VerificationId(tag, randomBytes(NONCE_BYTES).toString('base64url'));
  }

  /** @returns undefined if no id looks like this */
  static parse(text: string): VerificationId | undefined {
    if (!ID.test(text)) return undefined;
    return new VerificationId(text.slice(0, TAG_LENGTH), text.slice(TAG_LENGTH));
  }

  /** The id of another verification of the same phone. */
  sibling(nonce: string): VerificationId {
    return new VerificationId(this.tag, nonce);
  }

  toString(): string {
    return this.tag + this.nonce;
  }
}
