import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Secret } from './secret.js';
import { SmsOptionsError } from './sms.errors.js';
import type { SmsModuleOptions } from './sms.options.js';
import { resolveSmsOptions } from './sms.settings.js';

const ACCOUNT_SID = `AC${'0'.repeat(32)}`;
const TOKEN = 'canary-auth-token';
const STORE_SECRET = 'canary-store-secret-of-at-least-32-bytes';
const REDIS_URL = 'redis://user:canary-redis-password@127.0.0.1:6379';

const minimal: SmsModuleOptions = {
  twilio: { accountSid: ACCOUNT_SID, authToken: TOKEN, phoneNumber: '+12025550100' },
  storage: { secret: STORE_SECRET },
};

/** The minimal options with some of them replaced. Any value can arrive from JavaScript or a configuration file. */
function options(section: keyof SmsModuleOptions, change: Record<string, unknown>): SmsModuleOptions {
  return { ...minimal, [section]: { ...minimal[section], ...change } };
}

function faultsOf(given: SmsModuleOptions): readonly string[] {
  try {
    resolveSmsOptions(given);
    return [];
  } catch (error) {
    if (error instanceof SmsOptionsError) return error.faults;
    throw error;
  }
}

describe('The options of the module', () => {
  it('have defaults', () => {
    const { twilio, message, limits, storage } = resolveSmsOptions(minimal);
    expect(twilio).toMatchObject({
      account: { accountSid: ACCOUNT_SID },
      sender: { from: '+12025550100' },
      baseUrl: 'https://api.twilio.com',
      timeoutMs: 10_000,
      maxAttempts: 3,
      maxConcurrency: 200,
      retryAmbiguous: true,
    });
    expect(message.template.render('123456')).toBe('Your verification code is: 123456');
    expect(message.codeTtlSeconds).toBe(600);
    expect(limits).toEqual({ maxSendsPerDay: 10, cooldownSeconds: 60, maxSendsPerSource: 60 });
    expect(storage).toMatchObject({ folder: './data', redisUrl: undefined });
  });

  it('that are undefined count as not given', () => {
    const given = options('twilio', {
      timeoutMs: undefined,
      baseUrl: undefined,
      messagingServiceSid: undefined,
    });
    expect(resolveSmsOptions(given)).toEqual(resolveSmsOptions(minimal));
  });

  it('send with the auth token, or with the API key in its place', () => {
    const { username, password } = resolveSmsOptions(minimal).twilio.account!.credentials;
    expect([username, password.reveal()]).toEqual([ACCOUNT_SID, TOKEN]);

    const apiKey = { sid: `SK${'1'.repeat(32)}`, secret: new Secret('canary-key-secret') };
    const withKey = resolveSmsOptions(options('twilio', { apiKey })).twilio.account!.credentials;
    expect([withKey.username, withKey.password.reveal()]).toEqual([apiKey.sid, 'canary-key-secret']);
  });

  it('send from the Messaging Service when there is one', () => {
    const messagingServiceSid = `MG${'2'.repeat(32)}`;
    expect(resolveSmsOptions(options('twilio', { messagingServiceSid })).twilio.sender).toEqual({
      messagingServiceSid,
    });
  });

  it('take one secret, or several during a rotation', () => {
    const reveal = (secret: unknown): string[] =>
      resolveSmsOptions(options('storage', { secret })).storage!.secrets.map((one) => one.reveal());
    expect(reveal(STORE_SECRET)).toEqual([STORE_SECRET]);
    expect(reveal([`new-${STORE_SECRET}`, new Secret(STORE_SECRET)])).toEqual([
      `new-${STORE_SECRET}`,
      STORE_SECRET,
    ]);
  });

  it.each([
    ['twilio', { baseUrl: 'https://twilio.example.com' }],
    ['twilio', { baseUrl: 'https://twilio.example.com:8443/' }],
    ['twilio', { baseUrl: 'http://127.0.0.1:4010' }],
    ['twilio', { baseUrl: 'http://localhost:4010' }],
    ['twilio', { baseUrl: 'http://[::1]:4010' }],
    ['twilio', { timeoutMs: 1_000, maxAttempts: 1, maxConcurrency: 1, retryAmbiguous: false }],
    ['twilio', { timeoutMs: 30_000, maxAttempts: 5, maxConcurrency: 2_000 }],
    [
      'message',
      { template: '%%%s', codeTtlSeconds: 5, webOrigin: 'example.com', androidAppHash: 'FA+9qCX9VSu' },
    ],
    ['limits', { maxSendsPerDay: 0, cooldownSeconds: 0 }],
    ['limits', { maxSendsPerDay: 1_000, cooldownSeconds: 86_400 }],
    ['storage', { redisUrl: 'redis://127.0.0.1:6379/5' }],
    ['storage', { redisUrl: 'rediss://one.example.com:6379,rediss://two.example.com:6379' }],
  ] as const)('of %s accept %j', (section, change) => {
    expect(faultsOf(options(section, change))).toEqual([]);
  });
});

describe('A wrong option', () => {
  const NUMBERS = ['0x10', '5', 1.5, NaN, Infinity, -1, 1e9, null, true];

  it.each<[keyof SmsModuleOptions, Record<string, unknown>, names: string, accepted: string]>([
    ['twilio', { accountSid: undefined }, 'twilio.accountSid', 'AC and 32 hexadecimal digits'],
    ['twilio', { accountSid: 'your_account_sid' }, 'twilio.accountSid', 'AC and 32 hexadecimal digits'],
    ['twilio', { accountSid: `${ACCOUNT_SID}\n` }, 'twilio.accountSid', 'AC and 32 hexadecimal digits'],
    ['twilio', { accountSid: 42 }, 'twilio.accountSid', 'AC and 32 hexadecimal digits'],
    ['twilio', { authToken: undefined }, 'twilio.authToken', 'twilio.apiKey: { sid, secret }'],
    ['twilio', { authToken: '' }, 'twilio.authToken', 'twilio.apiKey: { sid, secret }'],
    ['twilio', { authToken: 42 }, 'twilio.authToken', 'twilio.apiKey: { sid, secret }'],
    ['twilio', { authToken: new Secret('') }, 'twilio.authToken', 'twilio.apiKey: { sid, secret }'],
    ['twilio', { apiKey: { sid: `SK${'1'.repeat(32)}` } }, 'twilio.apiKey', 'SK and 32 hexadecimal digits'],
    [
      'twilio',
      { apiKey: { sid: ACCOUNT_SID, secret: TOKEN } },
      'twilio.apiKey',
      'SK and 32 hexadecimal digits',
    ],
    ['twilio', { phoneNumber: undefined }, 'twilio.phoneNumber', '+12025550123'],
    ['twilio', { phoneNumber: '12025550100' }, 'twilio.phoneNumber', '+12025550123'],
    ['twilio', { phoneNumber: '+1 202 555 0100' }, 'twilio.phoneNumber', '+12025550123'],
    [
      'twilio',
      { messagingServiceSid: 'MG123' },
      'twilio.messagingServiceSid',
      'MG and 32 hexadecimal digits',
    ],
    ['twilio', { baseUrl: 'api.twilio.com' }, 'twilio.baseUrl', 'http://127.0.0.1:4010'],
    ['twilio', { baseUrl: 'http://api.twilio.com' }, 'twilio.baseUrl', 'http://127.0.0.1:4010'],
    ['twilio', { baseUrl: 'http://127.0.0.1.example.com' }, 'twilio.baseUrl', 'http://127.0.0.1:4010'],
    ['twilio', { baseUrl: 'https://api.twilio.com/2010-04-01' }, 'twilio.baseUrl', 'http://127.0.0.1:4010'],
    ['twilio', { baseUrl: 'https://api.twilio.com?a=b' }, 'twilio.baseUrl', 'http://127.0.0.1:4010'],
    ['twilio', { baseUrl: 'https://api.twilio.com#a' }, 'twilio.baseUrl', 'http://127.0.0.1:4010'],
    [
      'twilio',
      { baseUrl: `https://user:${TOKEN}@api.twilio.com` },
      'twilio.baseUrl',
      'http://127.0.0.1:4010',
    ],
    ['twilio', { baseUrl: 'ftp://127.0.0.1' }, 'twilio.baseUrl', 'http://127.0.0.1:4010'],
    ['twilio', { baseUrl: null }, 'twilio.baseUrl', 'http://127.0.0.1:4010'],
    ['twilio', { retryAmbiguous: 'false' }, 'twilio.retryAmbiguous', 'true or false'],
    ['twilio', { retryAmbiguous: null }, 'twilio.retryAmbiguous', 'true or false'],
    ['message', { template: 'no code' }, 'message.template', '"Your verification code is: %s"'],
    ['message', { template: '%s %s' }, 'message.template', '"Your verification code is: %s"'],
    ['message', { template: 42 }, 'message.template', '"Your verification code is: %s"'],
    ['message', { template: null }, 'message.template', '"Your verification code is: %s"'],
    ['message', { webOrigin: 'https://example.com' }, 'message.webOrigin', 'example.com'],
    ['message', { webOrigin: 'example.com #000000\n@evil.example' }, 'message.webOrigin', 'example.com'],
    ['message', { webOrigin: '' }, 'message.webOrigin', 'example.com'],
    ['message', { androidAppHash: 'short' }, 'message.androidAppHash', '11 base64 characters'],
    ['storage', { secret: undefined }, 'storage.secret', '32 bytes'],
    ['storage', { secret: [] }, 'storage.secret', '32 bytes'],
    ['storage', { secret: 'canary-too-short' }, 'storage.secret', '32 bytes'],
    ['storage', { secret: [STORE_SECRET, 'canary-too-short'] }, 'storage.secret', '32 bytes'],
    ['storage', { secret: 42 }, 'storage.secret', '32 bytes'],
    ['storage', { redisUrl: '127.0.0.1:6379' }, 'storage.redisUrl', 'redis://127.0.0.1:6379'],
    [
      'storage',
      { redisUrl: REDIS_URL.replace('redis:', 'https:') },
      'storage.redisUrl',
      'redis://127.0.0.1:6379',
    ],
    ['storage', { redisUrl: `${REDIS_URL},` }, 'storage.redisUrl', 'redis://127.0.0.1:6379'],
    [
      'storage',
      { redisUrl: new Secret('/var/run/redis.sock') },
      'storage.redisUrl',
      'redis://127.0.0.1:6379',
    ],
    ['storage', { folder: '' }, 'storage.folder', './data'],
    ['storage', { folder: null }, 'storage.folder', './data'],
    ...NUMBERS.flatMap((value): [keyof SmsModuleOptions, Record<string, unknown>, string, string][] => [
      ['twilio', { timeoutMs: value }, 'twilio.timeoutMs', '1000 to 30000'],
      ['limits', { maxSendsPerDay: value }, 'limits.maxSendsPerDay', '0 to 1000'],
      ['limits', { cooldownSeconds: value }, 'limits.cooldownSeconds', '0 to 86400'],
    ]),
    ['twilio', { maxAttempts: 0 }, 'twilio.maxAttempts', '1 to 5'],
    ['twilio', { maxAttempts: 6 }, 'twilio.maxAttempts', '1 to 5'],
    ['twilio', { maxConcurrency: 0 }, 'twilio.maxConcurrency', '1 to 2000'],
    ['message', { codeTtlSeconds: 4 }, 'message.codeTtlSeconds', '5 to 36000'],
    ['message', { codeTtlSeconds: 36_001 }, 'message.codeTtlSeconds', '5 to 36000'],
  ])('%s %p: the one fault names %s and what is accepted', (section, change, names, accepted) => {
    const faults = faultsOf(options(section, change));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(names);
    expect(faults[0]).toContain(accepted);
    expect(faults[0]).not.toContain('canary');
  });

  it('is reported together with all the others', () => {
    const faults = faultsOf({
      twilio: { accountSid: '', baseUrl: 'ftp://x', timeoutMs: 0, maxAttempts: 0, maxConcurrency: 0 },
      message: { template: '', codeTtlSeconds: 0 },
      limits: { maxSendsPerDay: -1, cooldownSeconds: -1 },
      storage: { secret: '' },
    });
    expect(faults.map((fault) => /^[a-zA-Z.]+/.exec(fault)?.[0])).toEqual([
      'twilio.accountSid',
      'twilio.authToken',
      'twilio.phoneNumber',
      'twilio.baseUrl',
      'twilio.timeoutMs',
      'twilio.maxAttempts',
      'twilio.maxConcurrency',
      'message.template',
      'message.codeTtlSeconds',
      'limits.maxSendsPerDay',
      'limits.cooldownSeconds',
      'storage.secret',
    ]);
  });

  it.each<[string, unknown, string]>([
    ['a name that is none', { ...minimal, limit: {} }, 'limit is not an option; there are twilio, message'],
    [
      'a misspelt name',
      options('twilio', { authtoken: TOKEN }),
      'twilio.authtoken is not an option; there are accountSid',
    ],
    [
      'a section that is none',
      { ...minimal, limits: 10 },
      'limits must be an object with the options maxSendsPerDay',
    ],
    ['a list', [minimal], 'options must be an object with the options twilio'],
  ])('%s is named, with what there is', (_, given, expected) => {
    expect(faultsOf(given as SmsModuleOptions).join('\n')).toContain(expected);
  });

  it('is one that an app needs which brings no client or store of its own', () => {
    const given = { twilio: { phoneNumber: '+12025550100' } };
    expect(faultsOf(given).join('\n')).toMatch(/twilio\.accountSid.*twilio\.authToken.*storage\.secret/s);
    const settings = resolveSmsOptions(given, { account: false, storage: false });
    expect(settings.twilio.account).toBeUndefined();
    expect(settings.storage).toBeUndefined();
  });

  it.each([{}, undefined, null])('is reported when whole sections are missing: %p', (given) => {
    expect(faultsOf(given as unknown as SmsModuleOptions).join()).toMatch(
      /twilio\.accountSid.*storage\.secret/s,
    );
  });
});

describe('A credential', () => {
  const settings = resolveSmsOptions({
    twilio: { ...minimal.twilio, apiKey: { sid: `SK${'1'.repeat(32)}`, secret: 'canary-key-secret' } },
    storage: { secret: [STORE_SECRET, new Secret(`old-${STORE_SECRET}`)], redisUrl: REDIS_URL },
  });

  it.each<[string, (value: object) => string]>([
    ['util.inspect', (value) => inspect(value, { depth: 20, showHidden: true })],
    [
      'util.inspect without custom inspection',
      (value) => inspect(value, { depth: 20, customInspect: false }),
    ],
    ['JSON', (value) => JSON.stringify(value)],
  ])('among the settings does not show in %s', (_, print) => {
    expect(print(settings)).not.toContain('canary');
  });

  it('does not show when it becomes text', () => {
    const secret = new Secret('canary');
    expect(
      [
        `${secret as unknown as string}`,
        'a' + String(secret),
        [secret].join(),
        JSON.stringify({ secret }),
      ].join(),
    ).not.toContain('canary');
    expect(inspect(structuredClone(secret), { showHidden: true })).not.toContain('canary');
    expect(inspect(Object.getOwnPropertyDescriptors(secret))).not.toContain('canary');
    expect(secret.reveal()).toBe('canary');
  });
});
