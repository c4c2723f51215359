import type { CallbackMode } from './callback.mode.js';

/** Twilio's statuses of an outgoing message from creation to the end, and that of an incoming one. */
export const MESSAGE_STATUSES = [
  'accepted',
  'queued',
  'sending',
  'sent',
  'delivered',
  'undelivered',
  'failed',
  'received',
] as const;

export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/** A status that a message has had. Times are ISO 8601, UTC. */
export interface TimelineEntry {
  status: MessageStatus;
  at: string;
  errorCode: number | null;
  /** The newest callback about it: when it was sent, and the HTTP status of the answer; null if none came. */
  callback: { at: string; answer: number | null } | null;
}

/** All that the simulator knows of a message. Times are ISO 8601, UTC. */
export interface MessageRecord {
  readonly sid: string;
  readonly direction: 'outbound' | 'inbound';
  readonly to: string;
  /** Of a messaging service, the number it picks when it sends. */
  readonly from: string;
  readonly messagingServiceSid: string | null;
  /** As the phone shows it, also when Twilio's copy was redacted. */
  readonly body: string;
  readonly code: string | null;
  readonly segments: number;
  readonly encoding: string;
  readonly createdAt: string;
  /** Where its sender wants its status reported. */
  readonly statusCallback: string | null;
  /** How its callbacks misbehave, if otherwise than those of the simulator. */
  readonly callbackMode: CallbackMode | null;
  updatedAt: string;
  sentAt: string | null;
  status: MessageStatus;
  errorCode: number | null;
  /** The newest 50 statuses, oldest first. */
  timeline: TimelineEntry[];
  redacted: boolean;
  feedback: 'confirmed' | 'unconfirmed' | null;
  /** When it was taken out of the inbox. Twilio's API still shows it. */
  hiddenAt: string | null;
  /** Deleted through Twilio's API. The phone, and so the inbox, still has it. */
  deletedFromApi: boolean;
}

/** What is needed for a message to exist. */
export type MessageDraft = Pick<MessageRecord, 'to' | 'from' | 'body'> &
  Partial<
    Pick<
      MessageRecord,
      'sid' | 'direction' | 'messagingServiceSid' | 'status' | 'errorCode' | 'statusCallback' | 'callbackMode'
    >
  >;
