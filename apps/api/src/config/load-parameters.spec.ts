import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Secret } from '@app/sms';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError, formatFaults, type ConfigurationFault } from './configuration.error.js';
import { loadParameters, type LoadedParameters } from './load-parameters.js';
import { parametersOf } from './parameter.decorator.js';
import { SystemParameters } from './system-parameters.js';

const TOKEN = 'canary0token0canary0token0canary';
const SECRET = 'canary-secret-canary-secret-canary-secret';
const SID = '0123456789abcdef0123456789ABCDEF';

const TWILIO = {
  TWILIO_SMS_ACCOUNT_SID: `AC${SID}`,
  TWILIO_SMS_AUTH_TOKEN: TOKEN,
  TWILIO_SMS_PHONE_NUMBER: '+15005550006',
};
const PRODUCTION = { ...TWILIO, NODE_ENV: 'production', SERVER_SECRET: SECRET };

const root = mkdtempSync(join(tmpdir(), 'config-spec-'));
let folder: string;
let runs = 0;

beforeEach(() => {
  folder = join(root, `${++runs}`);
  mkdirSync(folder);
});
afterAll(() => rmSync(root, { recursive: true }));

function load(environment: NodeJS.ProcessEnv, lines: readonly string[] = []): LoadedParameters {
  const envFile = join(folder, '.env');
  writeFileSync(envFile, lines.join('\n'));
  return loadParameters({ environment: { DATA_PATH: join(folder, 'data'), ...environment }, envFile });
}

function faultsOf(environment: NodeJS.ProcessEnv, lines?: readonly string[]): readonly ConfigurationFault[] {
  try {
    load(environment, lines);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

const namesIn = (faults: readonly ConfigurationFault[]): string[] => faults.map(({ name }) => name);

describe('a bad configuration', () => {
  const bad: [parameter: string, environment: NodeJS.ProcessEnv][] = [
    ['twilio.sms.account_sid', { ...TWILIO, TWILIO_SMS_ACCOUNT_SID: `SK${SID}` }],
    ['twilio.sms.account_sid', { ...TWILIO, TWILIO_SMS_ACCOUNT_SID: 'AC0123' }],
    ['twilio.sms.account_sid', { ...TWILIO, TWILIO_SMS_ACCOUNT_SID: `AC${'g'.repeat(32)}` }],
    ['twilio.sms.account_sid', { ...TWILIO, TWILIO_SMS_ACCOUNT_SID: `AC${'x'.repeat(32)}` }],
    ['twilio.sms.account_sid', { ...TWILIO, TWILIO_SMS_ACCOUNT_SID: '' }],
    ['twilio.sms.auth_token', { ...TWILIO, TWILIO_SMS_AUTH_TOKEN: 'null' }],
    ['twilio.sms.auth_token', { ...TWILIO, TWILIO_SMS_AUTH_TOKEN: 'your-auth-token' }],
    ['twilio.sms.auth_token', { ...TWILIO, TWILIO_SMS_AUTH_TOKEN: '<token>' }],
    ['twilio.sms.auth_token', { ...TWILIO, TWILIO_SMS_AUTH_TOKEN: `${TOKEN}\nx` }],
    ['twilio.sms.auth_token', { ...TWILIO, TWILIO_SMS_AUTH_TOKEN: `${TOKEN},${TOKEN} x` }],
    ['twilio.sms.auth_token', { ...TWILIO, TWILIO_SMS_AUTH_TOKEN: ',' }],
    ['twilio.sms.auth_token', { ...TWILIO, TWILIO_SMS_AUTH_TOKEN: '${TOKEN}' }],
    ['twilio.sms.phone_number', { ...TWILIO, TWILIO_SMS_PHONE_NUMBER: '15005550006' }],
    ['twilio.sms.phone_number', { ...TWILIO, TWILIO_SMS_PHONE_NUMBER: '+1 500 555 0006' }],
    ['twilio.sms.phone_number', { ...TWILIO, TWILIO_SMS_PHONE_NUMBER: '+05005550006' }],
    ['twilio.sms.phone_number', { ...TWILIO, TWILIO_SMS_PHONE_NUMBER: '' }],
    ['twilio.sms.messaging_service_sid', { ...TWILIO, TWILIO_SMS_MESSAGING_SERVICE_SID: `AC${SID}` }],
    [
      'twilio.sms.api_key_sid',
      { ...TWILIO, TWILIO_SMS_API_KEY_SID: 'SK12', TWILIO_SMS_API_KEY_SECRET: TOKEN },
    ],
    ['twilio.sms.api_key_sid', { ...TWILIO, TWILIO_SMS_API_KEY_SECRET: TOKEN }],
    ['twilio.sms.api_key_secret', { ...TWILIO, TWILIO_SMS_API_KEY_SID: `SK${SID}` }],
    ['twilio.sms.template_message', { TWILIO_SMS_TEMPLATE_MESSAGE: 'Your code' }],
    ['twilio.sms.template_message', { TWILIO_SMS_TEMPLATE_MESSAGE: '%s and %s' }],
    ['twilio.sms.template_message', { TWILIO_SMS_TEMPLATE_MESSAGE: '%d' }],
    ['twilio.sms.template_message', { TWILIO_SMS_TEMPLATE_MESSAGE: '%s for 100%' }],
    ['twilio.sms.template_message', { TWILIO_SMS_TEMPLATE_MESSAGE: 'Only %%s' }],
    ['twilio.sms.base_url', { TWILIO_SMS_BASE_URL: 'http://api.twilio.com' }],
    ['twilio.sms.base_url', { TWILIO_SMS_BASE_URL: 'http://127.0.0.1.example.com' }],
    ['twilio.sms.base_url', { TWILIO_SMS_BASE_URL: 'https://api.twilio.com/2010-04-01' }],
    ['twilio.sms.base_url', { TWILIO_SMS_BASE_URL: `https://user:${TOKEN}@api.twilio.com` }],
    ['twilio.sms.base_url', { TWILIO_SMS_BASE_URL: 'ftp://127.0.0.1' }],
    ['twilio.sms.timeout_ms', { TWILIO_SMS_TIMEOUT_MS: '999' }],
    ['twilio.sms.timeout_ms', { TWILIO_SMS_TIMEOUT_MS: '30001' }],
    ['twilio.sms.max_attempts', { TWILIO_SMS_MAX_ATTEMPTS: '0' }],
    ['twilio.sms.max_attempts', { TWILIO_SMS_MAX_ATTEMPTS: '6' }],
    ['twilio.sms.max_concurrency', { TWILIO_SMS_MAX_CONCURRENCY: '2001' }],
    ['twilio.sms.retry_ambiguous', { TWILIO_SMS_RETRY_AMBIGUOUS: 'maybe' }],
    ['twilio.sms.web_origin', { TWILIO_SMS_WEB_ORIGIN: 'http://example.com' }],
    ['twilio.sms.web_origin', { TWILIO_SMS_WEB_ORIGIN: 'https://example.com/path' }],
    ['twilio.sms.web_origin', { TWILIO_SMS_WEB_ORIGIN: 'example.com:8443' }],
    ['twilio.sms.android_app_hash', { TWILIO_SMS_ANDROID_APP_HASH: 'FA+9qCX9VS' }],
    ['twilio.sms.android_app_hash', { TWILIO_SMS_ANDROID_APP_HASH: 'FA+9qCX9VS_' }],
    ['server.sms_max_send_count', { SERVER_SMS_MAX_SEND_COUNT: '-1' }],
    ['server.sms_max_send_count', { SERVER_SMS_MAX_SEND_COUNT: '1001' }],
    ['server.sms_max_send_count', { SERVER_SMS_MAX_SEND_COUNT: 'NaN' }],
    ['server.sms_max_send_count', { SERVER_SMS_MAX_SEND_COUNT: '10.5' }],
    ['server.sms_max_send_count', { SERVER_SMS_MAX_SEND_COUNT: '1e2' }],
    ['server.sms_max_send_count', { SERVER_SMS_MAX_SEND_COUNT: '0x10' }],
    ['server.enable_mobile_register', { SERVER_ENABLE_MOBILE_REGISTER: 'enabled' }],
    ['server.sms_cooldown_seconds', { SERVER_SMS_COOLDOWN_SECONDS: '86401' }],
    ['server.sms_cooldown_seconds', { SERVER_SMS_COOLDOWN_SECONDS: 'Infinity' }],
    ['server.sms_code_ttl_seconds', { SERVER_SMS_CODE_TTL_SECONDS: '601' }],
    ['server.sms_code_ttl_seconds', { SERVER_SMS_CODE_TTL_SECONDS: '29' }],
    ['server.sms_code_length', { SERVER_SMS_CODE_LENGTH: '3' }],
    ['server.sms_code_length', { SERVER_SMS_CODE_LENGTH: '11' }],
    ['server.sms_max_check_attempts', { SERVER_SMS_MAX_CHECK_ATTEMPTS: '11' }],
    ['server.sms_max_failed_checks', { SERVER_SMS_MAX_FAILED_CHECKS: '101' }],
    ['server.sms_max_sends_per_source', { SERVER_SMS_MAX_SENDS_PER_SOURCE: '-5' }],
    ['server.sms_max_failed_checks_per_source', { SERVER_SMS_MAX_FAILED_CHECKS_PER_SOURCE: 'many' }],
    ['server.sms_max_sends_total', { SERVER_SMS_MAX_SENDS_TOTAL: '99999999999999999999' }],
    ['server.sms_allowed_countries', { SERVER_SMS_ALLOWED_COUNTRIES: 'US,UK' }],
    ['server.sms_allowed_countries', { SERVER_SMS_ALLOWED_COUNTRIES: 'us' }],
    ['server.sms_allowed_countries', { SERVER_SMS_ALLOWED_COUNTRIES: ',' }],
    ['server.secret', { SERVER_SECRET: 'canary' }],
    ['server.secret', { SERVER_SECRET: `${SECRET},canary` }],
    ['server.secret', { SERVER_SECRET: 'changeme' }],
    ['server.secret', { ...PRODUCTION, SERVER_SECRET: '' }],
    ['server.public_url', { SERVER_PUBLIC_URL: 'verify.example.com' }],
    ['server.public_url', { SERVER_PUBLIC_URL: 'https://verify.example.com/path' }],
    ['server.public_url', { ...PRODUCTION, SERVER_PUBLIC_URL: 'http://verify.example.com' }],
    ['server.trust_proxy', { SERVER_TRUST_PROXY: 'true' }],
    ['server.trust_proxy', { SERVER_TRUST_PROXY: '-1' }],
    ['server.trust_proxy', { SERVER_TRUST_PROXY: '10.0.0.0/33' }],
    ['server.trust_proxy', { SERVER_TRUST_PROXY: '1,10.0.0.0/8' }],
    ['server.api_key', { SERVER_API_KEY: 'canary key' }],
    ['server.api_key', { SERVER_API_KEY: ',' }],
    ['server.cors_origins', { SERVER_CORS_ORIGINS: '*' }],
    ['server.cors_origins', { SERVER_CORS_ORIGINS: 'https://app.example.com,app.example.com' }],
    ['redis.url', { REDIS_URL: `http://:${TOKEN}@127.0.0.1:6379` }],
    ['redis.url', { REDIS_URL: `redis://:${TOKEN}@127.0.0.1:6379,127.0.0.1:6380` }],
    ['redis.url', { REDIS_URL: 'redis://' }],
    ['PORT', { PORT: '65536' }],
    ['PORT', { PORT: '-1' }],
    ['PORT', { PORT: 'http' }],
    ['HOST', { HOST: 'http://localhost' }],
    ['HOST', { HOST: '127.0.0.1:3000' }],
    ['LOG_LEVEL', { LOG_LEVEL: 'loud' }],
    ['NODE_TLS_REJECT_UNAUTHORIZED', { ...PRODUCTION, NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
  ];

  it.each(bad)('of %s is named, and no value is shown: %j', (parameter, environment) => {
    const faults = faultsOf(environment);
    expect(namesIn(faults)).toEqual([parameter]);
    const shown = formatFaults(faults) + inspect(new ConfigurationError(faults)) + JSON.stringify(faults);
    expect(shown).not.toMatch(/canary/);
    expect(faults[0].problem).not.toBe('');
    expect(faults[0].example).not.toBe('');
  });

  it('is reported all at once, in one table', () => {
    const environment = { ...TWILIO, PORT: 'x', SERVER_SECRET: 'canary', TWILIO_SMS_AUTH_TOKEN: 'null' };
    const faults = faultsOf({ ...environment, LOG_LEVEL: 'loud', SERVER_SMS_CODE_LENGTH: '3' });
    expect(namesIn(faults)).toEqual([
      'twilio.sms.auth_token',
      'server.sms_code_length',
      'server.secret',
      'PORT',
      'LOG_LEVEL',
    ]);
    const lines = formatFaults(faults).split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[2]).toMatch(/^server\.sms_code_length +must be a whole number from 4 to 10 +6$/);
  });

  it('makes no secret and no folder', () => {
    faultsOf({ PORT: 'x' });
    expect(readdirSync(folder)).toEqual(['.env']);
  });
});

describe('Twilio credentials', () => {
  it('may be none at all outside production: demo mode', () => {
    const { parameters } = load({});
    expect(parameters).toMatchObject({ demo: true, production: false, host: '127.0.0.1' });
    expect(parameters.serverEnableMobileRegister).toBe(true);
  });

  it('are Twilio itself when complete', () => {
    const { parameters } = load(TWILIO);
    expect(parameters).toMatchObject({ demo: false, host: '0.0.0.0', serverEnableMobileRegister: false });
    expect(parameters.twilioSmsAuthToken[0].reveal()).toBe(TOKEN);
  });

  it('may be an API key and a Messaging Service', () => {
    const { parameters } = load({
      TWILIO_SMS_ACCOUNT_SID: `AC${SID}`,
      TWILIO_SMS_API_KEY_SID: `SK${SID}`,
      TWILIO_SMS_API_KEY_SECRET: TOKEN,
      TWILIO_SMS_MESSAGING_SERVICE_SID: `MG${SID}`,
    });
    expect(parameters.demo).toBe(false);
    expect(parameters.twilioSmsAuthToken).toEqual([]);
  });

  it.each([
    [{ TWILIO_SMS_AUTH_TOKEN: TOKEN }, ['account_sid', 'phone_number']],
    [{ TWILIO_SMS_MESSAGING_SERVICE_SID: `MG${SID}` }, ['account_sid', 'auth_token']],
    [{ TWILIO_SMS_API_KEY_SID: `SK${SID}` }, ['account_sid', 'phone_number', 'api_key_secret']],
    [{ NODE_ENV: 'production', SERVER_SECRET: SECRET }, ['account_sid', 'auth_token', 'phone_number']],
  ])('that are missing are each named: %j', (environment, missing) => {
    expect(namesIn(faultsOf(environment))).toEqual(missing.map((name) => `twilio.sms.${name}`));
  });

  it('that cannot be read are faults, never demo mode', () => {
    const faults = faultsOf({ TWILIO_SMS_AUTH_TOKEN_FILE: '/nonexistent/token' });
    expect(namesIn(faults)).toEqual([
      'twilio.sms.account_sid',
      'twilio.sms.auth_token',
      'twilio.sms.phone_number',
    ]);
  });

  it('need the auth token for callbacks, also beside an API key', () => {
    const { TWILIO_SMS_AUTH_TOKEN: _, ...others } = TWILIO;
    const key = { TWILIO_SMS_API_KEY_SID: `SK${SID}`, TWILIO_SMS_API_KEY_SECRET: TOKEN };
    const faults = faultsOf({ ...others, ...key, SERVER_PUBLIC_URL: 'https://verify.example.com' });
    expect(namesIn(faults)).toEqual(['twilio.sms.auth_token']);
  });
});

describe('the lines of the manual in .env', () => {
  const manual = (sid: string, token: string, phone: string): string[] => [
    `twilio.sms.account_sid=${sid}`,
    `twilio.sms.auth_token=${token}`,
    `twilio.sms.phone_number=${phone}`,
    'twilio.sms.template_message=Your verification code is: %s',
    'server.sms_max_send_count=10',
    'server.enable_mobile_register=true',
  ];

  it('work with real values', () => {
    const { parameters, warnings } = load({}, manual(`AC${SID}`, TOKEN, '+15005550006'));
    expect(warnings).toEqual([]);
    expect(parameters).toMatchObject({
      demo: false,
      twilioSmsAccountSid: `AC${SID}`,
      twilioSmsPhoneNumber: '+15005550006',
      twilioSmsTemplateMessage: 'Your verification code is: %s',
      serverSmsMaxSendCount: 10,
      serverEnableMobileRegister: true,
    });
  });

  it('work with spaces around the equals sign', () => {
    const lines = manual(`AC${SID}`, TOKEN, '+15005550006').map((line) => line.replace('=', ' = '));
    expect(load({}, lines).parameters.twilioSmsAuthToken[0].reveal()).toBe(TOKEN);
  });

  it('are reported by name while they hold placeholders', () => {
    const faults = faultsOf({}, manual('your_account_sid', 'your_auth_token', 'your_twilio_phone_number'));
    expect(namesIn(faults)).toEqual([
      'twilio.sms.account_sid',
      'twilio.sms.auth_token',
      'twilio.sms.phone_number',
    ]);
    for (const { problem } of faults) expect(problem).toMatch(/placeholder/);
  });
});

describe('precedence', () => {
  it('is environment, .env, default', () => {
    const lines = ['SERVER_SMS_CODE_LENGTH=7', 'server.sms_max_check_attempts=4'];
    const { parameters } = load({ 'server.sms_code_length': '8' }, lines);
    expect(parameters).toMatchObject({
      serverSmsCodeLength: 8,
      serverSmsMaxCheckAttempts: 4,
      serverSmsCooldownSeconds: 60,
    });
  });

  it('passes over what is empty or null', () => {
    const { parameters } = load({ SERVER_SMS_CODE_LENGTH: '', PORT: 'null', HOST: ' ' }, ['PORT=4000']);
    expect(parameters).toMatchObject({ serverSmsCodeLength: 6, port: 4000, host: '127.0.0.1' });
  });

  it('is not guessed between two spellings with different values in one place', () => {
    expect(namesIn(faultsOf({ 'data.path': join(folder, 'elsewhere') }))).toEqual(['data.path']);
    expect(namesIn(faultsOf({}, ['server.secret=canary-1', `SERVER_SECRET=${SECRET}`]))).toContain(
      'server.secret',
    );
  });

  it('accepts both spellings with one value', () => {
    const lines = ['server.sms_code_length=8', 'SERVER_SMS_CODE_LENGTH=8'];
    expect(load({}, lines).parameters.serverSmsCodeLength).toBe(8);
  });

  it('does without a .env, and reports one that cannot be read', () => {
    const environment = { DATA_PATH: join(folder, 'data') };
    expect(loadParameters({ environment, envFile: join(folder, 'none') }).parameters.port).toBe(3000);
    expect(() => loadParameters({ environment, envFile: folder })).toThrow(
      /\.env +cannot be read \(EISDIR\)/,
    );
  });
});

describe('a secret in a file', () => {
  const file = (text: string): string => {
    const path = join(folder, 'token');
    writeFileSync(path, text);
    return path;
  };

  it.each(['TWILIO_SMS_AUTH_TOKEN_FILE', 'twilio.sms.auth_token_file'])('is read by %s', (name) => {
    const { parameters } = load({ ...TWILIO, TWILIO_SMS_AUTH_TOKEN: '', [name]: file(`${TOKEN}\n`) });
    expect(parameters.twilioSmsAuthToken[0].reveal()).toBe(TOKEN);
  });

  it('together with the secret itself is a fault, in whatever places', () => {
    const faults = faultsOf({ ...TWILIO, TWILIO_SMS_AUTH_TOKEN_FILE: file(TOKEN) });
    expect(namesIn(faults)).toEqual(['twilio.sms.auth_token']);
    expect(namesIn(faultsOf({ SERVER_SECRET: SECRET }, [`SERVER_SECRET_FILE=${file(SECRET)}`]))).toEqual([
      'server.secret',
    ]);
  });

  it('that is not there is named', () => {
    const [fault] = faultsOf({ SERVER_SECRET_FILE: '/run/secrets/nothing-here' });
    expect(fault.problem).toBe('the file /run/secrets/nothing-here cannot be read (ENOENT)');
    expect(fault.example).toBe('SERVER_SECRET_FILE=/run/secrets/server_secret');
  });

  it('is not shown when it was given in place of its path', () => {
    expect(formatFaults(faultsOf({ SERVER_SECRET_FILE: SECRET }))).not.toMatch(/canary/);
  });

  it.each([
    ['empty', '\n'],
    ['binary', `${SECRET}\u0000`],
    ['a placeholder', 'your_secret'],
  ])('that is %s is a fault', (_, text) => {
    expect(namesIn(faultsOf({ SERVER_SECRET_FILE: file(text) }))).toEqual(['server.secret']);
  });
});

describe('values', () => {
  it.each(['true', 'YES', 'on', '1'])('%s is true', (text) => {
    const { parameters } = load({ ...TWILIO, SERVER_ENABLE_MOBILE_REGISTER: text });
    expect(parameters.serverEnableMobileRegister).toBe(true);
  });

  it.each(['false', 'No', 'OFF', '0'])('%s is false', (text) => {
    expect(load({ TWILIO_SMS_RETRY_AMBIGUOUS: text }).parameters.twilioSmsRetryAmbiguous).toBe(false);
  });

  it('may be zero, which is a limit and not the lack of one', () => {
    const { parameters } = load({ SERVER_SMS_MAX_SENDS_TOTAL: '0', SERVER_SMS_COOLDOWN_SECONDS: '0' });
    expect(parameters).toMatchObject({ serverSmsMaxSendsTotal: 0, serverSmsCooldownSeconds: 0 });
    expect(load({}).parameters.serverSmsMaxSendsTotal).toBeUndefined();
  });

  it('are brought to one spelling', () => {
    const { parameters } = load({
      TWILIO_SMS_BASE_URL: 'http://LOCALHOST:4010/',
      TWILIO_SMS_WEB_ORIGIN: 'https://Example.com',
      SERVER_CORS_ORIGINS: 'https://a.example, http://b.example:8080/',
      SERVER_SMS_ALLOWED_COUNTRIES: 'US, GB',
      LOG_LEVEL: 'WARN',
    });
    expect(parameters).toMatchObject({
      twilioSmsBaseUrl: 'http://localhost:4010',
      twilioSmsWebOrigin: 'example.com',
      serverCorsOrigins: ['https://a.example', 'http://b.example:8080'],
      serverSmsAllowedCountries: ['US', 'GB'],
      logLevel: 'warn',
    });
  });

  it.each(['http://127.8.9.1:1', 'http://[::1]:4010', 'https://proxy.example'])(
    '%s may stand for Twilio',
    (text) => expect(load({ TWILIO_SMS_BASE_URL: text }).parameters.twilioSmsBaseUrl).toBe(text),
  );

  it.each([
    [undefined, []],
    ['2', ['2']],
    ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
  ])('%s is a setting of trusted proxies', (text, trusted) => {
    expect(load({ SERVER_TRUST_PROXY: text }).parameters.serverTrustProxy).toEqual(trusted);
  });

  it('may be two secrets during a rotation', () => {
    const { parameters } = load({ SERVER_API_KEY: 'new-key-0123456789, old-key-0123456789' });
    expect(parameters.serverApiKey.map((key) => key.reveal())).toEqual([
      'new-key-0123456789',
      'old-key-0123456789',
    ]);
  });
});

describe('warnings', () => {
  const warningsOf = (environment: NodeJS.ProcessEnv, lines?: readonly string[]): string =>
    load(environment, lines).warnings.join('\n');

  it('tell of a name that is nearly right, without its value', () => {
    const warnings = warningsOf({ TWILIO_SMS_AUTH_TOKN: 'canary' }, ['server.sms_max_send_counts=canary']);
    expect(warnings).toMatch(/TWILIO_SMS_AUTH_TOKN .*nearest one is TWILIO_SMS_AUTH_TOKEN\./);
    expect(warnings).toMatch(/server\.sms_max_send_counts .*nearest one is server\.sms_max_send_count\./);
    expect(warnings).not.toMatch(/canary/);
  });

  it("tell of other software's names for the same thing, and of no others", () => {
    const warnings = load({ TWILIO_ACCOUNT_SID: `AC${SID}`, PATH: '/bin', TWILIOX: '1' }).warnings;
    expect(warnings).toEqual([expect.stringMatching(/^TWILIO_ACCOUNT_SID .*TWILIO_SMS_ACCOUNT_SID/)]);
  });

  it.each(['aliyun.sms.access_key_id', 'ALIYUN_SMS_SIGN_NAME'])('tell how to move on from %s', (name) => {
    expect(warningsOf({ [name]: 'canary' })).toMatch(/move on from Aliyun/);
    expect(warningsOf({ [name]: 'canary' })).not.toMatch(/canary/);
  });

  it('tell of a demo that other machines can reach, which an explicit HOST makes', () => {
    expect(load({ HOST: '0.0.0.0' }).parameters).toMatchObject({ demo: true, host: '0.0.0.0' });
    expect(warningsOf({ HOST: '0.0.0.0' })).toMatch(/^HOST: /);
    expect(warningsOf({ HOST: '127.0.0.1' })).toBe('');
  });

  it.each([
    ['NODE_ENV', { NODE_ENV: 'Production' }],
    ['server.trust_proxy', { SERVER_TRUST_PROXY: '0.0.0.0/0' }],
    ['server.api_key', { SERVER_API_KEY: 'canary' }],
    ['server.enable_mobile_register', { SERVER_ENABLE_MOBILE_REGISTER: 'false' }],
    ['twilio.sms.base_url', { TWILIO_SMS_BASE_URL: 'http://127.0.0.1:4010' }],
  ])('tell of a doubtful %s', (name, environment) => {
    const { warnings } = load(environment);
    expect(warnings).toEqual([expect.stringMatching(`^${name}: `)]);
    expect(warnings.join()).not.toMatch(/canary/);
  });
});

describe('server.secret', () => {
  it('is made once outside production, for its owner only', () => {
    const [made] = load({}).parameters.serverSecret;
    const [found] = load(TWILIO).parameters.serverSecret;
    expect(Buffer.from(made.reveal(), 'base64url')).toHaveLength(32);
    expect(found.reveal()).toBe(made.reveal());
    expect(readFileSync(join(folder, 'data', 'secret'), 'utf8').trim()).toBe(made.reveal());
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'data', 'secret')).mode & 0o777).toBe(0o600);
  });

  it('is not made when it is given', () => {
    expect(load({ SERVER_SECRET: SECRET }).parameters.serverSecret.map((secret) => secret.reveal())).toEqual([
      SECRET,
    ]);
    expect(readdirSync(folder)).toEqual(['.env']);
  });

  it('names data.path when it cannot be kept', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(namesIn(faultsOf({ DATA_PATH: join(folder, 'file') }))).toEqual(['data.path']);
  });

  it('names data.path when what is kept there is no secret', () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'secret'), 'canary');
    const faults = faultsOf({});
    expect(namesIn(faults)).toEqual(['data.path']);
    expect(formatFaults(faults)).not.toMatch(/canary/);
  });
});

describe('SystemParameters', () => {
  it('print no secret', () => {
    const { parameters } = load({
      ...PRODUCTION,
      TWILIO_SMS_API_KEY_SID: `SK${SID}`,
      TWILIO_SMS_API_KEY_SECRET: 'canary-key',
      SERVER_API_KEY: 'canary-api-key-0123456789',
      REDIS_URL: 'rediss://:canary@redis.example:6379',
    });
    const printed = [
      inspect(parameters, { depth: 9, showHidden: true }),
      JSON.stringify(parameters),
      Object.values(parameters).join(),
    ].join();
    expect(printed).not.toMatch(/canary/);
    expect(parameters.redisUrl?.reveal()).toBe('rediss://:canary@redis.example:6379');
  });

  it('are named after their dotted names', () => {
    for (const { name, property } of parametersOf(SystemParameters)) {
      const words = name.toLowerCase().split(/[._]/);
      const [first, ...others] = words;
      expect(property).toBe(first + others.map((word) => word[0].toUpperCase() + word.slice(1)).join(''));
    }
  });

  it('hold every secret as a Secret', () => {
    const { parameters } = load({ ...PRODUCTION, REDIS_URL: 'redis://127.0.0.1' });
    const secrets = [parameters.redisUrl, ...parameters.twilioSmsAuthToken, ...parameters.serverSecret];
    for (const secret of secrets) expect(secret).toBeInstanceOf(Secret);
  });
});
