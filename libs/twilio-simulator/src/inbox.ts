import { SegmentedMessage } from 'sms-segments-calculator';

/** A message that was accepted, as its recipient would see it. */
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
}

const CAPACITY = 500;

/** The newest 500 accepted messages, in memory. */
export class Inbox {
  private readonly messages: InboxMessage[] = [];
  private readonly waiting = new Set<() => void>();

  /** Keeps a message and wakes whoever waits for it. */
  add(message: Pick<InboxMessage, 'id' | 'to' | 'from' | 'body'>): InboxMessage {
    const text = new SegmentedMessage(message.body);
    const received: InboxMessage = {
      ...message,
      code: findCode(message.body),
      createdAt: new Date().toISOString(),
      segments: text.segmentsCount,
      encoding: text.encodingName,
    };
    this.messages.push(received);
    if (this.messages.length > CAPACITY) this.messages.shift();
    for (const look of this.waiting) look();
    return received;
  }

  /** Newest first. */
  list(): InboxMessage[] {
    return this.messages.toReversed();
  }

  /** The newest message to this number (or to any), if it is newer than `after`. An unknown `after` is ignored. */
  latest(to?: string, after?: string): InboxMessage | undefined {
    const number = to?.replaceAll(/\s/g, '');
    const start = after === undefined ? 0 : this.messages.findIndex((message) => message.id === after) + 1;
    return this.messages.slice(start).findLast((message) => number === undefined || message.to === number);
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

/**
 * The code of an origin-bound last line (`@host #code`); else the first 4 to 10 digits; else the first word of 4 to 10
 * letters and digits with a digit in it. Boundaries are ASCII: a digit beside a Chinese character still starts a code.
 */
function findCode(body: string): string | null {
  const lastLine = body.trimEnd().split('\n').at(-1) ?? '';
  const bound = /^@\S+ #(\S+)/.exec(lastLine)?.[1];
  if (bound !== undefined) return bound;
  const found = /(?<![\w+])\d{4,10}(?!\w)/.exec(body) ?? /(?<!\w)(?=\w*\d)[A-Za-z\d]{4,10}(?!\w)/.exec(body);
  return found?.[0] ?? null;
}
