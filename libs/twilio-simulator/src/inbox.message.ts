import type { MessageRecord, MessageStatus, TimelineEntry } from './message.record.js';

/** A message as its phone shows it, and what became of it. */
export interface InboxMessage {
  /** The message SID. */
  id: string;
  to: string;
  from: string;
  body: string;
  /** The code found in the text, if any. */
  code: string | null;
  /** ISO 8601, UTC. */
  createdAt: string;
  segments: number;
  encoding: string;
  status: MessageStatus;
  errorCode: number | null;
  /** `inbound` messages are answers of phones. */
  direction: 'outbound' | 'inbound';
  /** The newest 50 statuses it has had, oldest first. */
  timeline: TimelineEntry[];
}

export function toInboxMessage(record: MessageRecord): InboxMessage {
  const { sid, to, from, body, code, createdAt, segments, encoding, status, errorCode, direction } = record;
  const timeline = record.timeline.map((entry) => ({ ...entry }));
  return {
    id: sid,
    to,
    from,
    body,
    code,
    createdAt,
    segments,
    encoding,
    status,
    errorCode,
    direction,
    timeline,
  };
}
