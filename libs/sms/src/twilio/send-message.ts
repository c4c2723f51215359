import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  MessageInstance,
  MessageListInstanceCreateOptions,
} from 'twilio/lib/rest/api/v2010/account/message.js';
import type { SmsFailureReason } from '../sms.errors.js';
import { NO_OBSERVER, type SmsObserver, type TwilioAnswer } from '../sms.observer.js';
import type { TwilioSettings } from '../sms.settings.js';
import { end, inSpan, startChildSpan } from '../sms.tracing.js';
import { beforeDeadline } from './before-deadline.js';
import { withDeadline, type Deadline } from './deadline.js';
import type { SendPermit } from './send-permits.js';
import type { TwilioClient } from './twilio.client.js';
import {
  asTwilioFailure,
  failedMessage,
  neverReached,
  noUsableAnswer,
  twilioCodeOf,
  type TwilioFailure,
} from './twilio.failure.js';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;

/** What is kept of an answer. A proxy may have put there what it was sent, with the code and the credentials. */
const SID = /^[SM]M[0-9a-zA-Z]{1,32}$/;
const STATUS = /^[a-z_]{1,20}$/;

/** The message to create; every try carries the same one. Twilio offers no idempotency key. */
export type MessageToSend = MessageListInstanceCreateOptions;

/** What a send is bound by, and who is told of its tries. */
export interface SendContext {
  readonly deadline: Deadline;
  /** It may not allow another try. */
  readonly permit: Pick<SendPermit, 'record' | 'mayRetry'>;
  readonly observer?: SmsObserver;
}

/**
 * Asks Twilio to deliver one message: tries again as the policy allows, within the deadline.
 * @throws TwilioFailure, ambiguous if any of the tries was
 */
export async function sendMessage(
  client: TwilioClient,
  message: MessageToSend,
  policy: Pick<TwilioSettings, 'maxAttempts' | 'retryAmbiguous'>,
  { deadline, permit, observer = NO_OBSERVER }: SendContext,
): Promise<MessageInstance> {
  let ambiguous: TwilioFailure | undefined;
  for (let attempt = 1; ; attempt += 1) {
    if (deadline.passed) throw ambiguous ?? neverReached();
    const beganAt = performance.now();
    const span = startChildSpan('twilio.request');
    const ended = (answer: TwilioAnswer, reason?: SmsFailureReason, twilioCode?: number): void => {
      permit.record(answer);
      observer.twilioRequest({ attempt, durationMs: performance.now() - beganAt, answer, reason });
      const facts = { 'twilio.attempt': attempt, 'twilio.answer': answer, 'twilio.code': twilioCode };
      end(span, facts, reason ?? (answer === '2xx' ? undefined : answer));
    };
    try {
      const created = await inSpan(span, () => createMessage(client, message, deadline));
      ended('2xx');
      return created;
    } catch (error) {
      const failure = asTwilioFailure(error);
      ended(failure.facts.answer, failure.facts.reason, failure.facts.twilioCode);
      if (failure.facts.certainty === 'ambiguous') ambiguous = failure;
      const pauseMs = pauseAfter(failure, attempt);
      const another =
        attempt < policy.maxAttempts && mayRetry(failure, policy) && pauseMs < deadline.remainingMs;
      if (!another) throw ambiguous ?? failure;
      await sleep(pauseMs);
      if (!permit.mayRetry) throw ambiguous ?? failure;
    }
  }
}

async function createMessage(
  client: TwilioClient,
  message: MessageToSend,
  deadline: Deadline,
): Promise<MessageInstance> {
  const creating = withDeadline(deadline, async () => client.messages.create(message));
  const created = await beforeDeadline(creating, deadline);
  if (created.status === 'failed' || created.status === 'undelivered') {
    throw failedMessage(twilioCodeOf(created.errorCode));
  }
  if (!SID.test(created.sid) || !STATUS.test(created.status)) throw noUsableAnswer();
  return created;
}

function mayRetry({ facts }: TwilioFailure, policy: { retryAmbiguous: boolean }): boolean {
  return facts.retryable === true && (facts.certainty === 'definite' || policy.retryAmbiguous);
}

/** Exponential back-off with full jitter, or what Twilio asks for if that is longer. */
function pauseAfter({ facts }: TwilioFailure, attempt: number): number {
  const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
  return Math.max(randomInt(ceiling), (facts.retryAfterSeconds ?? 0) * 1_000);
}
