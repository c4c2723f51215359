import type { CallbackMode } from './callback.mode.js';
import type { Clock } from './clock.js';
import type { MessageRecord, TimelineEntry } from './message.record.js';
import { toMessageResource } from './message.resource.js';
import type { Messages } from './messages.js';
import { createStatusCallback, postStatusCallback, type StatusCallback } from './status-callback.js';

export interface StatusCallbacksOptions {
  accountSid: string;
  authToken: string;
  clock: Clock;
}

interface Report {
  readonly record: MessageRecord;
  readonly entry: TimelineEntry | undefined;
  readonly callback: StatusCallback;
}

const DELAY_MS = 3000;
const END: readonly string[] = ['delivered', 'undelivered', 'failed'];

/** Reports what becomes of messages to their senders, in order unless told otherwise. */
export class StatusCallbacks {
  /**
   * How callbacks misbehave: `normal`; `delayed` by 3 seconds; `duplicated`; `reordered`, the newest first, once the end
   * or 3 seconds have come; `before_answer`, the first one before the create request is answered; `unsigned`; `none`.
   */
  mode: CallbackMode = 'normal';
  private readonly tails = new Map<string, Promise<unknown>>();
  private readonly held = new Map<string, Report[]>();
  private readonly cancels = new Set<() => void>();
  private readonly closing = new AbortController();

  constructor(
    private readonly options: StatusCallbacksOptions,
    private readonly messages: Messages,
  ) {}

  modeOf(record: MessageRecord): CallbackMode {
    return record.callbackMode ?? this.mode;
  }

  /** Reports the present status of a message as the mode says. Resolves at once when that is later. */
  async report(record: MessageRecord): Promise<void> {
    const report = this.reportOf(record);
    const mode = this.modeOf(record);
    if (!report || mode === 'none') return;
    if (mode === 'delayed') {
      this.later(() => void this.enqueue(report));
    } else if (mode === 'reordered') {
      this.hold(report);
    } else {
      const times = mode === 'duplicated' ? 2 : 1;
      await Promise.all(Array.from({ length: times }, () => this.enqueue(report)));
    }
  }

  /**
   * Reports the present status of a message now, whatever the mode; unsigned if that is the mode.
   * @returns the status of the answer; null if none came, or if there is nowhere to report to
   */
  async send(record: MessageRecord, authToken?: string): Promise<number | null> {
    const report = this.reportOf(record);
    return report ? this.enqueue(report, authToken) : null;
  }

  /** Resolves when every report that is under way was answered. */
  async settled(): Promise<void> {
    while (this.tails.size > 0) await Promise.all(this.tails.values());
  }

  close(): void {
    this.closing.abort();
    for (const cancel of this.cancels) cancel();
  }

  private reportOf(record: MessageRecord): Report | undefined {
    if (record.statusCallback === null || this.closing.signal.aborted) return undefined;
    const resource = toMessageResource(this.options.accountSid, record);
    const callback = createStatusCallback(record.statusCallback, resource);
    return { record, entry: record.timeline.at(-1), callback };
  }

  /** Behind what is still under way about the same message. */
  private async enqueue(report: Report, authToken?: string): Promise<number | null> {
    const { sid } = report.record;
    const before = this.tails.get(sid) ?? Promise.resolve();
    const answer = before.then(() => this.post(report, authToken));
    this.tails.set(sid, answer);
    await answer;
    if (this.tails.get(sid) === answer) this.tails.delete(sid);
    return answer;
  }

  private async post(
    { record, entry, callback }: Report,
    authToken = this.options.authToken,
  ): Promise<number | null> {
    const at = new Date(this.options.clock.now()).toISOString();
    const token = this.modeOf(record) === 'unsigned' ? null : authToken;
    const answer = await postStatusCallback(callback, token, this.closing.signal);
    if (this.closing.signal.aborted) return null;
    if (entry) entry.callback = { at, answer };
    this.messages.change(record, {});
    return answer;
  }

  private hold(report: Report): void {
    const { sid } = report.record;
    const held = this.held.get(sid) ?? [];
    if (held.length === 0) this.later(() => this.release(sid));
    held.push(report);
    this.held.set(sid, held);
    if (END.includes(report.record.status)) this.release(sid);
  }

  private release(sid: string): void {
    const held = this.held.get(sid) ?? [];
    this.held.delete(sid);
    for (const report of held.reverse()) void this.enqueue(report);
  }

  private later(task: () => void): void {
    const cancel = this.options.clock.schedule(() => {
      this.cancels.delete(cancel);
      task();
    }, DELAY_MS);
    this.cancels.add(cancel);
  }
}
