import type { AutofillOptions } from './message/message-template.js';
import type { Secret } from './secret.js';
import type { SmsObserver } from './sms.observer.js';

/** Options of `SmsModule.forRoot`. They are checked when the module starts. */
export interface SmsModuleOptions {
  twilio: TwilioOptions;
  message?: MessageOptions;
  limits?: LimitOptions;
  /** Needed, except with a `rateLimitStore` of your own. */
  storage?: StorageOptions;
  /** Is told how requests to Twilio and operations of the store ended, for metrics. Nobody is told without one. */
  observer?: SmsObserver;
}

export interface TwilioOptions {
  /** `AC` and 32 hexadecimal digits, from the Twilio console. Needed, except with a `twilioClient` of your own. */
  accountSid?: string;
  /** The account's auth token. Either this or an API key is needed, except with a `twilioClient` of your own. */
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
