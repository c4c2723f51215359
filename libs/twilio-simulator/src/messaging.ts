import { systemClock, type Clock } from './clock.js';
import { Delivery, type DeliveryOptions } from './delivery.js';
import type { MessageForm } from './message.form.js';
import type { MessageDraft, MessageRecord, MessageStatus } from './message.record.js';
import { Messages } from './messages.js';
import { OptOuts } from './opt-outs.js';
import type { SimulatorState } from './state.js';
import { StatusCallbacks } from './status.callbacks.js';
import { TwilioError } from './twilio.errors.js';

export interface MessagingOptions {
  clock?: Clock;
  accountSid?: string;
  authToken?: string;
  /** What messaging services send from. */
  phoneNumber?: string;
  /** Left out, messages stay where they are until they are moved. */
  delivery?: DeliveryOptions;
}

/** Twilio and the carriers behind it: takes messages, moves them on, reports, and brings answers. */
export class Messaging {
  readonly messages: Messages;
  readonly optOuts: OptOuts;
  readonly callbacks: StatusCallbacks;
  readonly delivery: Delivery;
  readonly phoneNumber: string;

  constructor(options: MessagingOptions = {}) {
    const { clock = systemClock, accountSid = '', authToken = '', phoneNumber = '+15005550006' } = options;
    this.messages = new Messages(clock);
    this.optOuts = new OptOuts(clock);
    this.callbacks = new StatusCallbacks({ accountSid, authToken, clock }, this.messages);
    this.delivery = new Delivery(clock, (...step) => this.moveAndReport(...step), options.delivery);
    this.phoneNumber = phoneNumber;
  }

  /**
   * Takes a message that Twilio would accept.
   * @throws TwilioError 21610 when the phone has opted out of this sender
   */
  accept(
    form: MessageForm,
    draft: Pick<MessageDraft, 'errorCode' | 'status' | 'callbackMode'>,
  ): MessageRecord {
    const { to, body, messagingServiceSid, statusCallback } = form;
    const from = form.from ?? this.phoneNumber;
    if (this.optOuts.has(messagingServiceSid ?? from, to)) throw new TwilioError(21610);
    const status = messagingServiceSid === null ? 'queued' : 'accepted';
    return this.take({ to, from, body, messagingServiceSid, statusCallback, status, ...draft });
  }

  /** Moves a message to a status, and reports it. Resolves when the receiver has answered, or will be told later. */
  async moveAndReport(record: MessageRecord, status: MessageStatus, errorCode?: number): Promise<void> {
    this.messages.move(record, status, errorCode);
    await this.callbacks.report(record);
  }

  /** Puts a message in as if it was sent. */
  simulate(draft: Pick<MessageDraft, 'sid' | 'to' | 'from' | 'body'>): MessageRecord {
    return this.take(draft);
  }

  /**
   * What a phone writes to the sender of a message, or once more after a message of its own. STOP and its like opt it out
   * of that sender, START and its like in again.
   */
  reply(record: MessageRecord, body: string): MessageRecord {
    const { direction, messagingServiceSid } = record;
    const [phone, sender] = direction === 'inbound' ? [record.from, record.to] : [record.to, record.from];
    this.optOuts.follow(body, messagingServiceSid ?? sender, phone);
    return this.messages.add({
      direction: 'inbound',
      to: sender,
      from: phone,
      body,
      messagingServiceSid,
      status: 'received',
    });
  }

  /** Takes up what an earlier simulator kept, and moves on what was under way. */
  restore({ messages, optOuts }: Pick<SimulatorState, 'messages' | 'optOuts'>): void {
    this.optOuts.load(optOuts);
    this.messages.load(messages);
    for (const record of messages) this.delivery.start(record);
  }

  close(): void {
    this.delivery.close();
    this.callbacks.close();
  }

  private take(draft: MessageDraft): MessageRecord {
    const record = this.messages.add(draft);
    this.delivery.start(record);
    return record;
  }
}
