import type { MessageRecord, MessageStatus } from './message.record.js';
import { messageOf } from './twilio.errors.js';

export const API_VERSION = '2010-04-01';

/** A message as Twilio shows it; field names and types are those of its OpenAPI description. */
export interface MessageResource {
  account_sid: string;
  api_version: string;
  body: string;
  date_created: string;
  date_sent: string | null;
  date_updated: string;
  direction: 'outbound-api' | 'inbound';
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
  subresource_uris: { media: string; feedback?: string };
  to: string;
  uri: string;
}

const PRICE_OF_A_SEGMENT = 0.0075;

/** A service picks its sender when it sends; until then a message of it has neither sender nor segments. */
export function toMessageResource(accountSid: string, record: MessageRecord): MessageResource {
  const path = `/${API_VERSION}/Accounts/${accountSid}/Messages/${record.sid}`;
  const hasSender = record.messagingServiceSid === null || !['accepted', 'queued'].includes(record.status);
  const isBilled = record.sentAt !== null;
  return {
    account_sid: accountSid,
    api_version: API_VERSION,
    body: record.redacted ? '' : record.body,
    date_created: toRfc2822(record.createdAt),
    date_sent: record.sentAt === null ? null : toRfc2822(record.sentAt),
    date_updated: toRfc2822(record.updatedAt),
    direction: record.direction === 'inbound' ? 'inbound' : 'outbound-api',
    error_code: record.errorCode,
    error_message: record.errorCode === null ? null : messageOf(record.errorCode),
    from: hasSender ? record.from : null,
    messaging_service_sid: record.messagingServiceSid,
    num_media: '0',
    num_segments: hasSender ? String(record.segments) : '0',
    price: isBilled ? `-${(record.segments * PRICE_OF_A_SEGMENT).toFixed(5)}` : null,
    price_unit: isBilled ? 'USD' : null,
    sid: record.sid,
    status: record.status,
    subresource_uris: { media: `${path}/Media.json` },
    to: record.to,
    uri: `${path}.json`,
  };
}

/** The form of all dates in Twilio's older API. */
export function toRfc2822(isoDate: string): string {
  return new Date(isoDate).toUTCString().replace('GMT', '+0000');
}
