import { CALLBACK_MODES } from './callback.mode.js';
import { INBOX_SCHEMAS } from './inbox.schemas.js';

/** A part of an OpenAPI 3.1 description, to be merged into that of a server which serves these routes. */
export interface DescriptionPart {
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, object>>;
  schemas: Record<string, object>;
}

type Properties = Record<string, object>;

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: object, example?: unknown) => ({
  content: { 'application/json': { schema, ...(example !== undefined && { example }) } },
});
const problem = (status: number, code: string, detail: string) => ({
  description: detail,
  content: {
    'application/problem+json': {
      schema: ref('InboxProblem'),
      examples: { [code]: { value: { type: 'about:blank', title: TITLES[status], status, detail, code } } },
    },
  },
});
const TITLES: Readonly<Record<number, string>> = { 400: 'Bad Request', 404: 'Not Found', 409: 'Conflict' };
const WRONG = { 400: problem(400, 'VALIDATION_FAILED', 'limit must be an integer from 1 to 500') };
const UNKNOWN = { 404: problem(404, 'NOT_FOUND', 'There is no such message in the inbox.') };
const CONFLICT = {
  409: problem(409, 'CONFLICT', 'The sender of this message gave no address for callbacks.'),
};
const NOTHING = { 204: { description: 'Done.' } };
const message = (status: number, description: string) => ({
  [status]: { description, ...json(ref('InboxMessage')) },
});

const body = (required: string[], properties: Properties, example: object) => ({
  requestBody: {
    required: true,
    ...json({ type: 'object', required, properties, additionalProperties: false }, example),
  },
});
const query = (name: string, description: string, schema: object) => ({
  in: 'query',
  name,
  description,
  schema,
});
const ID = { in: 'path', name: 'id', required: true, description: 'The SID.', schema: { type: 'string' } };
const PHONE = { type: 'string', pattern: '^\\+[1-9]\\d{6,14}$' };
const TEXT = { type: 'string', minLength: 1, maxLength: 1600 };

const operation = (operationId: string, summary: string, details: object) => ({
  operationId,
  summary,
  tags: ['Inbox'],
  ...details,
});
const MODE_BODY = body(['mode'], { mode: { enum: CALLBACK_MODES } }, { mode: 'duplicated' });
const mode = { description: 'The mode.', ...json(ref('SimulatorCallbacks')) };

/** What an inbox serves as JSON, and the controls of its simulator. */
export const INBOX_DESCRIPTION: DescriptionPart = {
  tags: [
    {
      name: 'Inbox',
      description: 'What was sent, in demo mode only: for tests, and to play phone and carrier.',
    },
  ],
  schemas: INBOX_SCHEMAS,
  paths: {
    '/inbox/messages': {
      get: operation('listMessages', 'Lists the messages, newest first', {
        parameters: [
          query('to', 'Part of the number of the phone.', { type: 'string' }),
          query('text', 'Part of the text.', { type: 'string' }),
          query('before', 'Only messages older than the one with this id.', { type: 'string' }),
          query('limit', 'How many at most.', { type: 'integer', minimum: 1, maximum: 500, default: 50 }),
        ],
        responses: { 200: { description: 'The messages.', ...json(ref('InboxMessages')) }, ...WRONG },
      }),
      post: operation('addMessage', 'Puts a message in as if it was sent', {
        ...body(
          ['to', 'body'],
          { to: PHONE, body: TEXT, from: PHONE },
          { to: '+12025550123', body: 'Code 482913' },
        ),
        responses: { ...message(201, 'The message.'), ...WRONG },
      }),
      delete: operation('deleteMessages', 'Takes all messages out', {
        responses: { 200: { description: 'How many there were.', ...json(ref('InboxDeleted')) } },
      }),
    },
    '/inbox/messages/latest': {
      get: operation('latestMessage', 'Waits for the newest message to a phone', {
        parameters: [
          query('to', 'The number of the phone; without it, of any.', { type: 'string' }),
          query('after', 'Only a message newer than the one with this id; an unknown one is ignored.', {
            type: 'string',
          }),
          query('wait', 'Seconds to wait at most.', { type: 'integer', minimum: 0, maximum: 60, default: 0 }),
        ],
        responses: {
          200: { description: 'The message.', ...json(ref('InboxLatestMessage')) },
          204: { description: 'There is none.' },
          ...WRONG,
        },
      }),
    },
    '/inbox/messages/{id}': {
      get: operation('getMessage', 'Gives one message', {
        parameters: [ID],
        responses: { ...message(200, 'The message.'), ...UNKNOWN },
      }),
      delete: operation('deleteMessage', 'Takes one message out', {
        parameters: [ID],
        responses: { ...NOTHING, ...UNKNOWN },
      }),
    },
    '/inbox/messages/{id}/restore': {
      post: operation('restoreMessage', 'Undoes a deletion of the last 10 minutes', {
        parameters: [ID],
        responses: { ...message(200, 'The message.'), ...UNKNOWN },
      }),
    },
    '/inbox/messages/{id}/status': {
      post: operation('moveMessage', 'Moves a message to a status, and sends the callback', {
        parameters: [ID],
        ...body(
          ['status'],
          {
            status: { enum: ['sent', 'delivered', 'undelivered', 'failed'] },
            errorCode: { type: 'integer', minimum: 1, maximum: 99_999 },
          },
          { status: 'undelivered', errorCode: 30005 },
        ),
        responses: { ...message(200, 'The message.'), ...WRONG, ...UNKNOWN, ...CONFLICT },
      }),
    },
    '/inbox/messages/{id}/callback': {
      post: operation('sendCallback', 'Sends the callback of the present status again', {
        parameters: [ID],
        responses: {
          200: { description: 'What the receiver answered.', ...json(ref('InboxCallback')) },
          ...UNKNOWN,
          ...CONFLICT,
        },
      }),
    },
    '/inbox/messages/{id}/reply': {
      post: operation('replyToMessage', 'Answers as the phone; STOP opts it out, START in again', {
        parameters: [ID],
        ...body(['body'], { body: TEXT }, { body: 'STOP' }),
        responses: { ...message(201, 'The answer.'), ...WRONG, ...UNKNOWN },
      }),
    },
    '/inbox/events': {
      get: operation('streamEvents', 'Streams what happens, as Server-Sent Events', {
        parameters: [query('after', 'Goes on after this event, as Last-Event-ID does.', { type: 'string' })],
        responses: {
          200: {
            description:
              'Events `message` (new or changed), `deleted`, and `reset` when more was missed than is remembered.',
            content: { 'text/event-stream': { schema: { type: 'string' }, example: 'event: message' } },
          },
          ...WRONG,
        },
      }),
    },
    '/simulator/faults': {
      get: operation('listFaults', 'Lists the faults that are still to come', {
        responses: { 200: { description: 'The faults.', ...json(ref('SimulatorFaults')) } },
      }),
      post: operation('addFault', 'Makes the next sends go wrong; see docs/simulator.md', {
        ...body(
          ['fault'],
          {
            fault: ref('SimulatorFault'),
            times: { type: 'integer', minimum: 0, maximum: 1000 },
            always: { type: 'boolean' },
            forMs: { type: 'integer', minimum: 1, maximum: 3_600_000 },
          },
          { fault: { kind: 'status', status: 500, accepted: true } },
        ),
        responses: { ...NOTHING, ...WRONG },
      }),
      delete: operation('clearFaults', 'Ends all faults', { responses: NOTHING }),
    },
    '/simulator/callbacks': {
      get: operation('getCallbacks', 'Tells how status callbacks come', { responses: { 200: mode } }),
      post: operation('setCallbacks', 'Says how status callbacks come', {
        ...MODE_BODY,
        responses: { 200: mode, ...WRONG },
      }),
      delete: operation('resetCallbacks', 'Lets status callbacks come as usual', { responses: NOTHING }),
    },
    '/simulator/opt-outs': {
      get: operation('listOptOuts', 'Lists which phones want nothing more from which sender, oldest first', {
        responses: { 200: { description: 'The opt-outs.', ...json(ref('SimulatorOptOuts')) } },
      }),
      delete: operation('removeOptOuts', 'Lifts all opt-outs, or that of one phone and sender', {
        parameters: [
          query('phone', 'The number of the phone; goes with sender.', { type: 'string' }),
          query('sender', 'The number or the messaging service; goes with phone.', { type: 'string' }),
        ],
        responses: { ...NOTHING, ...WRONG, ...UNKNOWN },
      }),
    },
  },
};
