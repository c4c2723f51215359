import { METHODS } from 'node:http';
import fc from 'fast-check';
import { object } from './bodies.js';
import { mostly } from './chance.js';

const HEADERS = [
  'x-forwarded-for: 203.0.113.7',
  'x-forwarded-for: 203.0.113.7, 198.51.100.1',
  'x-forwarded-for: unknown, ::ffff:1.2.3.4, [::1]:80',
  'x-forwarded-host: evil.example',
  'x-forwarded-proto: https',
  'forwarded: for=203.0.113.7;host=evil.example',
  'x-real-ip: 203.0.113.7',
  'cf-connecting-ip: 203.0.113.7',
  'x-client-address: 203.0.113.7',
  'x-http-method-override: DELETE',
  'x-original-url: /metrics',
  'idempotency-key: same',
  'idempotency-key: ',
  'idempotency-key: \u00e9\u4e2d',
  `idempotency-key: ${'k'.repeat(255)}`,
  `idempotency-key: ${'k'.repeat(256)}`,
  'idempotency-key: a, b',
  'authorization: Bearer x',
  'authorization: Basic \u0000',
  'authorization: ',
  'expect: 100-continue',
  'expect: x',
  'transfer-encoding: chunked',
  'transfer-encoding: identity',
  'transfer-encoding: chunked, chunked',
  'transfer-encoding : chunked',
  'transfer-encoding: xchunked',
  'content-length: 0',
  'content-length: -1',
  'content-length: 99999999999999999999',
  'content-length: 1e3',
  'content-length: +5',
  'content-encoding: gzip',
  'host: evil.example',
  'host: ',
  'connection: close, x-request-id',
  'connection: upgrade',
  'upgrade: websocket',
  'upgrade: h2c',
  'http2-settings: AAMAAABkAAQCAAAAAAIAAAAA',
  'accept: text/html',
  'accept-encoding: *',
  'accept-version: 9',
  'range: bytes=0-1',
  'origin: null',
  'access-control-request-method: POST',
  'cookie: __proto__=1',
  'x-request-id: \u001b[31m',
  'te: trailers',
  'trailer: phone',
  ' folded: x',
  '\tfolded',
  'no colon',
  ': empty',
  'x\u0000y: z',
  '__proto__: x',
  'constructor: x',
  `x-large: ${'x'.repeat(15_000)}`,
  `x-large: ${'x'.repeat(17_000)}`,
];
const METHOD_NAMES = [
  ...METHODS.filter((method) => method !== 'CONNECT'),
  'post',
  'Post',
  'FOO',
  'G\u00cbT',
  '',
];
const PATHS = [
  '/v1/verifications',
  '/v1/verifications/',
  '//v1/verifications',
  '/V1/Verifications',
  '/%761/verifications',
  '/v1/./verifications',
  '/v1/../v1/verifications',
  '/v1/verifications%00',
  '/v1/verifications?phone=%2B12025550123',
  '/v1/verifications#x',
  'http://evil.example/v1/verifications',
  '*',
  '/',
  '/v1/config',
  '/livez',
  '/readyz',
  '/metrics',
  '/openapi.json',
  '/.well-known/jwks.json',
  '/webhooks/twilio/status?id=x&id=y&id[]=z&__proto__[x]=1',
  '/docs/../../../etc/passwd',
  '/docs/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
];
const PARTS = [
  '/',
  '..',
  '%2e',
  '%2f',
  '%00',
  '%0d%0a',
  '%zz',
  '%',
  '\\',
  ';',
  '?',
  '#',
  '&',
  '[',
  '\u00e9',
  'v1',
  'verifications',
  'check',
  '__proto__',
  'constructor',
  'A'.repeat(44),
  'x'.repeat(2_000),
];

export interface FuzzedRequest {
  readonly method: string;
  /** As it goes over the wire. */
  readonly bytes: Buffer;
}

/** Requests as no client would send them. */
export function rawRequests(phones: readonly string[]): fc.Arbitrary<FuzzedRequest> {
  return fc
    .record({
      method: mostly('POST', METHOD_NAMES),
      path: fc.oneof(
        { weight: 2, arbitrary: fc.constant('/v1/verifications') },
        { weight: 2, arbitrary: fc.constantFrom(...PATHS) },
        {
          weight: 1,
          arbitrary: fc
            .array(fc.constantFrom(...PARTS), { maxLength: 8 })
            .map((parts) => `/${parts.join('')}`),
        },
      ),
      version: mostly('HTTP/1.1', ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9', '']),
      headers: fc.array(fc.constantFrom(...HEADERS), { maxLength: 5 }),
      repeated: mostly(1, [0, 2, 300]),
      host: mostly('host: localhost', ['', 'host: localhost\r\nhost: other']),
      length: mostly('right', ['none', 'short', 'long', 'chunked', 'bad chunks']),
      body: fc.oneof(
        fc.constantFrom(...phones).map((phone) => JSON.stringify({ phone })),
        object(phones),
      ),
      ending: mostly('', [
        '\r\n\r\n',
        'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n',
        '\0\0\0',
        'x'.repeat(10_000),
      ]),
      newline: mostly('\r\n', ['\n', '\r']),
    })
    .map(({ method, path, version, headers, repeated, host, length, body, ending, newline }) => {
      const [framing, framed] = frame(body, length);
      const lines = [`${method} ${path} ${version}`, host, 'content-type: application/json', framing];
      for (let time = 0; time < repeated; time += 1) lines.push(...headers);
      const head = lines.filter((line) => line !== '').join(newline);
      return { method, bytes: Buffer.from(head + newline + newline + framed + ending) };
    });
}

function frame(body: string, length: string): [header: string, body: string] {
  const bytes = Buffer.byteLength(body);
  switch (length) {
    case 'short':
      return [`content-length: ${Math.max(0, bytes - 3)}`, body];
    case 'long':
      return [`content-length: ${bytes + 3}`, body];
    case 'chunked':
      return ['transfer-encoding: chunked', `${bytes.toString(16)};x=y\r\n${body}\r\n0\r\nphone: x\r\n\r\n`];
    case 'bad chunks':
      return ['transfer-encoding: chunked', `zz\r\n${body}\r\n-1\r\n\r\n`];
    case 'none':
      return ['', body];
    default:
      return [`content-length: ${bytes}`, body];
  }
}
