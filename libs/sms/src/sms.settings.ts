import { MessageTemplate } from './message/message-template.js';
import { isHostName, isRedisUrl, isSecureOrigin, isSid } from './option.rules.js';
import { Secret } from './secret.js';
import { SmsOptionsError } from './sms.errors.js';
import { GuardedObserver, NO_OBSERVER, type SmsObserver } from './sms.observer.js';
import type {
  LimitOptions,
  MessageOptions,
  SmsModuleOptions,
  StorageOptions,
  TwilioOptions,
} from './sms.options.js';

/** The options, checked, with defaults, and with credentials that do not print. */
export interface SmsSettings {
  readonly twilio: TwilioSettings;
  readonly message: {
    readonly template: MessageTemplate;
    readonly codeTtlSeconds: number;
    readonly codeLength: number;
  };
  readonly limits: Required<Omit<LimitOptions, 'maxSendsTotal'>> & Pick<LimitOptions, 'maxSendsTotal'>;
  /** Undefined with a store of the host app's own. */
  readonly storage?: {
    readonly secrets: readonly Secret[];
    readonly redisUrl?: Secret;
    readonly folder: string;
  };
  readonly observer: SmsObserver;
}

export interface TwilioSettings {
  /** Undefined with a client of the host app's own. */
  readonly account?: TwilioAccount;
  readonly sender: { from: string } | { messagingServiceSid: string };
  readonly baseUrl: string;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly maxConcurrency: number;
  readonly retryAmbiguous: boolean;
}

export interface TwilioAccount {
  readonly accountSid: string;
  readonly credentials: { readonly username: string; readonly password: Secret };
}

/** Token of the checked options. */
export const SmsSettings = Symbol('SmsSettings');

const MIN_SECRET_BYTES = 32;

const OPTIONS: Record<string, readonly string[]> = {
  options: ['twilio', 'message', 'limits', 'storage', 'observer'] satisfies (keyof SmsModuleOptions)[],
  twilio: [
    'accountSid',
    'authToken',
    'apiKey',
    'phoneNumber',
    'messagingServiceSid',
    'baseUrl',
    'timeoutMs',
    'maxAttempts',
    'maxConcurrency',
    'retryAmbiguous',
  ] satisfies (keyof TwilioOptions)[],
  message: [
    'template',
    'codeTtlSeconds',
    'codeLength',
    'webOrigin',
    'androidAppHash',
  ] satisfies (keyof MessageOptions)[],
  limits: [
    'maxSendsPerDay',
    'cooldownSeconds',
    'maxSendsPerSource',
    'maxSendsTotal',
  ] satisfies (keyof LimitOptions)[],
  storage: ['secret', 'redisUrl', 'folder'] satisfies (keyof StorageOptions)[],
};

/** Collects what is wrong. Each fault names the option and an accepted value, and shows no secret. */
class Faults {
  readonly found: string[] = [];

  unless(holds: boolean, fault: string): void {
    if (!holds) this.found.push(fault);
  }

  integer(name: string, value: unknown, least: number, most: number): void {
    const holds = Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
    this.unless(holds, `${name} must be a whole number from ${least} to ${most}`);
  }

  /** @returns the options of the section that were given, so that defaults apply to the others */
  section<T extends object>(name: string, given: T | undefined): Partial<T> {
    if (given === undefined) return {};
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
    this.unless(isObject, `${name} must be an object with the options ${OPTIONS[name].join(', ')}`);
    const entries = Object.entries(isObject ? given : {}).filter(([, value]) => value !== undefined);
    for (const [option] of entries.filter(([option]) => !OPTIONS[name].includes(option))) {
      const named = name === 'options' ? option : `${name}.${option}`;
      this.found.push(`${named} is not an option; there are ${OPTIONS[name].join(', ')}`);
    }
    return Object.fromEntries(entries) as Partial<T>;
  }
}

/**
 * @param needs what the host app does not bring itself
 * @throws SmsOptionsError that names every fault at once, with an accepted value, and shows no secret
 */
export function resolveSmsOptions(
  given: SmsModuleOptions,
  needs = { account: true, storage: true },
): SmsSettings {
  const faults = new Faults();
  const options = faults.section('options', given ?? {});
  const settings: SmsSettings = {
    twilio: twilioSettings(options.twilio, needs.account, faults),
    message: messageSettings(options.message, faults),
    limits: limitSettings(options.limits, faults),
    storage: needs.storage ? storageSettings(options.storage, faults) : undefined,
    observer: options.observer ? new GuardedObserver(options.observer) : NO_OBSERVER,
  };
  if (faults.found.length > 0) throw new SmsOptionsError(faults.found);
  return settings;
}

function twilioSettings(
  given: TwilioOptions | undefined,
  needsAccount: boolean,
  faults: Faults,
): TwilioSettings {
  const { accountSid, authToken, apiKey, phoneNumber, messagingServiceSid, ...others } = faults.section(
    'twilio',
    given,
  );
  const settings = {
    baseUrl: 'https://api.twilio.com',
    timeoutMs: 10_000,
    maxAttempts: 3,
    maxConcurrency: 200,
    retryAmbiguous: true,
    ...others,
  };
  const account = needsAccount ? twilioAccount({ accountSid, authToken, apiKey }, faults) : undefined;
  faults.unless(
    messagingServiceSid
      ? isSid('MG', messagingServiceSid)
      : typeof phoneNumber === 'string' && /^\+[1-9]\d{6,14}$/.test(phoneNumber),
    messagingServiceSid
      ? 'twilio.messagingServiceSid must be MG and 32 hexadecimal digits'
      : 'twilio.phoneNumber must be the sender in E.164, for example +12025550123 (or give twilio.messagingServiceSid)',
  );
  faults.unless(
    typeof settings.baseUrl === 'string' && isSecureOrigin(settings.baseUrl),
    'twilio.baseUrl must be an https origin, or an http origin on loopback, for example http://127.0.0.1:4010',
  );
  faults.integer('twilio.timeoutMs', settings.timeoutMs, 1_000, 30_000);
  faults.integer('twilio.maxAttempts', settings.maxAttempts, 1, 5);
  faults.integer('twilio.maxConcurrency', settings.maxConcurrency, 1, 2_000);
  faults.unless(typeof settings.retryAmbiguous === 'boolean', 'twilio.retryAmbiguous must be true or false');
  return {
    ...settings,
    account,
    sender: messagingServiceSid ? { messagingServiceSid } : { from: phoneNumber! },
  };
}

function twilioAccount(
  { accountSid, authToken, apiKey }: Pick<TwilioOptions, 'accountSid' | 'authToken' | 'apiKey'>,
  faults: Faults,
): TwilioAccount {
  faults.unless(
    isSid('AC', accountSid),
    'twilio.accountSid must be AC and 32 hexadecimal digits, as the Twilio console shows it',
  );
  faults.unless(
    apiKey ? isSid('SK', apiKey.sid) && bytesOf(apiKey.secret) > 0 : bytesOf(authToken) > 0,
    apiKey
      ? 'twilio.apiKey must be { sid, secret }, the sid being SK and 32 hexadecimal digits'
      : 'twilio.authToken must be the auth token that the Twilio console shows (or give twilio.apiKey: { sid, secret })',
  );
  const credentials = apiKey
    ? { username: apiKey.sid, password: Secret.of(apiKey.secret) }
    : { username: accountSid!, password: Secret.of(authToken!) };
  return { accountSid: accountSid!, credentials };
}

function messageSettings(given: MessageOptions | undefined, faults: Faults): SmsSettings['message'] {
  const { template, codeTtlSeconds, codeLength, webOrigin, androidAppHash } = {
    template: 'Your verification code is: %s',
    codeTtlSeconds: 600,
    codeLength: 6,
    ...faults.section('message', given),
  };
  const templateFault = MessageTemplate.faultOf(template);
  faults.unless(
    !templateFault,
    `message.template: ${templateFault}; for example "Your verification code is: %s"`,
  );
  faults.integer('message.codeTtlSeconds', codeTtlSeconds, 5, 36_000);
  faults.integer('message.codeLength', codeLength, 4, 10);
  faults.unless(
    webOrigin === undefined || (typeof webOrigin === 'string' && isHostName(webOrigin)),
    'message.webOrigin must be a host alone, for example example.com',
  );
  faults.unless(
    androidAppHash === undefined || /^[A-Za-z0-9+/]{11}$/.test(androidAppHash),
    'message.androidAppHash must be 11 base64 characters, for example FA+9qCX9VSu',
  );
  return {
    template: new MessageTemplate(template, { webOrigin, androidAppHash }),
    codeTtlSeconds,
    codeLength,
  };
}

function limitSettings(given: LimitOptions | undefined, faults: Faults): SmsSettings['limits'] {
  const limits = {
    maxSendsPerDay: 10,
    cooldownSeconds: 60,
    maxSendsPerSource: 60,
    ...faults.section('limits', given),
  };
  faults.integer('limits.maxSendsPerDay', limits.maxSendsPerDay, 0, 1_000);
  faults.integer('limits.cooldownSeconds', limits.cooldownSeconds, 0, 86_400);
  faults.integer('limits.maxSendsPerSource', limits.maxSendsPerSource, 0, 1_000_000);
  faults.integer('limits.maxSendsTotal', limits.maxSendsTotal ?? 0, 0, 1_000_000_000);
  return limits;
}

function storageSettings(given: StorageOptions | undefined, faults: Faults): SmsSettings['storage'] {
  const { secret, redisUrl, folder } = { folder: './data', ...faults.section('storage', given) };
  const secrets = [secret ?? []].flat().map((one) => Secret.of(one));
  faults.unless(
    secrets.length > 0 && secrets.every((one) => bytesOf(one) >= MIN_SECRET_BYTES),
    `storage.secret must have at least ${MIN_SECRET_BYTES} bytes, for example the output of: openssl rand -base64 32`,
  );
  const url: unknown = redisUrl ? Secret.of(redisUrl).reveal() : undefined;
  faults.unless(
    url === undefined || (typeof url === 'string' && isRedisUrl(url)),
    'storage.redisUrl must be redis:// or rediss:// and a host, for example redis://127.0.0.1:6379; several, comma separated',
  );
  faults.unless(
    typeof folder === 'string' && folder !== '',
    'storage.folder must be the path of a folder, for example ./data',
  );
  return { secrets, redisUrl: redisUrl ? Secret.of(redisUrl) : undefined, folder };
}

/** Length of a credential; 0 for what is none. */
function bytesOf(credential: unknown): number {
  const text: unknown = credential instanceof Secret ? credential.reveal() : credential;
  return typeof text === 'string' ? Buffer.byteLength(text) : 0;
}
