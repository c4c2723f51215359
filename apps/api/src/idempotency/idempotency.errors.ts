export type IdempotencyErrorCode = 'IDEMPOTENCY_KEY_IN_USE' | 'IDEMPOTENCY_KEY_REUSED';

/** Base of the errors of this feature. */
export abstract class IdempotencyError extends Error {
  abstract readonly code: IdempotencyErrorCode;
  override get name(): string {
    return this.constructor.name;
  }
}

/** The first call with this key is still running. */
export class IdempotencyKeyInUseError extends IdempotencyError {
  readonly code = 'IDEMPOTENCY_KEY_IN_USE';
  constructor() {
    super('The first request with this Idempotency-Key is still running. Ask again in a moment.');
  }
}

/** The key was used for another body. */
export class IdempotencyKeyReusedError extends IdempotencyError {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
  constructor() {
    super('This Idempotency-Key was used for another request. Use a new key for each request.');
  }
}
