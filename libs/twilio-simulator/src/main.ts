import { join } from 'node:path';
import { TwilioSimulator } from './twilio.simulator.js';

const { PORT, HOST, DATA_PATH, TWILIO_SMS_ACCOUNT_SID, TWILIO_SMS_AUTH_TOKEN, TWILIO_SMS_PHONE_NUMBER } =
  process.env;
const STEP_MS = 700;
const port = Number(PORT || 4010);
const folder = join(DATA_PATH || 'data', 'standalone-simulator');

if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write('PORT must be an integer from 0 to 65535\n');
  process.exit(78);
}

const simulator = await TwilioSimulator.start({
  port,
  host: HOST || undefined,
  accountSid: TWILIO_SMS_ACCOUNT_SID || undefined,
  authToken: TWILIO_SMS_AUTH_TOKEN || undefined,
  phoneNumber: TWILIO_SMS_PHONE_NUMBER || undefined,
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

function stop(what: string, error: unknown): never {
  const reason = error instanceof Error ? error.message : 'unknown error';
  process.stderr.write(`The simulator ${what}: ${reason}\n`);
  process.exit(1);
}
