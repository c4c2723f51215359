// Preloaded into a process: one line of its log prints the error object of the HTTP client that the SDK brings.
import { inspect } from 'node:util';
import twilio from 'twilio';
import { TwilioTransport } from '../../../dist/libs/sms/src/twilio/twilio.transport.js';

const client = new twilio.RequestClient();

TwilioTransport.prototype.request = async (request) => {
  const { pathname } = new URL(request.uri);
  try {
    return await client.request({ ...request, uri: process.env.TWILIO_SMS_BASE_URL + pathname });
  } catch (error) {
    process.stdout.write(`${inspect(error, { depth: 4 })}\n`);
    throw error;
  }
};
