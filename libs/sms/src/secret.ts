import { inspect } from 'node:util';

const MASK = '[secret]';

/**
 * A credential that does not print: string conversion, `JSON.stringify` and `util.inspect` give a mask.
 * Call {@link Secret.reveal} at the one place that uses it.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Takes a credential in either form, so that options may be written as plain strings. */
  static of(value: string | Secret): Secret {
    return value instanceof Secret ? value : new Secret(value);
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** Makes an object of a third party, which holds credentials, print as this text. */
export function printAs(object: object, text: string): void {
  const print = { value: (): string => text };
  Object.defineProperties(object, { toString: print, toJSON: print, [inspect.custom]: print });
}
