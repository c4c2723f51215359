import twilio, { type Twilio } from 'twilio';
import { printAs } from '../secret.js';
import type { TwilioAccount } from '../sms.settings.js';
import type { TwilioTransport } from './twilio.transport.js';

/** The slice of the official SDK that is used. */
export type TwilioClient = Pick<Twilio, 'messages'>;

/** Token of the Twilio client. Override it in a testing module, or provide a client of your own. */
export const TwilioClient = Symbol('TwilioClient');

/** The official SDK on our transport. It does not print its credentials. */
export function createTwilioClient(
  { accountSid, credentials }: TwilioAccount,
  transport: TwilioTransport,
): Twilio {
  const client = twilio(credentials.username, credentials.password.reveal(), {
    accountSid,
    autoRetry: false,
    // The SDK calls nothing but `request`.
    httpClient: transport as unknown as InstanceType<typeof twilio.RequestClient>,
  });
  printAs(client, `TwilioClient { accountSid: '${accountSid}' }`);
  void client.messages; // loads the product now, not with the first send
  return client;
}
