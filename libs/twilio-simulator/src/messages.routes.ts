import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { assertMaySend, type AccountConditions } from './account.conditions.js';
import type { Clock } from './clock.js';
import { misbehave, sendCreated } from './fault.reply.js';
import { acceptsMessage, type Fault, type Faults } from './faults.js';
import { SLOW_ANSWER_MS, SLOW_TO } from './magic-numbers.js';
import { readMessageForm } from './message.form.js';
import type { MessageRecord } from './message.record.js';
import { toMessageResource, type MessageResource } from './message.resource.js';
import { filterMessages } from './messages.list.js';
import type { Messaging } from './messaging.js';
import { authenticate, type TwilioAccount } from './twilio.account.js';
import { TwilioError } from './twilio.errors.js';
import { paginate } from './twilio.page.js';

const BEFORE_ANSWER_MS = 2000;

/** Creates, fetches and lists messages. */
export function messagesRoutes(
  account: TwilioAccount,
  conditions: AccountConditions,
  messaging: Messaging,
  faults: Faults,
  clock: Clock,
): FastifyPluginAsync {
  const { accountSid } = account;

  function accept(request: FastifyRequest, fault: Fault | undefined): MessageRecord {
    const form = readMessageForm(formOf(request));
    assertMaySend(conditions, account.phoneNumber, form);
    return messaging.accept(form, {
      ...(fault?.kind === 'messageStatus' && { status: fault.status, errorCode: fault.errorCode ?? null }),
      ...(fault?.kind === 'callbacks' && { callbackMode: fault.mode }),
    });
  }

  /** Resolves when the answer may go out. */
  async function untilAnswerable(record: MessageRecord): Promise<void> {
    if (messaging.callbacks.modeOf(record) === 'before_answer') {
      // A receiver that waits for the answer before it takes callbacks must not wait for ever.
      await Promise.race([messaging.delivery.step(record), sleep(clock, BEFORE_ANSWER_MS)]);
    }
    if (record.to === SLOW_TO) await sleep(clock, SLOW_ANSWER_MS);
  }

  return async (scope) => {
    scope.post('/2010-04-01/Accounts/:accountSid/Messages.json', async (request, reply) => {
      authenticate(request, account);
      const form = formOf(request);
      const fault = faults.take({ to: form.get('To') ?? '', body: form.get('Body') ?? '' });
      if (fault && !acceptsMessage(fault)) return misbehave(reply, fault, '');
      const record = accept(request, fault);
      const created = JSON.stringify(toMessageResource(accountSid, record));
      await untilAnswerable(record);
      return fault ? misbehave(reply, fault, created) : sendCreated(reply, created);
    });

    scope.get('/2010-04-01/Accounts/:accountSid/Messages.json', async (request) => {
      authenticate(request, account);
      const url = new URL(request.url, 'http://twilio');
      const all = messaging.messages
        .all()
        .filter(({ deletedFromApi }) => !deletedFromApi)
        .map((record) => withFeedback(toMessageResource(accountSid, record)))
        .reverse();
      const { page, items } = paginate(
        filterMessages(all, url.searchParams),
        ({ sid }) => messaging.messages.orderOf(sid),
        url.pathname,
        url.searchParams,
      );
      return { ...page, messages: items };
    });

    scope.get<{ Params: { sid: string } }>(
      '/2010-04-01/Accounts/:accountSid/Messages/:sid(^[A-Za-z0-9]+).json',
      async (request, reply) => {
        authenticate(request, account);
        const message = withFeedback(toMessageResource(accountSid, findMessage(request, messaging)));
        const fault = faults.takeForFetch();
        return fault ? misbehave(reply, fault, JSON.stringify(message)) : message;
      },
    );
  };
}

/** @throws TwilioError 20404 */
export function findMessage(request: FastifyRequest, messaging: Messaging): MessageRecord {
  const { sid } = request.params as { sid: string };
  const record = messaging.messages.get(sid);
  if (!record || record.deletedFromApi) throw TwilioError.notFound(request.url);
  return record;
}

export function formOf(request: FastifyRequest): URLSearchParams {
  return request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
}

/** A message that exists also has the address of its feedback; the answer that creates it has not. */
export function withFeedback(message: MessageResource): MessageResource {
  const feedback = message.uri.replace(/\.json$/, '/Feedback.json');
  return { ...message, subresource_uris: { feedback, ...message.subresource_uris } };
}

async function sleep(clock: Clock, ms: number): Promise<void> {
  await new Promise<void>((resolve) => clock.schedule(resolve, ms));
}
