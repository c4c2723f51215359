// Preloaded into a process: one line of its log prints the text of each message.
import { TwilioTransport } from '../../../dist/libs/sms/src/twilio/twilio.transport.js';

const { value: send } = Object.getOwnPropertyDescriptor(TwilioTransport.prototype, 'request');

TwilioTransport.prototype.request = function (request) {
  process.stdout.write(`${JSON.stringify({ event: 'sent', body: request.data.Body })}\n`);
  return send.call(this, request);
};
