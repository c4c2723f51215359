import { METHODS } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';

/** A number in its canonical form, and how else people write it. */
export interface Base {
  readonly e164: string;
  /** A former form of the same number. */
  readonly legacy?: string;
  /** The same with the zero that it has in its own country. */
  readonly trunk?: string;
}

const PLANS: ((digits: string) => Base)[] = [
  (n) => ({ e164: `+1202555${n.slice(0, 4)}` }),
  (n) => ({ e164: `+44791${n.slice(0, 7)}`, trunk: `+440791${n.slice(0, 7)}` }),
  (n) => ({ e164: `+49151${n.slice(0, 8)}`, trunk: `+490151${n.slice(0, 8)}` }),
  (n) => ({ e164: `+336${n.slice(0, 8)}`, trunk: `+3306${n.slice(0, 8)}` }),
  (n) => ({ e164: `+8613${n.slice(0, 9)}` }),
  (n) => ({ e164: `+39347${n.slice(0, 7)}` }),
  (n) => ({ e164: `+5255${n.slice(0, 8)}`, legacy: `+52155${n.slice(0, 8)}` }),
  (n) => ({ e164: `+55119${8}${n.slice(0, 7)}`, legacy: `+5511${8}${n.slice(0, 7)}` }),
  (n) => ({ e164: `+54911${2}${n.slice(0, 7)}`, legacy: `+5411${2}${n.slice(0, 7)}` }),
];

/** @param random from 0 to 1 */
export function makeBases(random: () => number, perPlan: number): Base[] {
  return PLANS.flatMap((plan) =>
    Array.from({ length: perPlan }, () =>
      plan(
        Math.floor(1e9 + random() * 9e9)
          .toString()
          .slice(1),
      ),
    ),
  );
}

const TOLERATED = [' ', '-', '.', '(', ')'];
const SEPARATORS = [
  ...TOLERATED,
  ...TOLERATED,
  ...'/_,;:*#~\t\r\n\0\u001b'.split(''),
  ...'\u00a0\u00ad\u2002\u2009\u200b\u200c\u200d\u200e\u200f\u202d\u202e\u2060\ufeff\u3000\u2010\u2011\u2013\u2212\uff0d'.split(
    '',
  ),
];
const PREFIXES = [
  '',
  '00',
  '011',
  '++',
  '+0',
  '+ ',
  ' +',
  '\uff0b',
  '\ufe62',
  'tel:+',
  'TEL:',
  'sip:+',
  'whatsapp:+',
  'messenger:',
];
const SUFFIXES = [
  ' ',
  '.',
  ';ext=5',
  ' x5',
  ' ext. 5',
  ',5',
  '#5',
  ';phone-context=+1',
  '\n',
  '\r\n',
  '\0',
  '%00',
  "'--",
  '@x',
  ' and',
  'a',
];
const ZEROS = ['\uff10', '\u0660', '\u06f0', '\u0966', '\u{1d7ce}'];

/** A zero in the middle, a former form or the usual one, in any script, with anything between and around. */
export function spellings(bases: readonly Base[]): fc.Arbitrary<string> {
  return fc
    .record({
      base: fc.constantFrom(...bases),
      form: fc.constantFrom('e164', 'e164', 'legacy', 'trunk'),
      prefix: mostly('+', PREFIXES),
      suffix: mostly('', SUFFIXES),
      gaps: fc.array(fc.tuple(fc.nat(15), fc.constantFrom(...SEPARATORS)), { maxLength: 4 }),
      zero: mostly('0', ZEROS),
      other: mostly(
        '',
        bases.slice(0, 3).map(({ e164 }) => e164),
      ),
      padding: mostly(0, [...Array.from({ length: 20 }, (_, count) => count), 8_000, 10_000, 1_000_000]),
    })
    .map(({ base, form, prefix, suffix, gaps, zero, other, padding }) => {
      const digits = (base[form as keyof Base] ?? base.e164).slice(1).split('');
      const written = digits.map((digit) => String.fromCodePoint(zero.codePointAt(0)! + Number(digit)));
      for (const [place, gap] of gaps) written.splice(place, 0, gap);
      return `${prefix}${written.join('')}${other}${suffix}${' '.repeat(padding)}`;
    });
}

/** Beyond it, a text is too large for a body anyway. */
const LONG_TEXT = 10_000;

/** JSON in which any character may be escaped. */
export function asJson(text: string, isEscaped: boolean): string {
  if (!isEscaped || text.length > LONG_TEXT) return JSON.stringify(text);
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
}

const KEYS = [
  'phone',
  'purpose',
  'code',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'polluted',
  'phone\0',
  '',
];
const VALUES = [
  'null',
  'true',
  '0',
  '-0',
  '1e999',
  '12025550123',
  '""',
  '"x"',
  '"123456"',
  '"login"',
  '[]',
  '{}',
  '"\\ud800"',
  'NaN',
  "'x'",
  '01',
  '[1,]',
  '',
];

/** The text of a value, right or wrong. */
const value = (phones: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...VALUES),
    fc.constantFrom(...phones).map((phone) => JSON.stringify(phone)),
    fc.json(),
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    fc.constantFrom(10, 1_000, 4_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
    fc.constantFrom(10, 1_000).map((depth) => '{"__proto__":'.repeat(depth) + '1' + '}'.repeat(depth)),
    fc.constantFrom(1_000, 9_000, 100_000).map((length) => `"${'x'.repeat(length)}"`),
    fc
      .constantFrom('polluted', 'phone', 'status')
      .map((name) => `{"${name}":"+12025550123","constructor":{"prototype":{"${name}":1}}}`),
  );

const object = (phones: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(mostlyFrom(KEYS), value(phones)), { maxLength: 5 })
    .map((pairs) => `{${pairs.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`);

const ENCODINGS: Record<string, (text: string) => Buffer> = {
  utf8: (text) => Buffer.from(text),
  bom: (text) => Buffer.from(`\ufeff${text}`),
  utf16le: (text) => Buffer.from(text, 'utf16le'),
  latin1: (text) => Buffer.from(text, 'latin1'),
  gzip: (text) => gzipSync(text),
  deflate: (text) => deflateSync(text),
  br: (text) => brotliCompressSync(text),
  bomb: () => GZIP_BOMB,
  invalid: (text) =>
    Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.from([0xff, 0xfe, 0xc0, 0x80]), Buffer.from('"}')]),
};
/** 8 MiB in 8 KiB. */
const GZIP_BOMB = gzipSync(Buffer.alloc(8 * 1024 * 1024)).subarray(0, 8_000);
const CONTENT_TYPES = [
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'application/json;charset=x',
  'APPLICATION/JSON',
  'application/problem+json',
  'text/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json, text/plain',
  'application',
  '*/*',
  ';',
];

export interface FuzzedBody {
  readonly path: string;
  readonly body: Buffer;
  readonly headers: Record<string, string>;
}

export function bodies(phones: readonly string[], ids: readonly string[]): fc.Arbitrary<FuzzedBody> {
  const checks = ids.map((id) => `/v1/verifications/${id}/check`);
  return fc
    .record({
      path: fc.constantFrom(
        '/v1/verifications',
        '/v1/verifications',
        ...checks,
        '/webhooks/twilio/status',
        '/v1/config',
        '/nope',
      ),
      text: fc.oneof(
        object(phones),
        object(phones),
        value(phones),
        object(phones).map((text) => text.slice(0, -3)),
        object(phones).map((text) => text + text),
        fc.nat(1_500).map((keys) => `{${Array.from({ length: keys }, (_, key) => `"${key}":0`).join(',')}}`),
      ),
      encoding: mostly('utf8', Object.keys(ENCODINGS)),
      type: mostly('application/json', CONTENT_TYPES),
      contentEncoding: mostly('', ['gzip', 'deflate', 'br', 'identity', 'x', 'gzip, gzip']),
    })
    .map(({ path, text, encoding, type, contentEncoding }) => ({
      path,
      body: ENCODINGS[encoding](text),
      headers: { 'content-type': type, ...(contentEncoding && { 'content-encoding': contentEncoding }) },
    }));
}

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

/** Usually the one, else one of the others. */
function mostly<T>(usual: T, others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

function mostlyFrom(known: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: fc.string() });
}
