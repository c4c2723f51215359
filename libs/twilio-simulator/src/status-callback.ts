import { createHmac } from 'node:crypto';
import type { MessageResource } from './message.resource.js';

/**
 * Posts the status of a message to the address that its sender gave, signed as Twilio signs. See
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security
 * @returns the status of the answer
 */
export async function postStatusCallback(
  address: string,
  message: MessageResource,
  authToken: string,
): Promise<number> {
  const url = new URL(address);
  url.hash = ''; // connection overrides are for Twilio alone
  const fields: Record<string, string> = {
    AccountSid: message.account_sid,
    ApiVersion: message.api_version,
    From: message.from ?? '',
    MessageSid: message.sid,
    MessageStatus: message.status,
    SmsSid: message.sid,
    SmsStatus: message.status,
    To: message.to,
    ...(message.error_code !== null && { ErrorCode: String(message.error_code) }),
    ...(message.messaging_service_sid !== null && { MessagingServiceSid: message.messaging_service_sid }),
  };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'x-twilio-signature': sign(url.toString(), fields, authToken) },
    body: new URLSearchParams(fields),
    redirect: 'manual',
  });
  return response.status;
}

function sign(url: string, fields: Record<string, string>, authToken: string): string {
  const sorted = Object.keys(fields).sort();
  const signed = url + sorted.map((name) => name + fields[name]).join('');
  return createHmac('sha1', authToken).update(signed).digest('base64');
}
