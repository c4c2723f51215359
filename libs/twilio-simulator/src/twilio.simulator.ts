import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { Faults } from './faults.js';
import { faultsRoutes } from './faults.routes.js';
import { Inbox } from './inbox.js';
import { inboxRoutes } from './inbox.routes.js';
import type { MessageStatus } from './message.resource.js';
import { Messages } from './messages.js';
import { messagesRoutes } from './messages.routes.js';
import { postStatusCallback } from './status-callback.js';
import { TwilioError } from './twilio.errors.js';

export interface TwilioSimulatorOptions {
  /** @default 0, which takes a free port */
  port?: number;
  /** @default '127.0.0.1' */
  host?: string;
  /** `AC` and 32 hexadecimal digits. @default a random one */
  accountSid?: string;
  /** @default a random one */
  authToken?: string;
  /** The sender of messages that name only a messaging service. @default '+15005550006' */
  phoneNumber?: string;
  /** An API key that is accepted beside the account and its token. */
  apiKey?: { sid: string; secret: string };
}

/** A request to Twilio's API, accepted or not. */
export interface ReceivedRequest {
  method: string;
  /** Without the query. */
  path: string;
  to?: string;
  at: Date;
}

const MAX_REQUESTS = 1000;

/** Speaks Twilio's HTTP API on a port of its own, and keeps the messages instead of sending them. */
export class TwilioSimulator {
  private constructor(
    private readonly server: FastifyInstance,
    /** The origin to use in place of `https://api.twilio.com`. */
    readonly url: string,
    readonly accountSid: string,
    readonly authToken: string,
    readonly phoneNumber: string,
    /** The accepted messages. */
    readonly inbox: Inbox,
    /** What goes wrong with the next create requests. */
    readonly faults: Faults,
    /** The newest 1000 requests to Twilio's API, oldest first. */
    readonly requests: readonly ReceivedRequest[],
    private readonly messages: Messages,
  ) {}

  /** Starts a simulator; whoever starts one closes it. */
  static async start(options: TwilioSimulatorOptions = {}): Promise<TwilioSimulator> {
    const { port = 0, host = '127.0.0.1', phoneNumber = '+15005550006', apiKey } = options;
    const accountSid = options.accountSid ?? `AC${randomBytes(16).toString('hex')}`;
    const authToken = options.authToken ?? randomBytes(16).toString('hex');
    const authorizations = new Set([basic(accountSid, authToken)]);
    if (apiKey) authorizations.add(basic(apiKey.sid, apiKey.secret));

    const inbox = new Inbox();
    const messages = new Messages();
    const faults = new Faults();
    const requests: ReceivedRequest[] = [];
    const server = createServer(requests);
    await server.register(
      messagesRoutes({ accountSid, phoneNumber, authorizations }, messages, inbox, faults),
    );
    await server.register(faultsRoutes(faults, host));
    await server.register(inboxRoutes(inbox, { host }));
    await server.listen({ port, host });

    const url = toUrl(host, (server.server.address() as AddressInfo).port);
    return new TwilioSimulator(
      server,
      url,
      accountSid,
      authToken,
      phoneNumber,
      inbox,
      faults,
      requests,
      messages,
    );
  }

  /** Where the sender of a message wants its status reported; null if nowhere. */
  statusCallbackOf(sid: string): string | null {
    return this.messages.statusCallbackOf(sid);
  }

  /** Moves a message to a status, as its carrier would, without telling its sender. */
  move(sid: string, status: MessageStatus, errorCode?: number): void {
    this.messages.move(sid, status, errorCode);
  }

  /**
   * Moves a message to a status and reports it to its sender.
   * @param authToken to sign with; of a rotation the account has two
   * @returns the status of the sender's answer; undefined if there is no such message, or nowhere to report to
   */
  async report(
    sid: string,
    status: MessageStatus,
    errorCode?: number,
    authToken = this.authToken,
  ): Promise<number | undefined> {
    const message = this.messages.move(sid, status, errorCode);
    const address = this.messages.statusCallbackOf(sid);
    return message && address !== null ? postStatusCallback(address, message, authToken) : undefined;
  }

  /** Stops at once; open connections, also hanging ones, are cut. */
  async close(): Promise<void> {
    await this.server.close();
  }
}

/** A server that answers in Twilio's form whatever goes wrong, and notes the requests to Twilio's API. */
function createServer(requests: ReceivedRequest[]): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true });

  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, new URLSearchParams(body.toString()));
    },
  );
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null));

  server.addHook('preHandler', async (request, reply) => {
    if (!request.url.startsWith('/2010-04-01/')) return;
    reply.header('twilio-request-id', `RQ${randomBytes(16).toString('hex')}`);
    const to = request.body instanceof URLSearchParams ? request.body.get('To') : null;
    const [path = ''] = request.url.split('?');
    requests.push({ method: request.method, path, ...(to === null ? {} : { to }), at: new Date() });
    if (requests.length > MAX_REQUESTS) requests.shift();
  });

  server.setNotFoundHandler((request) => {
    throw TwilioError.notFound(request.url);
  });
  server.setErrorHandler(async (error: FastifyError | TwilioError, _request, reply) => {
    const refusal = error instanceof TwilioError ? error : TwilioError.ofStatus(error.statusCode ?? 500);
    if (refusal.status === 401) reply.header('www-authenticate', 'Basic realm="Twilio API"');
    await reply.code(refusal.status).send(refusal.toBody());
  });
  return server;
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function toUrl(host: string, port: number): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
