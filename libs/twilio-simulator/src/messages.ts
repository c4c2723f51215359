import type { MessageResource, MessageStatus } from './message.resource.js';

const CAPACITY = 1000;

/** The newest 1000 accepted messages as Twilio shows them, and where their status is reported to. */
export class Messages {
  private readonly bySid = new Map<string, { message: MessageResource; statusCallback: string | null }>();

  add(message: MessageResource, statusCallback: string | null): void {
    this.bySid.set(message.sid, { message, statusCallback });
    const [oldest] = this.bySid.keys();
    if (this.bySid.size > CAPACITY && oldest !== undefined) this.bySid.delete(oldest);
  }

  get(sid: string): MessageResource | undefined {
    return this.bySid.get(sid)?.message;
  }

  /** The address that the sender gave for reports, if any. */
  statusCallbackOf(sid: string): string | null {
    return this.bySid.get(sid)?.statusCallback ?? null;
  }

  /** @returns the message as it is now; undefined if there is none */
  move(sid: string, status: MessageStatus, errorCode?: number): MessageResource | undefined {
    const message = this.get(sid);
    if (!message) return undefined;
    const error = { error_code: errorCode ?? null, error_message: errorCode ? `Error ${errorCode}` : null };
    return Object.assign(message, { status, ...error });
  }
}
