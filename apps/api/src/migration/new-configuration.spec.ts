import { describe, expect, it } from '@jest/globals';
import { parse } from 'dotenv';
import fc from 'fast-check';
import { newConfiguration, type NewConfiguration } from './new-configuration.js';

type Pair = [name: string, value: string];

function migrated(...pairs: readonly Pair[]): NewConfiguration {
  const parameters = pairs.map(([name, value], index) => ({ name, value, line: index + 1 }));
  return newConfiguration({ parameters, unread: [], skipped: [] });
}

/** What is said of the first line. */
const said = (...pairs: readonly Pair[]): string =>
  migrated(...pairs)
    .notes.filter(({ line }) => line === 1)
    .map(({ text }) => text)
    .join(' ');

describe('A new configuration', () => {
  it("has none of Aliyun's parameters, and says what takes their place", () => {
    const { removed, text } = migrated(
      ['aliyun.sms.access_key_id', 'canary-1'],
      ['ALIYUN_SMS_ACCESS_KEY_SECRET', 'canary-2'],
      ['aliyun.oss.bucket', 'canary-3'],
    );
    expect(removed).toEqual([
      { name: 'aliyun.sms.access_key_id', line: 1, successor: 'twilio.sms.account_sid' },
      { name: 'ALIYUN_SMS_ACCESS_KEY_SECRET', line: 2, successor: 'twilio.sms.auth_token' },
      { name: 'aliyun.oss.bucket', line: 3, successor: undefined },
    ]);
    expect(text).not.toContain('canary');
    expect(Object.keys(parse(text)).filter((name) => /aliyun/i.test(name))).toEqual([]);
  });

  it("has Twilio's parameters, empty, each with a comment", () => {
    const { text, added } = migrated(['aliyun.sms.sign_name', 'x']);
    expect(added.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'twilio.sms.account_sid',
        'twilio.sms.auth_token',
        'twilio.sms.template_message',
      ]),
    );
    expect(parse(text)).toEqual(Object.fromEntries(added.map(({ name }) => [name, ''])));
    expect(text).toContain('# Account SID, from the Twilio console.\n');
  });

  it('keeps what Twilio parameters have a value', () => {
    const { text, added } = migrated(['aliyun.sms.sign_name', 'x'], ['TWILIO_SMS_AUTH_TOKEN', 'abc']);
    expect(parse(text)).toMatchObject({ TWILIO_SMS_AUTH_TOKEN: 'abc' });
    expect(added.map(({ name }) => name)).not.toContain('twilio.sms.auth_token');
  });

  it('spells names as the old one does', () => {
    expect(parse(migrated(['SERVER_SMS_MAX_SEND_COUNT', '5']).text)).toMatchObject({
      SERVER_SMS_MAX_SEND_COUNT: '5',
      TWILIO_SMS_ACCOUNT_SID: '',
    });
    expect(parse(migrated(['Server.SMS-max-send-count', '5']).text)).toMatchObject({
      'server.sms_max_send_count': '5',
      'twilio.sms.account_sid': '',
    });
  });

  it('keeps parameters that this service does not know, and says so', () => {
    expect(parse(migrated(['server.websocket', 'ws://a/#x']).text)).toMatchObject({
      'server.websocket': 'ws://a/#x',
    });
    expect(said(['server.websocket', 'ws://a/#x'])).toBe('is kept, but this service does not use it');
    expect(said(['SERVER_SECRET_FILE', '/run/x'])).toBe('');
  });

  it.each([
    ['server.sms_max_send_count', '2000', 'must be a whole number from 0 to 1000'],
    ['server.sms_max_send_count', 'ten', 'must be a whole number, in digits'],
    ['server.enable_mobile_register', 'canary', 'must be true or false'],
    ['server.secret', 'canary', 'must have at least 32 bytes, it has 6'],
    ['twilio.sms.account_sid', 'your-sid', 'is still a placeholder: put the real value in its place'],
  ])('keeps %s=%s and says that it will be refused', (name, value, problem) => {
    expect(said([name, value])).toBe(`is kept, but refused at the start: ${problem}`);
    const { text } = migrated([name, value]);
    expect(parse(text)).toMatchObject({ [name]: value });
    expect(text).toContain(`# Refused at the start: ${problem}.\n${name}=`);
  });

  it.each(['', 'null', ' '])('takes %j for a value that is not set', (value) => {
    expect(said(['server.sms_max_send_count', value])).toBe('');
  });

  it('has the last of two values of one parameter, and says which was left out', () => {
    const pairs: Pair[] = [
      ['server.sms_max_send_count', '5'],
      ['SERVER_SMS_MAX_SEND_COUNT', '7'],
    ];
    expect(said(...pairs)).toBe('is given again in line 2, which counts');
    expect(migrated(...pairs)).toMatchObject({ leftOut: [{ line: 1 }], kept: [{ line: 2 }] });
  });

  it('says what a .env file cannot hold', () => {
    expect(said(['ein name', 'x'])).toMatch(/cannot be written to a \.env file and is not in the new one/);
  });

  it.each([
    ['of Twilio, and nothing of Aliyun', ['twilio.sms.account_sid'], true],
    ['of both', ['twilio.sms.account_sid', 'aliyun.sms.sign_name'], false],
    ['of neither', ['server.sms_max_send_count'], false],
  ])('of an old one with parameters %s: migrated before is %s', (_, names, migratedBefore) => {
    expect(migrated(...names.map((name): Pair => [name, '']))).toMatchObject({ migratedBefore });
  });

  it('loses no parameter, and no value', () => {
    const names = fc.constantFrom(
      'aliyun.sms.sign_name',
      'server.secret',
      'SERVER_SECRET',
      'x.y',
      'a b',
      'PORT',
      'redis.url',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(names, fc.string()), { minLength: 1 }), (pairs) => {
        const { removed, kept, leftOut, notes, text } = migrated(...pairs);
        const lines = [...removed, ...kept, ...leftOut].map(({ line }) => line);
        expect(lines.toSorted((one, other) => one - other)).toEqual(pairs.map((_, index) => index + 1));
        const noted = notes.map(({ line }) => line);
        for (const { line } of leftOut) expect(noted).toContain(line);
        const written = parse(text);
        for (const { name, line } of kept) expect(written[name]).toBe(pairs[line - 1][1]);
      }),
      { numRuns: 200 },
    );
  });
});
