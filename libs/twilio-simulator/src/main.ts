import { TwilioSimulator } from './twilio.simulator.js';

const { PORT, HOST, TWILIO_SMS_ACCOUNT_SID, TWILIO_SMS_AUTH_TOKEN, TWILIO_SMS_PHONE_NUMBER } = process.env;
const port = Number(PORT || 4010);

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
}).catch((error: unknown) => {
  process.stderr.write(
    `The simulator did not start: ${error instanceof Error ? error.message : 'unknown error'}\n`,
  );
  process.exit(1);
});

process.stdout.write(`Twilio simulator
  API    ${simulator.url}
  Inbox  ${simulator.url}/inbox

Point the API at it with:
  TWILIO_SMS_BASE_URL=${simulator.url}
  TWILIO_SMS_ACCOUNT_SID=${simulator.accountSid}
  TWILIO_SMS_AUTH_TOKEN=${TWILIO_SMS_AUTH_TOKEN ? '(the one you gave)' : simulator.authToken}
  TWILIO_SMS_PHONE_NUMBER=${simulator.phoneNumber}
`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.close());
}
