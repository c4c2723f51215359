import type { Clock } from './clock.js';
import { UNDELIVERABLE_TO } from './magic-numbers.js';
import type { MessageRecord, MessageStatus } from './message.record.js';

export interface DeliveryOptions {
  /** Milliseconds between two statuses of a message. */
  stepMs: number;
}

const NEXT: Partial<Record<MessageStatus, MessageStatus>> = {
  accepted: 'queued',
  queued: 'sending',
  sending: 'sent',
  sent: 'delivered',
};
const UNKNOWN_HANDSET = 30005;

/** Moves messages on by themselves, step by step, from wherever they are to their end. */
export class Delivery {
  private readonly cancels = new Set<() => void>();

  /** @param options left out, messages stay where they are */
  constructor(
    private readonly clock: Clock,
    private readonly move: (
      record: MessageRecord,
      status: MessageStatus,
      errorCode?: number,
    ) => Promise<void>,
    private readonly options?: DeliveryOptions,
  ) {}

  start(record: MessageRecord): void {
    if (!this.options || NEXT[record.status] === undefined) return;
    const cancel = this.clock.schedule(() => {
      this.cancels.delete(cancel);
      void this.step(record);
      this.start(record);
    }, this.options.stepMs);
    this.cancels.add(cancel);
  }

  /** Takes the next step now. Resolves when its report was answered, or is to be sent later. */
  async step(record: MessageRecord): Promise<void> {
    const next = NEXT[record.status];
    if (next === undefined) return;
    if (next === 'delivered' && record.to === UNDELIVERABLE_TO) {
      await this.move(record, 'undelivered', UNKNOWN_HANDSET);
    } else {
      await this.move(record, next);
    }
  }

  close(): void {
    for (const cancel of this.cancels) cancel();
    this.cancels.clear();
  }
}
