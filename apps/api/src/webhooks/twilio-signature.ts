import { timingSafeEqual } from 'node:crypto';
import type { Secret } from '@app/sms';
import twilio from 'twilio';

/**
 * Tells whether a form was posted by Twilio: `X-Twilio-Signature` is an HMAC over the URL that we gave Twilio and all
 * parameters. See https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export class TwilioSignature {
  readonly #tokens: readonly string[];
  readonly #origins: readonly string[];

  /**
   * @param publicUrl the origin under which Twilio reaches us; what a request says of its host is not looked at
   * @param authTokens any of them may have signed; several while one is rotated
   */
  constructor(publicUrl: string, authTokens: readonly Secret[]) {
    this.#tokens = authTokens.map((token) => token.reveal());
    const { protocol, hostname, port } = new URL(publicUrl);
    // Twilio signs an address with a port of its own sometimes without the port, as its SDK says.
    this.#origins = port ? [publicUrl, `${protocol}//${hostname}`] : [publicUrl];
  }

  /**
   * @param target path and query, as they were received
   * @param form as it was received; a parameter that is there twice is refused, since Twilio's sum does not see it
   */
  isValid(signature: unknown, target: string, form: string): boolean {
    const parameters = [...new URLSearchParams(form)];
    const names = new Set(parameters.map(([name]) => name));
    if (typeof signature !== 'string' || names.size !== parameters.length) return false;
    const fields = Object.fromEntries(parameters);
    // All of them, so that the time tells nothing.
    return this.#tokens
      .flatMap((token) => this.#origins.map((origin) => sign(token, origin + target, fields)))
      .map((expected) => isEqual(expected, signature))
      .includes(true);
  }
}

/** As Twilio signs: over an address of ours and the fields of a form. */
export function sign(token: string, url: string, fields: Record<string, string>): string {
  return twilio.getExpectedTwilioSignature(token, url, fields);
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
