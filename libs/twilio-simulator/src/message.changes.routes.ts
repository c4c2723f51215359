import type { FastifyPluginAsync } from 'fastify';
import type { Clock } from './clock.js';
import type { MessageRecord } from './message.record.js';
import { toMessageResource, toRfc2822 } from './message.resource.js';
import { findMessage, formOf, withFeedback } from './messages.routes.js';
import type { Messaging } from './messaging.js';
import { authenticate, type TwilioAccount } from './twilio.account.js';
import { TwilioError } from './twilio.errors.js';

const UNDER_WAY: readonly string[] = ['accepted', 'queued', 'sending'];
const MESSAGE = '/2010-04-01/Accounts/:accountSid/Messages/:sid(^[A-Za-z0-9]+)';

/** Redacts and deletes messages, and takes feedback about them. */
export function messageChangesRoutes(
  account: TwilioAccount,
  messaging: Messaging,
  clock: Clock,
): FastifyPluginAsync {
  const now = () => new Date(clock.now()).toISOString();

  return async (scope) => {
    scope.addHook('preHandler', async (request) => authenticate(request, account));

    scope.post(`${MESSAGE}.json`, async (request) => {
      const record = findMessage(request, messaging);
      const form = formOf(request);
      const [body, status] = [form.get('Body'), form.get('Status')];
      if (status === 'canceled') throw new TwilioError(30409, 409);
      if (status) throw new TwilioError(20001, 400, 'Invalid Status');
      if (body) throw new TwilioError(20001, 400, 'Body can only be made empty');
      if (body === '') {
        refuseUnderWay(record);
        messaging.messages.change(record, { redacted: true, updatedAt: now() });
      }
      return withFeedback(toMessageResource(account.accountSid, record));
    });

    scope.delete(`${MESSAGE}.json`, async (request, reply) => {
      const record = findMessage(request, messaging);
      refuseUnderWay(record);
      messaging.messages.change(record, { deletedFromApi: true });
      await reply.code(204).send();
    });

    scope.post('/2010-04-01/Accounts/:accountSid/Messages/:sid/Feedback.json', async (request) => {
      const record = findMessage(request, messaging);
      const outcome = formOf(request).get('Outcome') ?? 'confirmed';
      if (outcome !== 'confirmed' && outcome !== 'unconfirmed') {
        throw new TwilioError(20001, 400, 'Invalid Outcome');
      }
      messaging.messages.change(record, { feedback: outcome });
      const date = toRfc2822(now());
      return {
        account_sid: account.accountSid,
        date_created: date,
        date_updated: date,
        message_sid: record.sid,
        outcome,
        uri: `/2010-04-01/Accounts/${account.accountSid}/Messages/${record.sid}/Feedback.json`,
      };
    });
  };
}

function refuseUnderWay({ status }: MessageRecord): void {
  if (UNDER_WAY.includes(status)) throw new TwilioError(20009, 409);
}
