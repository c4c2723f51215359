import { Inject, type InjectionToken } from '@nestjs/common';
import type { MessageOptions } from '../sms.options.js';
import { ManualClock } from './manual.clock.js';
import { MemoryRateLimitStore } from './memory.store.js';
import { RecordingTwilioClient, type RecordedMessage } from './recording.client.js';

/** What a test sees of {@link SmsTestingModule}: the messages, and what it can make happen. */
export class SmsTesting {
  /** The time of the limits. It stands still until it is advanced. */
  readonly clock = new ManualClock();
  /** In place of Twilio: what was sent, and what becomes of the next messages. */
  readonly twilio: RecordingTwilioClient;
  /** In place of Redis or the embedded store. */
  readonly store = new MemoryRateLimitStore(this.clock);

  constructor(message?: MessageOptions) {
    this.twilio = new RecordingTwilioClient(message);
  }

  /** All messages that Twilio was asked to send, oldest first, whatever became of them. */
  get messages(): readonly RecordedMessage[] {
    return this.twilio.sent;
  }

  /** See {@link RecordingTwilioClient.lastCodeFor}: it throws if no message has gone out to the phone. */
  lastCodeFor(phone: string): string {
    return this.twilio.lastCodeFor(phone);
  }

  /** As at the start: no messages, no outcomes to come, every allowance whole. The clock stays where it is. */
  reset(): void {
    this.twilio.reset();
    this.store.clear();
  }
}

/** @param name of the instance; without one, the class is its own token */
export function getSmsTestingToken(name?: string): InjectionToken<SmsTesting> {
  return name === undefined ? SmsTesting : `SmsTesting of ${name}`;
}

/** Injects the {@link SmsTesting} of an instance with a name. Without a name, its type alone is enough. */
export function InjectSmsTesting(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getSmsTestingToken(name));
}
