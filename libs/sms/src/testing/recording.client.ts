import { randomBytes } from 'node:crypto';
import { MessageTemplate } from '../message/message-template.js';
import { maskPhone, PhoneNumber } from '../phone/phone-number.js';
import type { MessageOptions } from '../sms.options.js';
import { resolveSmsOptions } from '../sms.settings.js';
import type { MessageToSend } from '../twilio/send-message.js';
import type { TwilioClient } from '../twilio/twilio.client.js';
import { refusedBy } from '../twilio/twilio.failure.js';
import { codeIn } from './message.code.js';
import { accepted, failureOf, mayArrive, type TwilioOutcome } from './twilio.outcome.js';

/** One request to create a message, and what became of it. */
export interface RecordedMessage {
  /** Of a message that was accepted. */
  readonly sid?: string;
  /** In E.164. */
  readonly to: string;
  /** The sender, in E.164; undefined where a Messaging Service picks it. */
  readonly from?: string;
  readonly messagingServiceSid?: string;
  readonly body: string;
  /** The code in the text; undefined if the text is not that of the template. */
  readonly code?: string;
  /** For how many seconds Twilio may deliver it. */
  readonly validityPeriod?: number;
  readonly statusCallback?: string;
  readonly outcome: TwilioOutcome;
}

interface FetchedStatus {
  readonly status: string;
  readonly errorCode: number | null;
}

/** An answer of Twilio, with as much of it as the library reads. */
interface CreatedMessage extends FetchedStatus {
  readonly sid: string;
  readonly to: string;
  readonly from: string | null;
  readonly messagingServiceSid: string | null;
  readonly body: string;
}

/**
 * Takes the place of Twilio in tests: nothing is sent, and what would have been can be looked at. Errors of the library
 * are the same as with the real Twilio, since outcomes go through the same classification.
 *
 * {@link SmsTestingModule} comes with one. To put one into an app as it is, override the token:
 *
 * ```ts
 * const twilio = new RecordingTwilioClient();
 * const app = await Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(TwilioClient) // getTwilioClientToken('reminders') of an instance with a name
 *   .useValue(twilio)
 *   .overrideProvider(RateLimitStore)
 *   .useValue(new MemoryRateLimitStore())
 *   .compile();
 * ```
 *
 * The app's options are used as they are then. With its default of `maxAttempts` the library tries again after a refused
 * connection, a 429 or a 5xx, and each try is a request of its own, with an outcome of its own.
 */
export class RecordingTwilioClient implements TwilioClient {
  /** The slice of the official SDK that the library uses: `messages.create(...)` and `messages(sid).fetch()`. */
  readonly messages: TwilioClient['messages'];

  private readonly template: MessageTemplate;
  private readonly statuses = new Map<string, FetchedStatus>();
  private recorded: RecordedMessage[] = [];
  private scripted: TwilioOutcome[] = [];
  private otherwise = accepted();

  /**
   * @param message the option `message` of the app, so that the code is found in the text; not needed with the text that
   * the library has by default
   * @throws SmsOptionsError if it is not right
   */
  constructor(message: MessageOptions = {}) {
    this.template = templateOf(message);
    this.messages = Object.assign((sid: string) => ({ fetch: async () => this.fetch(sid) }), {
      create: async (toSend: MessageToSend) => this.create(toSend),
    }) as unknown as TwilioClient['messages'];
  }

  /** All requests to create a message, oldest first, whatever became of them. */
  get sent(): readonly RecordedMessage[] {
    return this.recorded;
  }

  /** @param phone any spelling that the library reads. @throws PhoneFormatError */
  sentTo(phone: string): readonly RecordedMessage[] {
    const { e164 } = PhoneNumber.parse(phone);
    return this.recorded.filter(({ to }) => to === e164);
  }

  /**
   * The code that the phone would show: of the last message to it that was accepted, or may have gone out.
   * @param phone any spelling that the library reads
   * @throws PhoneFormatError
   * @throws Error if there is no such message, or its text is not that of the template
   */
  lastCodeFor(phone: string): string {
    const { e164 } = PhoneNumber.parse(phone);
    const last = this.recorded.findLast(({ to, outcome }) => to === e164 && mayArrive(outcome));
    if (!last) throw new Error(`No message has gone out to ${maskPhone(e164)}.`);
    if (last.code === undefined) {
      throw new Error(
        'The last message is not in the words of the template. Give the option message of the app, for example ' +
          "new RecordingTwilioClient({ template: 'Your code is %s' }).",
      );
    }
    return last.code;
  }

  /** What becomes of the next requests to create a message, in order. After them it is as before. */
  next(...outcomes: readonly TwilioOutcome[]): void {
    this.scripted.push(...outcomes);
  }

  /** What becomes of every request that has no outcome by {@link next}. @default accepted() */
  always(outcome: TwilioOutcome): void {
    this.otherwise = outcome;
  }

  /**
   * What Twilio says from now on when it is asked how far a message got.
   * @param sid of a message that was accepted, or any other one
   * @param status such as `sent`, `delivered`, `undelivered` or `failed`
   * @param errorCode why it was not delivered; see https://www.twilio.com/docs/api/errors
   */
  setStatus(sid: string, status: string, errorCode?: number): void {
    this.statuses.set(sid, { status, errorCode: errorCode ?? null });
  }

  /** Forgets messages, statuses, and outcomes to come: everything is accepted again. */
  reset(): void {
    this.recorded = [];
    this.scripted = [];
    this.otherwise = accepted();
    this.statuses.clear();
  }

  private create(toSend: MessageToSend): CreatedMessage {
    const outcome = this.scripted.shift() ?? this.otherwise;
    const { to, from, messagingServiceSid, body = '', validityPeriod, statusCallback } = toSend;
    const message = { to, from, messagingServiceSid, body, validityPeriod, statusCallback, outcome };
    const code = codeIn(body, this.template);
    if (outcome.kind !== 'accepted') {
      this.recorded.push({ ...message, code });
      throw failureOf(outcome);
    }
    const { sid = newSid(), status = 'queued', errorCode } = outcome;
    this.recorded.push({ ...message, code, sid });
    this.setStatus(sid, status, errorCode);
    return {
      sid,
      status,
      errorCode: errorCode ?? null,
      to,
      from: from ?? null,
      messagingServiceSid: messagingServiceSid ?? null,
      body,
    };
  }

  private fetch(sid: string): FetchedStatus & { sid: string } {
    const known = this.statuses.get(sid);
    if (!known) throw refusedBy({ status: 404, twilioCode: 20404 });
    return { sid, ...known };
  }
}

function newSid(): string {
  return `SM${randomBytes(16).toString('hex')}`;
}

/** As the module reads the option, with its default. */
function templateOf(message: MessageOptions): MessageTemplate {
  const sender = { phoneNumber: '+12025550100' };
  return resolveSmsOptions({ twilio: sender, message }, { account: false, storage: false }).message.template;
}
