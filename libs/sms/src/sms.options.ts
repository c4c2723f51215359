import { MessageTemplate, type AutofillOptions } from './message/message-template.js';
import { Secret } from './secret.js';
import { SmsOptionsError } from './sms.errors.js';
import { GuardedObserver, NO_OBSERVER, type SmsObserver } from './sms.observer.js';

/** Options of `SmsModule.forRoot`. They are checked when the module starts. */
export interface SmsModuleOptions {
  twilio: TwilioOptions;
  message?: MessageOptions;
  limits?: LimitOptions;
  storage: StorageOptions;
  /** Is told how requests to Twilio and operations of the store ended, for metrics. @default nobody is told */
  observer?: SmsObserver;
}

export interface TwilioOptions {
  /** `AC` and 32 hexadecimal digits, from the Twilio console. */
  accountSid: string;
  /** The account's auth token. Either this or an API key is needed. */
  authToken?: string | Secret;
  /** An API key pair (`SK...`), used for sending in place of the auth token. */
  apiKey?: { sid: string; secret: string | Secret };
  /** Sender in E.164. Either this or a Messaging Service is needed. */
  phoneNumber?: string;
  /** `MG` and 32 hexadecimal digits: Twilio picks the sender from the service's pool. */
  messagingServiceSid?: string;
  /** Origin of Twilio's API, or of a simulator or proxy. @default https://api.twilio.com */
  baseUrl?: string;
  /** Total time of one send in milliseconds, retries included: 1000 to 30000. @default 10000 */
  timeoutMs?: number;
  /** Tries within that time: 1 to 5. @default 3 */
  maxAttempts?: number;
  /** Sends under way at one time: 1 to 2000. As many again wait, for up to a second. @default 200 */
  maxConcurrency?: number;
  /** Try again after a 5xx answer. The message may then go out twice, with the same code. @default true */
  retryAmbiguous?: boolean;
}

export interface MessageOptions extends AutofillOptions {
  /** Text with exactly one `%s` for the code; `%%` is a percent sign. @default Your verification code is: %s */
  template?: string;
  /** Life of a code in seconds: Twilio does not deliver it later than that. 5 to 36000. @default 600 */
  codeTtlSeconds?: number;
  /** Length of your codes, to tell at the start how many messages Twilio bills for one: 4 to 10. @default 6 */
  codeLength?: number;
}

export interface LimitOptions {
  /** Sends to one phone in any 24 hours: 0 to 1000. @default 10 */
  maxSendsPerDay?: number;
  /** Seconds between two sends to one phone: 0 to 86400. @default 60 */
  cooldownSeconds?: number;
  /** Sends that one source may ask for in any hour, for calls that name their source: 0 to 1000000. @default 60 */
  maxSendsPerSource?: number;
  /** All sends in any 24 hours, a spending cap: 0 to 1000000000. No cap without it. */
  maxSendsTotal?: number;
}

export interface StorageOptions {
  /**
   * At least 32 bytes, the same for all processes on one store. It wraps the key under which the store keeps phones.
   * Several during a rotation, the new one first.
   */
  secret: string | Secret | readonly (string | Secret)[];
  /** `redis://` or `rediss://`; several, comma separated, are nodes of one Redis Cluster. */
  redisUrl?: string | Secret;
  /** Folder of the embedded store, used when there is no `redisUrl`. @default ./data */
  folder?: string;
}

/** The options, checked, with defaults, and with credentials that do not print. */
export interface SmsSettings {
  twilio: TwilioSettings;
  message: { template: MessageTemplate; codeTtlSeconds: number; codeLength: number };
  limits: {
    maxSendsPerDay: number;
    cooldownSeconds: number;
    maxSendsPerSource: number;
    maxSendsTotal?: number;
  };
  storage: { secrets: readonly Secret[]; redisUrl?: Secret; folder: string };
  observer: SmsObserver;
}

export interface TwilioSettings {
  accountSid: string;
  credentials: { username: string; password: Secret };
  sender: { from: string } | { messagingServiceSid: string };
  baseUrl: string;
  timeoutMs: number;
  maxAttempts: number;
  maxConcurrency: number;
  retryAmbiguous: boolean;
}

/** Token of the checked options. */
export const SmsSettings = Symbol('SmsSettings');

const MIN_SECRET_BYTES = 32;

/** @throws SmsOptionsError that names every fault at once, with an accepted value, and shows no secret */
export function resolveSmsOptions(options: SmsModuleOptions): SmsSettings {
  const faults: string[] = [];
  const check = (holds: boolean, fault: string): void => void (holds || faults.push(fault));
  const integer = (name: string, value: unknown, least: number, most: number): void =>
    check(
      Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
      `${name} must be a whole number from ${least} to ${most}`,
    );

  const twilio = {
    baseUrl: 'https://api.twilio.com',
    timeoutMs: 10_000,
    maxAttempts: 3,
    maxConcurrency: 200,
    retryAmbiguous: true,
    ...defined(options.twilio),
  };
  const message = {
    template: 'Your verification code is: %s',
    codeTtlSeconds: 600,
    codeLength: 6,
    ...defined(options.message),
  };
  const limits = {
    maxSendsPerDay: 10,
    cooldownSeconds: 60,
    maxSendsPerSource: 60,
    ...defined(options.limits),
  };
  const storage = { folder: './data', ...defined(options.storage) };
  const secrets = [storage.secret ?? []].flat().map((secret) => Secret.of(secret));

  check(
    /^AC[0-9a-fA-F]{32}$/.test(twilio.accountSid ?? ''),
    'twilio.accountSid must be AC and 32 hexadecimal digits, as the Twilio console shows it',
  );
  check(
    twilio.apiKey
      ? /^SK[0-9a-fA-F]{32}$/.test(twilio.apiKey.sid) && bytesOf(twilio.apiKey.secret) > 0
      : bytesOf(twilio.authToken) > 0,
    twilio.apiKey
      ? 'twilio.apiKey must be { sid, secret }, the sid being SK and 32 hexadecimal digits'
      : 'twilio.authToken must be the auth token that the Twilio console shows (or give twilio.apiKey: { sid, secret })',
  );
  check(
    twilio.messagingServiceSid
      ? /^MG[0-9a-fA-F]{32}$/.test(twilio.messagingServiceSid)
      : /^\+[1-9]\d{6,14}$/.test(twilio.phoneNumber ?? ''),
    twilio.messagingServiceSid
      ? 'twilio.messagingServiceSid must be MG and 32 hexadecimal digits'
      : 'twilio.phoneNumber must be the sender in E.164, for example +12025550123 (or give twilio.messagingServiceSid)',
  );
  check(
    isAllowedOrigin(twilio.baseUrl),
    'twilio.baseUrl must be an https origin, or an http origin on loopback, for example http://127.0.0.1:4010',
  );
  integer('twilio.timeoutMs', twilio.timeoutMs, 1_000, 30_000);
  integer('twilio.maxAttempts', twilio.maxAttempts, 1, 5);
  integer('twilio.maxConcurrency', twilio.maxConcurrency, 1, 2_000);
  check(typeof twilio.retryAmbiguous === 'boolean', 'twilio.retryAmbiguous must be true or false');
  const templateFault = MessageTemplate.faultOf(message.template);
  check(!templateFault, `message.template: ${templateFault}; for example "Your verification code is: %s"`);
  integer('message.codeTtlSeconds', message.codeTtlSeconds, 5, 36_000);
  integer('message.codeLength', message.codeLength, 4, 10);
  check(
    message.webOrigin === undefined || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(message.webOrigin),
    'message.webOrigin must be a host alone, for example example.com',
  );
  check(
    message.androidAppHash === undefined || /^[A-Za-z0-9+/]{11}$/.test(message.androidAppHash),
    'message.androidAppHash must be 11 base64 characters, for example FA+9qCX9VSu',
  );
  integer('limits.maxSendsPerDay', limits.maxSendsPerDay, 0, 1_000);
  integer('limits.cooldownSeconds', limits.cooldownSeconds, 0, 86_400);
  integer('limits.maxSendsPerSource', limits.maxSendsPerSource, 0, 1_000_000);
  integer('limits.maxSendsTotal', limits.maxSendsTotal ?? 0, 0, 1_000_000_000);
  check(
    secrets.length > 0 && secrets.every((secret) => bytesOf(secret) >= MIN_SECRET_BYTES),
    `storage.secret must have at least ${MIN_SECRET_BYTES} bytes, for example the output of: openssl rand -base64 32`,
  );
  check(
    !storage.redisUrl || isRedisUrl(Secret.of(storage.redisUrl).reveal()),
    'storage.redisUrl must be redis:// or rediss:// and a host, for example redis://127.0.0.1:6379; several, comma separated',
  );
  check(
    typeof storage.folder === 'string' && storage.folder !== '',
    'storage.folder must be the path of a folder, for example ./data',
  );
  if (faults.length > 0) throw new SmsOptionsError(faults);

  const { template, codeTtlSeconds, codeLength, ...autofill } = message;
  return {
    twilio: {
      accountSid: twilio.accountSid,
      credentials: twilio.apiKey
        ? { username: twilio.apiKey.sid, password: Secret.of(twilio.apiKey.secret) }
        : { username: twilio.accountSid, password: Secret.of(twilio.authToken!) },
      sender: twilio.messagingServiceSid
        ? { messagingServiceSid: twilio.messagingServiceSid }
        : { from: twilio.phoneNumber! },
      baseUrl: twilio.baseUrl,
      timeoutMs: twilio.timeoutMs,
      maxAttempts: twilio.maxAttempts,
      maxConcurrency: twilio.maxConcurrency,
      retryAmbiguous: twilio.retryAmbiguous,
    },
    message: { template: new MessageTemplate(template, autofill), codeTtlSeconds, codeLength },
    limits,
    storage: {
      secrets,
      redisUrl: storage.redisUrl ? Secret.of(storage.redisUrl) : undefined,
      folder: storage.folder,
    },
    observer: options.observer ? new GuardedObserver(options.observer) : NO_OBSERVER,
  };
}

/** Credentials travel over TLS, except to a simulator on the same machine. */
function isAllowedOrigin(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, href, origin } = new URL(url);
  if (href !== `${origin}/`) return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function isRedisUrl(urls: unknown): boolean {
  return (
    typeof urls === 'string' &&
    urls.split(',').every((url) => {
      const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
      return /^rediss?:$/.test(protocol) && hostname !== '';
    })
  );
}

/** Length of a credential; 0 for what is none. */
function bytesOf(credential: unknown): number {
  const text: unknown = credential instanceof Secret ? credential.reveal() : credential;
  return typeof text === 'string' ? Buffer.byteLength(text) : 0;
}

/** Without the fields that are undefined, so that defaults apply to them. */
function defined<T extends object>(options: T | undefined): T {
  return Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as T;
}
