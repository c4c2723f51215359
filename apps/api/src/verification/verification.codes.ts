import { createHmac, randomInt, type KeyObject } from 'node:crypto';
import { PhoneNumber, StoreUnavailableError } from '@app/sms';
import { seal, unseal, type DataKey } from '@app/sms/internals';
import { VerificationId } from './verification-id.js';

/** A code of this many digits from the system's CSPRNG, uniform, leading zeros kept (ASVS 5.0, 6.5.3 and 6.5.4). */
export function generateCode(digits: number): string {
  return randomInt(10 ** digits)
    .toString()
    .padStart(digits, '0');
}

/** Turns codes and phones into what a store may hold, under keys derived from the store's data key. */
export class CodeSealer {
  private static readonly byDataKey = new WeakMap<DataKey, CodeSealer>();
  readonly #macKey: KeyObject;
  readonly #phoneKey: KeyObject;
  readonly #idKey: KeyObject;

  private constructor(private readonly dataKey: DataKey) {
    this.#macKey = dataKey.derive('code mac');
    this.#phoneKey = dataKey.derive('phone at rest');
    this.#idKey = dataKey.derive('id in a callback');
  }

  /** The keys of a data key are derived once. */
  static under(dataKey: DataKey): CodeSealer {
    let sealer = this.byDataKey.get(dataKey);
    if (!sealer) this.byDataKey.set(dataKey, (sealer = new CodeSealer(dataKey)));
    return sealer;
  }

  tag(e164: string): string {
    return this.dataKey.tag(e164);
  }

  /** HMAC-SHA-256 over id and code, so that a code is bound to its verification. */
  mac(id: VerificationId, code: string): string {
    return createHmac('sha256', this.#macKey).update(`${id.toString()}:${code}`).digest('base64url');
  }

  sealPhone(e164: string): string {
    return seal(this.#phoneKey, e164).toString('base64url');
  }

  /** @throws StoreUnavailableError if the stored phone was damaged */
  openPhone(sealedPhone: string): PhoneNumber {
    const e164 = unseal(this.#phoneKey, Buffer.from(sealedPhone, 'base64url'));
    if (!e164) throw new StoreUnavailableError('damaged record');
    return PhoneNumber.ofStored(e164.toString());
  }

  /** For the address of a callback, which others write into their logs. */
  sealId(id: VerificationId): string {
    return seal(this.#idKey, id.toString()).toString('base64url');
  }

  /** @returns undefined if it was not sealed by us */
  openId(sealedId: string): VerificationId | undefined {
    const id = unseal(this.#idKey, Buffer.from(sealedId, 'base64url'));
    return id && VerificationId.parse(id.toString());
  }
}
