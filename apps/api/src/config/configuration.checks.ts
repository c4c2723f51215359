import { isLoopback } from '@app/sms/internals';
import { debuglog } from 'node:util';
import type { ConfigurationFault } from './configuration.error.js';
import { parametersOf } from './parameter.decorator.js';
import { SystemParameters } from './system-parameters.js';

const SHORT_API_KEY_BYTES = 16;
const TWILIO_ORIGIN = 'https://api.twilio.com';

const TWILIO_CREDENTIALS = [
  'twilio.sms.account_sid',
  'twilio.sms.auth_token',
  'twilio.sms.phone_number',
  'twilio.sms.messaging_service_sid',
  'twilio.sms.api_key_sid',
  'twilio.sms.api_key_secret',
];

/** One credential is enough to mean Twilio itself: half a set is a fault, never demo mode. */
export function isDemo(given: ReadonlySet<string>, production: boolean): boolean {
  return !production && !TWILIO_CREDENTIALS.some((name) => given.has(name));
}

/** What is wrong with parameters together, each of them being right by itself. */
export function faultsTogether(
  parameters: SystemParameters,
  given: ReadonlySet<string>,
  environment: NodeJS.ProcessEnv,
): ConfigurationFault[] {
  return [
    ...debugFaults(),
    ...(parameters.demo ? [] : credentialFaults(given)),
    ...(parameters.production ? productionFaults(parameters, given, environment) : []),
  ];
}

/** Sections of NODE_DEBUG: the bytes of every stream, and of each request that is not HTTP. */
const PRINTS_REQUESTS = ['stream', 'http'];

/** Node reads NODE_DEBUG before any code of ours runs, so it can be refused, and not taken back. */
function debugFaults(): ConfigurationFault[] {
  const telling = PRINTS_REQUESTS.filter((section) => debuglog(section).enabled);
  if (telling.length === 0) return [];
  return [
    {
      name: 'NODE_DEBUG',
      problem: `prints what requests hold, with numbers and codes in it (${telling.join(', ')})`,
      example: 'net,tls,undici',
    },
  ];
}

function productionFaults(
  { serverPublicUrl }: SystemParameters,
  given: ReadonlySet<string>,
  environment: NodeJS.ProcessEnv,
): ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  if (!given.has('server.secret')) faults.push(faultOf('server.secret', 'is required in production'));
  if (serverPublicUrl?.startsWith('http:')) {
    faults.push(faultOf('server.public_url', 'must be https in production'));
  }
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    faults.push({
      name: 'NODE_TLS_REJECT_UNAUTHORIZED',
      problem: 'switches the check of certificates off, which production refuses',
      example: 'not set',
    });
  }
  return faults;
}

function credentialFaults(given: ReadonlySet<string>): ConfigurationFault[] {
  const has = (name: string): boolean => given.has(`twilio.sms.${name}`);
  const missing: [name: string, unless: boolean, problem: string][] = [
    ['account_sid', has('account_sid'), 'is missing'],
    [
      'auth_token',
      has('auth_token') || has('api_key_sid') || has('api_key_secret'),
      'is missing (or twilio.sms.api_key_sid with twilio.sms.api_key_secret)',
    ],
    ['api_key_sid', has('api_key_sid') || !has('api_key_secret'), 'is missing, its secret is set'],
    [
      'api_key_secret',
      has('api_key_secret') || !has('api_key_sid'),
      'is missing, twilio.sms.api_key_sid is set',
    ],
    [
      'phone_number',
      has('phone_number') || has('messaging_service_sid'),
      'is missing (or twilio.sms.messaging_service_sid)',
    ],
  ];
  const faults = missing
    .filter(([, unless]) => !unless)
    .map(([name, , problem]) => faultOf(`twilio.sms.${name}`, problem));
  if (given.has('server.public_url') && has('api_key_sid') && !has('auth_token')) {
    faults.push(
      faultOf(
        'twilio.sms.auth_token',
        'is missing: it validates the callbacks that server.public_url switches on',
      ),
    );
  }
  return faults;
}

/** What works, and is worth a second look; `parameters` as they were given, before demo mode completes them. */
export function warningsOf(parameters: SystemParameters, given: ReadonlySet<string>): string[] {
  const warnings: string[] = [];
  if (parameters.demo) warnings.push(...demoWarnings(parameters, given));
  if (!parameters.production && /^prod(uction)?$/i.test(parameters.nodeEnv ?? '')) {
    warnings.push('NODE_ENV: only the exact word "production" switches the checks of production on.');
  }
  if (parameters.serverTrustProxy.some((network) => network.endsWith('/0'))) {
    warnings.push('server.trust_proxy: a network of /0 lets every caller choose its own address.');
  }
  if (parameters.serverApiKey.some((key) => Buffer.byteLength(key.reveal()) < SHORT_API_KEY_BYTES)) {
    warnings.push(`server.api_key: a key of fewer than ${SHORT_API_KEY_BYTES} characters can be guessed.`);
  }
  return warnings;
}

function demoWarnings(parameters: SystemParameters, given: ReadonlySet<string>): string[] {
  const warnings: string[] = [];
  if (given.has('HOST') && !isLoopback(parameters.host)) {
    warnings.push('HOST: demo mode shows every code in its inbox, and this address lets other machines in.');
  }
  if (given.has('server.enable_mobile_register') && !parameters.serverEnableMobileRegister) {
    warnings.push('server.enable_mobile_register: is false, but demo mode switches it on.');
  }
  if (parameters.twilioSmsBaseUrl !== TWILIO_ORIGIN) {
    warnings.push(
      'twilio.sms.base_url: demo mode uses the bundled simulator; set the Twilio credentials to use this one.',
    );
  }
  return warnings;
}

function faultOf(name: string, problem: string): ConfigurationFault {
  const parameter = parametersOf(SystemParameters).find((candidate) => candidate.name === name);
  return { name, problem, example: parameter?.example ?? '' };
}
