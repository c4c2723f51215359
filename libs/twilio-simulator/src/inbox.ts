import { systemClock, type Clock } from './clock.js';
import { InboxEvents } from './inbox.events.js';
import { toInboxMessage, type InboxMessage } from './inbox.message.js';
import type { MessageRecord } from './message.record.js';
import { Messaging } from './messaging.js';

export type { InboxMessage } from './inbox.message.js';

/** Which messages to list. */
export interface InboxFilter {
  /** A part of the phone's number; only digits are compared. */
  to?: string;
  /** A part of the text, in upper or lower case. */
  text?: string;
  /** Only messages older than the one with this id. */
  before?: string;
  limit?: number;
}

const RESTORABLE_MS = 10 * 60 * 1000;

/** What phones received, and answered. */
export class Inbox {
  /** What happens in it, as it happens. */
  readonly events: InboxEvents;
  private readonly waiting = new Set<() => void>();

  constructor(
    /** Sends, reports and answers. */
    readonly messaging: Messaging = new Messaging(),
    readonly clock: Clock = systemClock,
  ) {
    this.events = new InboxEvents(messaging.messages, clock);
    messaging.messages.subscribe(({ kind }) => {
      if (kind === 'added') for (const look of this.waiting) look();
    });
  }

  /** Puts a message in as if it was sent. */
  add({ id, ...message }: Pick<InboxMessage, 'to' | 'from' | 'body'> & { id?: string }): InboxMessage {
    return toInboxMessage(this.messaging.simulate({ ...message, ...(id !== undefined && { sid: id }) }));
  }

  /** Newest first. */
  list({ to, text, before, limit }: InboxFilter = {}): InboxMessage[] {
    const records = this.messaging.messages.all();
    const end = before === undefined ? records.length : records.findIndex(({ sid }) => sid === before);
    const digits = to?.replaceAll(/\D/g, '') ?? '';
    const part = text?.toLowerCase() ?? '';
    return records
      .slice(0, Math.max(end, 0))
      .filter((record) => record.hiddenAt === null)
      .filter((record) => phoneOf(record).includes(digits) && record.body.toLowerCase().includes(part))
      .reverse()
      .slice(0, limit)
      .map(toInboxMessage);
  }

  get(id: string): InboxMessage | undefined {
    const record = this.find(id);
    return record && toInboxMessage(record);
  }

  /** The record of a message that is in the inbox. */
  find(id: string): MessageRecord | undefined {
    const record = this.messaging.messages.get(id);
    return record?.hiddenAt === null ? record : undefined;
  }

  /** @returns whether there was such a message */
  delete(id: string): boolean {
    const record = this.find(id);
    if (record) this.messaging.messages.hide(record);
    return record !== undefined;
  }

  /** @returns how many there were */
  deleteAll(): number {
    const records = this.messaging.messages.all().filter(({ hiddenAt }) => hiddenAt === null);
    for (const record of records) this.messaging.messages.hide(record);
    return records.length;
  }

  /** Undoes a deletion of the last 10 minutes. @returns undefined if there was none */
  restore(id: string): InboxMessage | undefined {
    const record = this.messaging.messages.get(id);
    if (!record) return undefined;
    if (record.hiddenAt !== null) {
      if (this.clock.now() - Date.parse(record.hiddenAt) > RESTORABLE_MS) return undefined;
      this.messaging.messages.change(record, { hiddenAt: null });
    }
    return toInboxMessage(record);
  }

  /**
   * The newest message sent to this number (or to any), if it is newer than `after`. An unknown `after` is ignored, and
   * so is what phones answered.
   */
  latest(to?: string, after?: string): InboxMessage | undefined {
    const number = to?.replaceAll(/\s/g, '');
    const records = this.messaging.messages.all();
    const start = after === undefined ? 0 : records.findIndex(({ sid }) => sid === after) + 1;
    const record = records
      .slice(start)
      .filter(({ hiddenAt, direction }) => hiddenAt === null && direction === 'outbound')
      .findLast((candidate) => number === undefined || candidate.to === number);
    return record && toInboxMessage(record);
  }

  /** Like `latest`, but waits for such a message to arrive. Undefined when none did, or when the signal ended the wait. */
  async waitForLatest(
    to: string | undefined,
    after: string | undefined,
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<InboxMessage | undefined> {
    const present = this.latest(to, after);
    if (present || waitMs <= 0 || signal?.aborted) return present;
    return new Promise((resolve) => {
      const settle = (message?: InboxMessage) => {
        clearTimeout(timer);
        this.waiting.delete(look);
        signal?.removeEventListener('abort', giveUp);
        resolve(message);
      };
      const look = () => {
        const message = this.latest(to, after);
        if (message) settle(message);
      };
      const giveUp = () => settle();
      const timer = setTimeout(giveUp, waitMs);
      this.waiting.add(look);
      signal?.addEventListener('abort', giveUp);
    });
  }
}

function phoneOf({ direction, to, from }: MessageRecord): string {
  return direction === 'inbound' ? from : to;
}
