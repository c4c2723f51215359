import type { MessageStatusFault } from './faults.js';
import type { InboxMessage } from './inbox.js';
import type { MessageForm } from './message.form.js';

/** Twilio's statuses of an outgoing message, from creation to the end. */
export type MessageStatus =
  'accepted' | 'queued' | 'sending' | 'sent' | 'delivered' | 'undelivered' | 'failed';

/** A message as Twilio shows it; field names and types are those of its OpenAPI description. */
export interface MessageResource {
  account_sid: string;
  api_version: string;
  body: string;
  date_created: string;
  date_sent: string | null;
  date_updated: string;
  direction: 'outbound-api';
  error_code: number | null;
  error_message: string | null;
  from: string | null;
  messaging_service_sid: string | null;
  num_media: string;
  num_segments: string;
  price: string | null;
  price_unit: string | null;
  sid: string;
  status: MessageStatus;
  subresource_uris: { media: string };
  to: string;
  uri: string;
}

/** The resource of a message that was just accepted. A service has not picked its sender yet, so it has neither sender nor segments. */
export function createMessageResource(
  accountSid: string,
  form: MessageForm,
  received: InboxMessage,
  failure?: MessageStatusFault,
): MessageResource {
  const path = `/2010-04-01/Accounts/${accountSid}/Messages/${received.id}`;
  const date = toRfc2822(received.createdAt);
  const byService = form.messagingServiceSid !== null;
  const errorCode = failure?.errorCode ?? null;
  return {
    account_sid: accountSid,
    api_version: '2010-04-01',
    body: form.body,
    date_created: date,
    date_sent: null,
    date_updated: date,
    direction: 'outbound-api',
    error_code: errorCode,
    error_message: errorCode === null ? null : `Error ${errorCode}`,
    from: byService ? null : form.from,
    messaging_service_sid: form.messagingServiceSid,
    num_media: '0',
    num_segments: byService ? '0' : String(received.segments),
    price: null,
    price_unit: null,
    sid: received.id,
    status: failure?.status ?? (byService ? 'accepted' : 'queued'),
    subresource_uris: { media: `${path}/Media.json` },
    to: form.to,
    uri: `${path}.json`,
  };
}

function toRfc2822(isoDate: string): string {
  return new Date(isoDate).toUTCString().replace('GMT', '+0000');
}
