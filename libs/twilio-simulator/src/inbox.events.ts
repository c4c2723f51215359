import type { Clock } from './clock.js';
import { toInboxMessage, type InboxMessage } from './inbox.message.js';
import type { MessageChange, Messages } from './messages.js';

/** Something that happened in the inbox. */
export type InboxEvent = { id: number } & (
  { type: 'message'; data: InboxMessage } | { type: 'deleted'; data: { id: string } }
);

const REMEMBERED = 1000;

/** The newest 1000 events of an inbox, numbered. */
export class InboxEvents {
  private readonly events: InboxEvent[] = [];
  private readonly listeners = new Set<(event: InboxEvent) => void>();
  private newestId: number;

  constructor(messages: Messages, clock: Clock) {
    // Numbers go on from the time of the start, so that those of a simulator before this one are never taken for known.
    this.newestId = clock.now();
    messages.subscribe((change) => this.note(change));
  }

  /** The number of the newest event. */
  get lastId(): number {
    return this.newestId;
  }

  /** What happened after an event; undefined if that is not known any more. */
  after(id: number): InboxEvent[] | undefined {
    const oldestKnown = this.newestId - this.events.length;
    if (id < oldestKnown || id > this.newestId) return undefined;
    return this.events.slice(id - oldestKnown);
  }

  /** @returns a function that ends it */
  subscribe(listener: (event: InboxEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private note({ kind, record }: MessageChange): void {
    const gone = kind === 'hidden' || kind === 'dropped';
    if (record.hiddenAt !== null && kind !== 'hidden') return;
    this.newestId += 1;
    const event: InboxEvent = gone
      ? { id: this.newestId, type: 'deleted', data: { id: record.sid } }
      : { id: this.newestId, type: 'message', data: toInboxMessage(record) };
    this.events.push(event);
    if (this.events.length > REMEMBERED) this.events.shift();
    for (const listener of this.listeners) listener(event);
  }
}
