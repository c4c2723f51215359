import { Secret } from '@app/sms';
import { IsIn, Matches } from 'class-validator';
import { Parameter } from './parameter.decorator.js';
import {
  Between,
  HasBytes,
  hostOf,
  IsBindAddress,
  IsCountry,
  IsCredential,
  IsOneLine,
  IsOrigin,
  IsRedisUrl,
  IsSecureOrigin,
  IsSid,
  IsTemplate,
  IsTrustedProxy,
  IsWebHost,
  originOf,
} from './parameter.rules.js';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Every system parameter, checked. Inject the class to read them; it prints no secret. */
export class SystemParameters {
  @Parameter({
    name: 'twilio.sms.account_sid',
    kind: 'text',
    example: 'AC0123456789abcdef0123456789abcdef',
    description: 'Account SID, from the Twilio console.',
  })
  @IsSid('AC')
  readonly twilioSmsAccountSid?: string;

  @Parameter({
    name: 'twilio.sms.auth_token',
    kind: 'secret',
    rotates: true,
    example: '<auth token from the Twilio console>',
    description:
      'Auth token of the account; `new,old` while it is rotated: the first sends, both validate webhooks.',
  })
  @IsCredential()
  readonly twilioSmsAuthToken: Secret[];

  @Parameter({
    name: 'twilio.sms.phone_number',
    kind: 'text',
    example: '+12025550123',
    description: 'Sender, a Twilio phone number in E.164.',
  })
  @Matches(/^\+[1-9]\d{6,14}$/, { message: 'must be + and 7 to 15 digits, country code first' })
  readonly twilioSmsPhoneNumber?: string;

  @Parameter({
    name: 'twilio.sms.template_message',
    kind: 'text',
    default: 'Your verification code is: %s',
    example: 'Your verification code is: %s',
    description: 'Text of the message: exactly one %s for the code, %% is a percent sign.',
  })
  @IsTemplate()
  readonly twilioSmsTemplateMessage: string;

  @Parameter({
    name: 'twilio.sms.messaging_service_sid',
    kind: 'text',
    example: 'MG0123456789abcdef0123456789abcdef',
    description: 'Messaging Service that picks the sender, instead of the phone number.',
  })
  @IsSid('MG')
  readonly twilioSmsMessagingServiceSid?: string;

  @Parameter({
    name: 'twilio.sms.api_key_sid',
    kind: 'text',
    example: 'SK0123456789abcdef0123456789abcdef',
    description: 'API key used for sending instead of the auth token; needs its secret.',
  })
  @IsSid('SK')
  readonly twilioSmsApiKeySid?: string;

  @Parameter({
    name: 'twilio.sms.api_key_secret',
    kind: 'secret',
    example: '<secret of the API key>',
    description: 'Secret of the API key.',
  })
  @IsCredential()
  readonly twilioSmsApiKeySecret?: Secret;

  @Parameter({
    name: 'twilio.sms.base_url',
    kind: 'text',
    default: 'https://api.twilio.com',
    example: 'http://127.0.0.1:4010',
    description: 'Origin of the Twilio API, or of a simulator or proxy: https, or http on this machine only.',
    canonical: originOf,
  })
  @IsSecureOrigin()
  readonly twilioSmsBaseUrl: string;

  @Parameter({
    name: 'twilio.sms.timeout_ms',
    kind: 'integer',
    default: 10_000,
    example: '10000',
    description: 'Deadline of one send in milliseconds, retries included (1000 to 30000).',
  })
  @Between(1_000, 30_000)
  readonly twilioSmsTimeoutMs: number;

  @Parameter({
    name: 'twilio.sms.max_attempts',
    kind: 'integer',
    default: 3,
    example: '3',
    description: 'Tries of one send within the deadline (1 to 5).',
  })
  @Between(1, 5)
  readonly twilioSmsMaxAttempts: number;

  @Parameter({
    name: 'twilio.sms.max_concurrency',
    kind: 'integer',
    default: 200,
    example: '200',
    description: 'Sends in flight at one time (1 to 2000).',
  })
  @Between(1, 2_000)
  readonly twilioSmsMaxConcurrency: number;

  @Parameter({
    name: 'twilio.sms.retry_ambiguous',
    kind: 'boolean',
    default: true,
    example: 'true',
    description: 'Try again after a 5xx answer; the message may then arrive twice, with the same code.',
  })
  readonly twilioSmsRetryAmbiguous: boolean;

  @Parameter({
    name: 'twilio.sms.web_origin',
    kind: 'text',
    example: 'example.com',
    description: 'Host of the sign-up page; adds the last line that lets browsers fill the code in.',
    canonical: hostOf,
  })
  @IsWebHost()
  readonly twilioSmsWebOrigin?: string;

  @Parameter({
    name: 'twilio.sms.android_app_hash',
    kind: 'text',
    example: 'FA+9qCX9VSu',
    description: "Hash of the Android app; adds the line that lets Android's SMS Retriever read the message.",
  })
  @Matches(/^[A-Za-z0-9+/]{11}$/, { message: 'must be exactly 11 base64 characters' })
  readonly twilioSmsAndroidAppHash?: string;

  @Parameter({
    name: 'server.sms_max_send_count',
    kind: 'integer',
    default: 10,
    example: '10',
    description: 'Messages to one phone in any 24 hours (0 to 1000); 0 means none.',
  })
  @Between(0, 1_000)
  readonly serverSmsMaxSendCount: number;

  @Parameter({
    name: 'server.enable_mobile_register',
    kind: 'boolean',
    default: false,
    example: 'true',
    description: 'Allow registration and password reset by phone; demo mode switches it on.',
  })
  readonly serverEnableMobileRegister: boolean;

  @Parameter({
    name: 'server.sms_cooldown_seconds',
    kind: 'integer',
    default: 60,
    example: '60',
    description: 'Seconds between two messages to one phone (0 to 86400).',
  })
  @Between(0, 86_400)
  readonly serverSmsCooldownSeconds: number;

  @Parameter({
    name: 'server.sms_code_ttl_seconds',
    kind: 'integer',
    default: 600,
    example: '600',
    description: 'Life of a code in seconds (30 to 600).',
  })
  @Between(30, 600)
  readonly serverSmsCodeTtlSeconds: number;

  @Parameter({
    name: 'server.sms_code_length',
    kind: 'integer',
    default: 6,
    example: '6',
    description: 'Digits of a code (4 to 10).',
  })
  @Between(4, 10)
  readonly serverSmsCodeLength: number;

  @Parameter({
    name: 'server.sms_max_check_attempts',
    kind: 'integer',
    default: 5,
    example: '5',
    description: 'Wrong guesses per code (0 to 10); 0 means none.',
  })
  @Between(0, 10)
  readonly serverSmsMaxCheckAttempts: number;

  @Parameter({
    name: 'server.sms_max_failed_checks',
    kind: 'integer',
    default: 20,
    example: '20',
    description: 'Wrong guesses per phone in any 24 hours, whatever was resent (0 to 100); 0 means none.',
  })
  @Between(0, 100)
  readonly serverSmsMaxFailedChecks: number;

  @Parameter({
    name: 'server.sms_max_sends_per_source',
    kind: 'integer',
    default: 60,
    example: '60',
    description: 'Messages asked for from one address in any hour; 0 means none.',
  })
  @Between(0, 1_000_000)
  readonly serverSmsMaxSendsPerSource: number;

  @Parameter({
    name: 'server.sms_max_failed_checks_per_source',
    kind: 'integer',
    default: 100,
    example: '100',
    description: 'Wrong guesses from one address in any hour; 0 means none.',
  })
  @Between(0, 1_000_000)
  readonly serverSmsMaxFailedChecksPerSource: number;

  @Parameter({
    name: 'server.sms_max_sends_total',
    kind: 'integer',
    example: '5000',
    description: 'All messages in any 24 hours, a spending cap; 0 means none, not set means no cap.',
  })
  @Between(0, 1_000_000_000)
  readonly serverSmsMaxSendsTotal?: number;

  @Parameter({
    name: 'server.sms_allowed_countries',
    kind: 'list',
    example: 'US,GB',
    description: 'Countries that are served, ISO 3166 codes, comma separated; not set means all.',
  })
  @IsCountry()
  readonly serverSmsAllowedCountries: string[];

  @Parameter({
    name: 'server.secret',
    kind: 'secret',
    rotates: true,
    example: '<output of: openssl rand -base64 32>',
    description:
      'At least 32 bytes, the same for all instances; `new,old` while it is rotated. Required in production, else made once and kept in the data folder.',
  })
  @IsOneLine()
  @HasBytes(32)
  readonly serverSecret: Secret[];

  @Parameter({
    name: 'server.public_url',
    kind: 'text',
    example: 'https://verify.example.com',
    description:
      'Origin under which Twilio reaches this server; switches delivery callbacks on. https in production.',
    canonical: originOf,
  })
  @IsOrigin()
  readonly serverPublicUrl?: string;

  @Parameter({
    name: 'server.trust_proxy',
    kind: 'list',
    example: '1',
    description:
      'Number of proxies in front, or their networks (10.0.0.0/8); not set: X-Forwarded-For is ignored.',
  })
  @IsTrustedProxy()
  readonly serverTrustProxy: string[];

  @Parameter({
    name: 'server.api_key',
    kind: 'secret',
    rotates: true,
    example: '<output of: openssl rand -hex 24>',
    description: 'Key that callers of /v1 must present as a bearer token; `new,old` while it is rotated.',
  })
  @IsCredential()
  readonly serverApiKey: Secret[];

  @Parameter({
    name: 'server.cors_origins',
    kind: 'list',
    example: 'https://app.example.com',
    description: 'Origins that browsers may call from, comma separated; not set means none.',
    canonical: originOf,
  })
  @IsOrigin()
  readonly serverCorsOrigins: string[];

  @Parameter({
    name: 'redis.url',
    kind: 'secret',
    example: 'redis://127.0.0.1:6379',
    description:
      'redis:// or rediss://; several, comma separated, are one cluster; not set means the embedded store.',
    canonical: (text) => text.replace(/\s*,\s*/g, ','),
  })
  @IsRedisUrl()
  readonly redisUrl?: Secret;

  @Parameter({
    name: 'data.path',
    kind: 'text',
    default: './data',
    example: './data',
    description: 'Folder of the embedded store and of the secret that is made in development.',
  })
  @IsOneLine()
  readonly dataPath: string;

  @Parameter({
    name: 'PORT',
    kind: 'integer',
    default: 3000,
    example: '3000',
    description: 'Port to listen on (0 to 65535); 0 means any free one.',
  })
  @Between(0, 65_535)
  readonly port: number;

  @Parameter({
    name: 'HOST',
    kind: 'text',
    example: '0.0.0.0',
    description: 'Address to listen on; not set means 127.0.0.1 in demo mode, else 0.0.0.0.',
  })
  @IsBindAddress()
  readonly host: string;

  @Parameter({
    name: 'NODE_ENV',
    kind: 'text',
    example: 'production',
    description: 'The word production switches demo mode off and the checks of production on.',
  })
  @IsOneLine()
  readonly nodeEnv?: string;

  @Parameter({
    name: 'LOG_LEVEL',
    kind: 'text',
    default: 'info',
    example: 'info',
    description: 'The least severe level that is logged: fatal, error, warn, info, debug, trace or silent.',
    canonical: (text) => text.toLowerCase(),
  })
  @IsIn(LOG_LEVELS, { message: `must be one of ${LOG_LEVELS.join(', ')}` })
  readonly logLevel: LogLevel;

  /** `NODE_ENV` is `production`. */
  readonly production: boolean;

  /** Outside production, and without a single Twilio credential: messages go to the bundled simulator. */
  readonly demo: boolean;
}
