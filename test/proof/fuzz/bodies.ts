import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { mostly, mostlyFrom } from './chance.js';

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

/** The text of an object, with right and wrong fields. */
export const object = (phones: readonly string[]): fc.Arbitrary<string> =>
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
