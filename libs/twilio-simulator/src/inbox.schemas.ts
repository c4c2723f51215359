import { CALLBACK_MODES } from './callback.mode.js';

const EXAMPLE_ID = 'SM0123456789abcdef0123456789abcdef';
const TIME = { type: 'string', format: 'date-time', example: '2026-01-01T00:00:00.000Z' };
const PHONE = { type: 'string', example: '+12025550123' };
const ERROR_CODE = { type: ['integer', 'null'], example: null };
const STATUS = {
  enum: ['accepted', 'queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed', 'received'],
  example: 'delivered',
};
const RECEIVED = {
  id: { type: 'string', example: EXAMPLE_ID },
  to: PHONE,
  from: { type: 'string', example: '+15005550006' },
  body: { type: 'string', example: 'Your verification code is: 482913' },
  code: { type: ['string', 'null'], description: 'Found in the text, if any.', example: '482913' },
  createdAt: TIME,
};
const FAULT = { $ref: '#/components/schemas/SimulatorFault' };

const object = (properties: Record<string, object>) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
});

/** The bodies of the inbox's answers, by name. */
export const INBOX_SCHEMAS: Record<string, object> = {
  InboxMessage: object({
    ...RECEIVED,
    segments: { type: 'integer', example: 1 },
    encoding: { type: 'string', example: 'GSM-7' },
    status: STATUS,
    errorCode: ERROR_CODE,
    direction: { enum: ['outbound', 'inbound'], example: 'outbound' },
    timeline: { type: 'array', items: { $ref: '#/components/schemas/InboxTimelineEntry' } },
  }),
  InboxTimelineEntry: object({
    status: STATUS,
    at: TIME,
    errorCode: ERROR_CODE,
    callback: {
      description: 'The newest callback about it, and the HTTP status of the answer, if any came.',
      oneOf: [object({ at: TIME, answer: { type: ['integer', 'null'] } }), { type: 'null' }],
      example: { at: '2026-01-01T00:00:00.100Z', answer: 204 },
    },
  }),
  InboxMessages: object({
    messages: { type: 'array', items: { $ref: '#/components/schemas/InboxMessage' } },
  }),
  InboxLatestMessage: object(RECEIVED),
  InboxDeleted: object({ deleted: { type: 'integer', example: 3 } }),
  InboxCallback: object({ answer: { type: ['integer', 'null'], example: 204 } }),
  InboxProblem: object({
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
  }),
  SimulatorFault: {
    type: 'object',
    required: ['kind'],
    properties: {
      kind: {
        enum: [
          'status',
          'hang',
          'reset',
          'truncate',
          'drip',
          'delay',
          'messageStatus',
          'callbacks',
          'redirect',
        ],
        example: 'delay',
      },
    },
    additionalProperties: { description: 'Fields of this kind.', example: 1000 },
  },
  SimulatorFaults: object({
    queued: { type: 'array', items: FAULT },
    fetch: { type: 'array', items: FAULT },
    standing: { oneOf: [object({ fault: FAULT, endsAt: TIME }), { type: 'null' }], example: null },
  }),
  SimulatorCallbacks: object({ mode: { enum: CALLBACK_MODES, example: 'normal' } }),
  SimulatorOptOuts: object({
    optOuts: {
      type: 'array',
      items: object({
        phone: PHONE,
        sender: { type: 'string', example: '+15005550006' },
        since: TIME,
      }),
    },
  }),
};
