// Who takes part, how each is started, and what its sends and checks look like.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { post } from './connection.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const file = (name) => join(root, 'bench/contestants', name);
/** As `npm run start:prod` starts it. */
const OURS = startProd();
/** The whole set of limits stays in force; only those by address are raised, since all calls come from one. */
const OUR_ENVIRONMENT = {
  HOST: '127.0.0.1',
  TWILIO_SMS_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  TWILIO_SMS_AUTH_TOKEN: 'not-a-token',
  TWILIO_SMS_PHONE_NUMBER: '+12025550199',
  SERVER_SECRET: 'a secret for a benchmark which nobody has to guess',
  SERVER_ENABLE_MOBILE_REGISTER: 'true',
  SERVER_SMS_MAX_SENDS_PER_SOURCE: '1000000',
  SERVER_SMS_MAX_FAILED_CHECKS_PER_SOURCE: '1000000',
};

const byId = {
  send: (phone) => post('/v1/verifications', { phone }),
  idOf: (body) => /"id":"([^"]+)"/.exec(body)[1],
  check: ({ id }, code) => post(`/v1/verifications/${id}/check`, { code }),
};
const byPhone = {
  send: (phone) => post('/send', { phone }),
  idOf: () => undefined,
  check: ({ phone }, code) => post('/check', { phone, code }),
};

/**
 * `kind` is `ours`, `floor` or `rival`. `program` is what Node runs, and `environment` what it is told, given the
 * addresses of Redis and Twilio and a folder.
 */
export const CONTESTANTS = [
  {
    name: 'ours-redis',
    kind: 'ours',
    what: 'this service as `npm run start:prod` starts it, with Redis',
    program: OURS,
    environment: ({ redisUrl, twilioUrl }) => ({
      ...OUR_ENVIRONMENT,
      REDIS_URL: redisUrl,
      TWILIO_SMS_BASE_URL: twilioUrl,
    }),
    ...byId,
  },
  {
    name: 'ours-embedded',
    kind: 'ours',
    what: 'the same with the embedded store, on disk before it answers',
    program: OURS,
    environment: ({ twilioUrl, folder }) => ({
      ...OUR_ENVIRONMENT,
      DATA_PATH: join(folder, 'data'),
      TWILIO_SMS_BASE_URL: twilioUrl,
    }),
    ...byId,
  },
  {
    name: 'floor',
    kind: 'floor',
    what: 'node:http, one script per operation, no framework and no SDK; signs the same proof token',
    program: [file('floor.mjs')],
    environment: rivalEnvironment,
    ...byId,
  },
  {
    name: 'express-rlf',
    kind: 'rival',
    what: 'Express, rate-limiter-flexible, the SDK with its defaults',
    program: [file('express-rlf.mjs')],
    environment: rivalEnvironment,
    ...byPhone,
  },
  {
    name: 'nest-throttler',
    kind: 'rival',
    what: 'Nest on Express, ValidationPipe, @nestjs/throttler on Redis, the SDK with its defaults',
    program: [file('nest-throttler.mjs')],
    environment: rivalEnvironment,
    ...byPhone,
  },
  {
    name: 'better-auth',
    kind: 'rival',
    what: "better-auth's phone number plugin behind Express, Redis as its storage, the SDK with its defaults",
    program: [file('better-auth.mjs')],
    environment: rivalEnvironment,
    ...byPhone,
    send: (phone) => post('/api/auth/phone-number/send-otp', { phoneNumber: phone }),
  },
];

export const usesRedis = ({ name }) => name !== 'ours-embedded';

export function contestantCalled(name) {
  const found = CONTESTANTS.find((contestant) => contestant.name === name);
  if (!found)
    throw new Error(
      `There is no contestant ${name}; there are ${CONTESTANTS.map((one) => one.name).join(', ')}.`,
    );
  return found;
}

function rivalEnvironment({ redisUrl, twilioUrl }) {
  return { REDIS_URL: redisUrl, TWILIO_URL: twilioUrl };
}

/** What Node is told in package.json, with the program by its whole path. */
function startProd() {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [, ...args] = scripts['start:prod'].split(' ');
  return args.map((arg) => (arg.endsWith('.mjs') ? join(root, arg) : arg));
}
