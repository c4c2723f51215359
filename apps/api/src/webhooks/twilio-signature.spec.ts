import { describe, expect, it } from '@jest/globals';
import { Secret } from '@app/sms';
import twilio from 'twilio';
import { TwilioSignature } from './twilio-signature.js';

/** The example of https://www.twilio.com/docs/usage/webhooks/webhooks-security */
const TOKEN = '12345';
const ORIGIN = 'https://example.com';
const TARGET = '/myapp.php?foo=1&bar=2';
const FORM =
  'CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212';
const SIGNATURE = 'L/OH5YylLD5NRKLltdqwSvS0BnU=';

interface Received {
  readonly origin: string;
  readonly tokens: readonly string[];
  readonly signature: unknown;
  readonly target: string;
  readonly form: string;
}

/** The example, with a change. */
function isValid(change: Partial<Received> = {}): boolean {
  const received: Received = {
    origin: ORIGIN,
    tokens: [TOKEN],
    signature: SIGNATURE,
    target: TARGET,
    form: FORM,
    ...change,
  };
  const secrets = received.tokens.map((token) => new Secret(token));
  const { signature, target, form } = received;
  return new TwilioSignature(received.origin, secrets).isValid(signature, target, form);
}

describe('The signature of a callback', () => {
  it("is valid for Twilio's published example", () => expect(isValid()).toBe(true));

  it('is valid whatever the order of the parameters', () => {
    expect(isValid({ form: FORM.split('&').reverse().join('&') })).toBe(true);
  });

  it('is valid under either token of a rotation', () => {
    expect(isValid({ tokens: ['the next one', TOKEN] })).toBe(true);
    expect(isValid({ tokens: [TOKEN, 'the former one'] })).toBe(true);
  });

  it('is valid without the port of an address that has one, as Twilio may sign it', () => {
    expect(isValid({ origin: 'https://example.com:8443' })).toBe(true);
  });

  it.each<[string, Partial<Received>]>([
    ['one character of a value', { form: FORM.replace('Digits=1234', 'Digits=1235') }],
    ['the case of a value', { form: FORM.replace('CA1234567890ABCDE', 'Ca1234567890ABCDE') }],
    ['a space behind a value', { form: FORM.replace('Digits=1234', 'Digits=1234+') }],
    ['a value that is gone', { form: FORM.replace('Digits=1234', 'Digits=') }],
    ['one character of a name', { form: FORM.replace('Digits', 'digits') }],
    ['a parameter that is gone', { form: FORM.replace('&Digits=1234', '') }],
    ['a parameter that was added', { form: `${FORM}&ErrorCode=30003` }],
    ['a parameter without a value that was added', { form: `${FORM}&ErrorCode=` }],
    ['a parameter that is there twice', { form: `${FORM}&Digits=1234` }],
    ['a parameter that is there twice with two values', { form: `${FORM}&Digits=1` }],
    ['no parameters', { form: '' }],
    ['another scheme', { origin: 'http://example.com' }],
    ['another host', { origin: 'https://example.org' }],
    ['a subdomain', { origin: 'https://www.example.com' }],
    ['another path', { target: '/myapp.php5?foo=1&bar=2' }],
    ['a slash at the end of the path', { target: '/myapp.php/?foo=1&bar=2' }],
    ['another value in the query', { target: '/myapp.php?foo=1&bar=3' }],
    ['another order of the query', { target: '/myapp.php?bar=2&foo=1' }],
    ['another spelling of the query', { target: '/myapp.php?foo=%31&bar=2' }],
    ['no query', { target: '/myapp.php' }],
    ['a fragment', { target: `${TARGET}#rc=3&rp=all` }],
    ['another token', { tokens: ['12346'] }],
    ['no token', { tokens: [] }],
    ['one character of the signature', { signature: SIGNATURE.replace('L', 'M') }],
    ['the case of the signature', { signature: SIGNATURE.toLowerCase() }],
    ['a signature without its end', { signature: SIGNATURE.slice(0, -1) }],
    ['a signature with something behind it', { signature: `${SIGNATURE} ` }],
    ['an empty signature', { signature: '' }],
    ['no signature', { signature: undefined }],
    ['a list of signatures', { signature: [SIGNATURE] }],
    ['two signatures', { signature: `${SIGNATURE}, ${SIGNATURE}` }],
  ])('is refused with %s', (_, change) => expect(isValid(change)).toBe(false));

  it.each(['https://example.com', 'https://example.com:9443'])(
    'is refused at %s if it is for another port',
    (origin) => {
      const elsewhere = `https://example.com:8443${TARGET}`;
      const fields = Object.fromEntries(new URLSearchParams(FORM));
      const signature = twilio.getExpectedTwilioSignature(TOKEN, elsewhere, fields);
      expect(isValid({ origin: 'https://example.com:8443', signature })).toBe(true);
      expect(isValid({ origin, signature })).toBe(false);
    },
  );
});
