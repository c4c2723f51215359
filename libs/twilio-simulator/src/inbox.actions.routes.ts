import type { FastifyInstance } from 'fastify';
import { toInboxMessage } from './inbox.message.js';
import { noSuchMessage } from './inbox.messages.routes.js';
import type { Inbox } from './inbox.js';
import { checkFields, InputError, integer, matching, oneOf, optional, type Check } from './json.input.js';
import type { MessageRecord, MessageStatus } from './message.record.js';
import { Problem } from './problem.reply.js';

type ById = { Params: { id: string } };

const E164 = /^\+[1-9]\d{6,14}$/;
const MAX_BODY_CHARACTERS = 1600;
const phone = matching(E164, 'a phone number in E.164 form');
const messageText: Check = {
  needs: `a text of 1 to ${MAX_BODY_CHARACTERS} characters`,
  accepts: (value) => typeof value === 'string' && value.length >= 1 && value.length <= MAX_BODY_CHARACTERS,
};

/** What a person can do with the messages of an inbox in place of phones and carriers. */
export function inboxActionsRoutes(scope: FastifyInstance, inbox: Inbox): void {
  const { messaging } = inbox;

  function find(id: string): MessageRecord {
    const record = inbox.find(id);
    if (!record) throw noSuchMessage();
    return record;
  }

  function findOutbound(id: string): MessageRecord {
    const record = find(id);
    if (record.direction === 'inbound') {
      throw new Problem(
        409,
        'CONFLICT',
        'This message came from a phone. Only what was sent to one can do this.',
      );
    }
    return record;
  }

  scope.post('/inbox/messages', async ({ body }, reply) => {
    const input = checkFields(body, 'the body', { to: phone, body: messageText, from: optional(phone) });
    const {
      to,
      body: text,
      from = messaging.phoneNumber,
    } = input as Record<'to' | 'body', string> & {
      from?: string;
    };
    const record = messaging.simulate({ to, from, body: text });
    return reply.code(201).send(toInboxMessage(record));
  });

  scope.post<ById>('/inbox/messages/:id/status', async ({ params, body }) => {
    const record = findOutbound(params.id);
    const { status, errorCode } = checkFields(body, 'the body', {
      status: oneOf('delivered', 'undelivered', 'failed', 'sent'),
      errorCode: optional(integer(1, 99_999)),
    }) as { status: MessageStatus; errorCode?: number };
    if (errorCode !== undefined && status !== 'undelivered' && status !== 'failed') {
      throw new InputError('errorCode goes with undelivered and failed only');
    }
    await messaging.moveAndReport(record, status, errorCode);
    return toInboxMessage(record);
  });

  scope.post<ById>('/inbox/messages/:id/callback', async ({ params }) => {
    const record = findOutbound(params.id);
    if (record.statusCallback === null) {
      throw new Problem(409, 'CONFLICT', 'The sender of this message gave no address for callbacks.');
    }
    return { answer: await messaging.callbacks.send(record) };
  });

  scope.post<ById>('/inbox/messages/:id/reply', async ({ params, body }, reply) => {
    const record = find(params.id);
    const { body: text } = checkFields(body, 'the body', { body: messageText }) as { body: string };
    return reply.code(201).send(toInboxMessage(messaging.reply(record, text)));
  });
}
