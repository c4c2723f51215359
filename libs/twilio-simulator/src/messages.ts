import { randomBytes } from 'node:crypto';
import { SegmentedMessage } from 'sms-segments-calculator';
import { systemClock, type Clock } from './clock.js';
import { findCode } from './message.code.js';
import type { MessageDraft, MessageRecord, MessageStatus } from './message.record.js';

/** What happened to a message. `hidden` and `dropped` messages are no longer in the inbox. */
export interface MessageChange {
  kind: 'added' | 'changed' | 'hidden' | 'dropped';
  record: MessageRecord;
}

const CAPACITY = 500;
const MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;
const ORDERS_PER_MS = 1000;
const MAX_TIMELINE_ENTRIES = 50;
const ON_THE_AIR: readonly MessageStatus[] = ['sent', 'delivered', 'undelivered'];

/** The newest 500 messages of the last 7 days, outgoing and incoming. */
export class Messages {
  private readonly bySid = new Map<string, MessageRecord>();
  private readonly orders = new Map<string, number>();
  private newestOrder = 0;
  private readonly listeners = new Set<(change: MessageChange) => void>();

  constructor(private readonly clock: Clock = systemClock) {}

  add(draft: MessageDraft): MessageRecord {
    const text = new SegmentedMessage(draft.body);
    const at = this.now();
    const { status = 'queued', errorCode = null } = draft;
    const record: MessageRecord = {
      direction: 'outbound',
      messagingServiceSid: null,
      statusCallback: null,
      callbackMode: null,
      ...draft,
      sid: draft.sid ?? `SM${randomBytes(16).toString('hex')}`,
      code: findCode(draft.body),
      segments: text.segmentsCount,
      encoding: text.encodingName,
      createdAt: at,
      updatedAt: at,
      sentAt: status === 'received' || ON_THE_AIR.includes(status) ? at : null,
      status,
      errorCode,
      timeline: [{ status, at, errorCode, callback: null }],
      redacted: false,
      feedback: null,
      hiddenAt: null,
      deletedFromApi: false,
    };
    this.keep(record);
    this.tell('added', record);
    this.dropOld();
    return record;
  }

  get(sid: string): MessageRecord | undefined {
    return this.bySid.get(sid);
  }

  /** Grows from one message to the next; 0 for one that is not there. */
  orderOf(sid: string): number {
    return this.orders.get(sid) ?? 0;
  }

  /** Oldest first. */
  all(): MessageRecord[] {
    this.dropOld();
    return [...this.bySid.values()];
  }

  /** Gives the message a status, as its carrier would. */
  move(record: MessageRecord, status: MessageStatus, errorCode: number | null = null): void {
    const at = this.now();
    record.timeline.push({ status, at, errorCode, callback: null });
    record.timeline.splice(0, record.timeline.length - MAX_TIMELINE_ENTRIES);
    const sentAt = record.sentAt ?? (ON_THE_AIR.includes(status) ? at : null);
    this.change(record, { status, errorCode, sentAt, updatedAt: at });
  }

  change(record: MessageRecord, fields: Partial<MessageRecord>): void {
    Object.assign(record, fields);
    if (this.bySid.has(record.sid)) this.tell('changed', record);
  }

  /** Takes the message out of the inbox. */
  hide(record: MessageRecord): void {
    record.hiddenAt = this.now();
    this.tell('hidden', record);
  }

  /** Puts messages back that were kept somewhere, oldest first, without telling anybody. */
  load(records: readonly MessageRecord[]): void {
    for (const record of records) this.keep(record);
    this.dropOld();
  }

  /** @returns a function that ends it */
  subscribe(listener: (change: MessageChange) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private keep(record: MessageRecord): void {
    // From the time, so that places in the order are still right after a restart.
    const order = Date.parse(record.createdAt) * ORDERS_PER_MS;
    this.newestOrder = Math.max(this.newestOrder + 1, order);
    this.bySid.set(record.sid, record);
    this.orders.set(record.sid, this.newestOrder);
  }

  private dropOld(): void {
    const oldestAllowed = this.clock.now() - MAX_AGE_MS;
    for (const record of this.bySid.values()) {
      if (this.bySid.size <= CAPACITY && Date.parse(record.createdAt) >= oldestAllowed) return;
      this.bySid.delete(record.sid);
      this.orders.delete(record.sid);
      this.tell('dropped', record);
    }
  }

  private tell(kind: MessageChange['kind'], record: MessageRecord): void {
    for (const listener of this.listeners) listener({ kind, record });
  }

  private now(): string {
    return new Date(this.clock.now()).toISOString();
  }
}
