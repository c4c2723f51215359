import { join } from 'node:path';
import { TwilioSimulator } from './twilio.simulator.js';

const {
  NODE_ENV,
  PORT,
  HOST,
  DATA_PATH,
  TWILIO_SMS_ACCOUNT_SID,
  TWILIO_SMS_AUTH_TOKEN,
  TWILIO_SMS_API_KEY_SID,
  TWILIO_SMS_API_KEY_SECRET,
  TWILIO_SMS_PHONE_NUMBER,
} = process.env;
const CONFIGURATION_EXIT_CODE = 78;
const STEP_MS = 700;
const port = Number(PORT || 4010);
const folder = join(DATA_PATH || 'data', 'standalone-simulator');

if (NODE_ENV === 'production') {
  refuse('The simulator shows every code, so it does not run with NODE_ENV=production');
}
if (!Number.isInteger(port) || port < 0 || port > 65_535) refuse('PORT must be an integer from 0 to 65535');
if (!TWILIO_SMS_API_KEY_SID !== !TWILIO_SMS_API_KEY_SECRET) {
  refuse('TWILIO_SMS_API_KEY_SID and TWILIO_SMS_API_KEY_SECRET go together');
}
if (HOST && !isLoopback(HOST)) {
  process.stderr.write(`HOST is ${HOST}, so the simulator shows every code to that network\n`);
}

const simulator = await TwilioSimulator.start({
  port,
  host: HOST || undefined,
  accountSid: TWILIO_SMS_ACCOUNT_SID || undefined,
  authToken: TWILIO_SMS_AUTH_TOKEN || undefined,
  phoneNumber: TWILIO_SMS_PHONE_NUMBER || undefined,
  ...(TWILIO_SMS_API_KEY_SID &&
    TWILIO_SMS_API_KEY_SECRET && {
      apiKey: { sid: TWILIO_SMS_API_KEY_SID, secret: TWILIO_SMS_API_KEY_SECRET },
    }),
  delivery: { stepMs: STEP_MS },
  folder,
}).catch((error: unknown) => stop('did not start', error));

if (simulator.damagedStatePath !== undefined) {
  process.stderr.write(
    `What was kept could not be read, so the simulator starts empty. The old file is now ${simulator.damagedStatePath}\n`,
  );
}

process.stdout.write(`Twilio simulator
  API    ${simulator.url}
  Inbox  ${simulator.url}/inbox
  State  ${folder}

Point the API at it with:
  TWILIO_SMS_BASE_URL=${simulator.url}
  TWILIO_SMS_ACCOUNT_SID=${simulator.accountSid}
  TWILIO_SMS_AUTH_TOKEN=${TWILIO_SMS_AUTH_TOKEN ? '(the one you gave)' : simulator.authToken}
  TWILIO_SMS_PHONE_NUMBER=${simulator.phoneNumber}

Messages are moved to delivered step by step. See docs/simulator.md for faults, callbacks and the JSON API.
`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(
    signal,
    () => void simulator.close().catch((error: unknown) => stop('could not keep its state', error)),
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

function refuse(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(CONFIGURATION_EXIT_CODE);
}

function stop(what: string, error: unknown): never {
  const reason = error instanceof Error ? error.message : 'unknown error';
  process.stderr.write(`The simulator ${what}: ${reason}\n`);
  process.exit(1);
}
