import type { Clock } from './clock.js';
import { toInboxMessage, type InboxMessage } from './inbox.message.js';
import type { MessageRecord } from './message.record.js';
import type { MessageChange, Messages } from './messages.js';

/** Something that happened in the inbox. */
export type InboxEvent = { id: number } & (
  { type: 'message'; data: InboxMessage } | { type: 'deleted'; data: { id: string } }
);

const REMEMBERED = 1000;

/** Which message an event was about; what it is like now is with the message. */
interface Remembered {
  readonly id: number;
  readonly sid: string;
}

/** The newest 1000 events of an inbox, numbered. */
export class InboxEvents {
  private readonly remembered: Remembered[] = [];
  private readonly listeners = new Set<(event: InboxEvent) => void>();
  private newestId: number;

  constructor(
    private readonly messages: Messages,
    clock: Clock,
  ) {
    // Numbers go on from the time of the start, so that those of a simulator before this one are never taken for known.
    this.newestId = clock.now();
    messages.subscribe((change) => this.note(change));
  }

  /** The number of the newest event. */
  get lastId(): number {
    return this.newestId;
  }

  /**
   * What happened after an event: of each message the last event alone, with what the message is like now. Undefined if
   * that is not known any more.
   */
  after(id: number): InboxEvent[] | undefined {
    const oldestKnown = this.newestId - this.remembered.length;
    if (id < oldestKnown || id > this.newestId) return undefined;
    const missed = this.remembered.slice(id - oldestKnown);
    const lastIds = new Map(missed.map((event) => [event.sid, event.id]));
    return missed
      .filter((event) => lastIds.get(event.sid) === event.id)
      .map((event) => toInboxEvent(event, this.messages.get(event.sid)));
  }

  /** @returns a function that ends it */
  subscribe(listener: (event: InboxEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private note({ kind, record }: MessageChange): void {
    if (record.hiddenAt !== null && kind !== 'hidden') return;
    this.newestId += 1;
    const remembered = { id: this.newestId, sid: record.sid };
    this.remembered.push(remembered);
    if (this.remembered.length > REMEMBERED) this.remembered.shift();
    const event = toInboxEvent(remembered, kind === 'dropped' ? undefined : record);
    for (const listener of this.listeners) listener(event);
  }
}

function toInboxEvent({ id, sid }: Remembered, record: MessageRecord | undefined): InboxEvent {
  return record?.hiddenAt === null
    ? { id, type: 'message', data: toInboxMessage(record) }
    : { id, type: 'deleted', data: { id: sid } };
}
