import { randomBytes } from 'node:crypto';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { misbehave, sendCreated } from './fault.reply.js';
import { acceptsMessage, type Fault, type Faults } from './faults.js';
import type { Inbox } from './inbox.js';
import { readMessageForm } from './message.form.js';
import { createMessageResource, type MessageResource } from './message.resource.js';
import type { Messages } from './messages.js';
import { TwilioError } from './twilio.errors.js';

/** The account whose messages are served. */
export interface SimulatedAccount {
  accountSid: string;
  /** What a messaging service sends from. */
  phoneNumber: string;
  /** The value of the Authorization header of each accepted pair of credentials. */
  authorizations: ReadonlySet<string>;
}

/** Creates and fetches messages. */
export function messagesRoutes(
  account: SimulatedAccount,
  messages: Messages,
  inbox: Inbox,
  faults: Faults,
): FastifyPluginAsync {
  function accept(request: FastifyRequest, fault: Fault | undefined): MessageResource {
    const form = readMessageForm(
      request.body instanceof URLSearchParams ? request.body : new URLSearchParams(),
    );
    const id = `SM${randomBytes(16).toString('hex')}`;
    const received = inbox.add({ id, to: form.to, from: form.from ?? account.phoneNumber, body: form.body });
    const failure = fault?.kind === 'messageStatus' ? fault : undefined;
    const message = createMessageResource(account.accountSid, form, received, failure);
    messages.add(message, form.statusCallback);
    return message;
  }

  return async (scope) => {
    scope.post('/2010-04-01/Accounts/:accountSid/Messages.json', async (request, reply) => {
      const fault = faults.take();
      if (fault && !acceptsMessage(fault)) return misbehave(reply, fault, '');
      authenticate(request, account);
      const created = JSON.stringify(accept(request, fault));
      return fault ? misbehave(reply, fault, created) : sendCreated(reply, created);
    });

    scope.get<{ Params: { sid: string } }>(
      '/2010-04-01/Accounts/:accountSid/Messages/:sid(^[A-Za-z0-9]+).json',
      async (request, reply) => {
        authenticate(request, account);
        const message = messages.get(request.params.sid);
        if (!message) throw TwilioError.notFound(request.url);
        const fault = faults.takeForFetch();
        return fault ? misbehave(reply, fault, JSON.stringify(message)) : message;
      },
    );
  };
}

function authenticate(request: FastifyRequest, account: SimulatedAccount): void {
  if (!account.authorizations.has(request.headers.authorization ?? '')) throw TwilioError.ofStatus(401);
  const { accountSid } = request.params as { accountSid: string };
  if (accountSid !== account.accountSid) throw TwilioError.notFound(request.url);
}
