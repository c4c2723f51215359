import { ValidationFailedError } from '../errors/validation.pipe.js';

/** 1 to 255 visible ASCII characters and spaces; draft-ietf-httpapi-idempotency-key-header leaves the form to us. */
const KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * The key of a request, taken as it is.
 * @param header the header of that name
 * @throws ValidationFailedError
 */
export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && KEY.test(header)) return header;
  throw new ValidationFailedError([
    {
      pointer: '',
      detail: 'the header Idempotency-Key must be 1 to 255 ASCII characters, for example a UUID',
    },
  ]);
}
