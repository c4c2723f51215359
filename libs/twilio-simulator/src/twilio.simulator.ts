import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { soundConditions, type AccountConditions } from './account.conditions.js';
import { accountRoutes } from './account.routes.js';
import type { CallbackMode } from './callback.mode.js';
import { systemClock, type Clock } from './clock.js';
import { controlRoutes } from './control.routes.js';
import type { DeliveryOptions } from './delivery.js';
import { Faults } from './faults.js';
import { Inbox } from './inbox.js';
import { inboxRoutes } from './inbox.routes.js';
import { messageChangesRoutes } from './message.changes.routes.js';
import type { MessageRecord, MessageStatus } from './message.record.js';
import { messagesRoutes } from './messages.routes.js';
import { Messaging } from './messaging.js';
import type { OptOuts } from './opt-outs.js';
import { pageAssets } from './pages/asset.routes.js';
import { servicesRoutes } from './services.routes.js';
import type { SimulatorState } from './state.js';
import { StateFile } from './state.file.js';
import type { StatusCallbacks } from './status.callbacks.js';
import { makeUpCredentials, type MadeUpCredentials, type TwilioAccount } from './twilio.account.js';
import { createTwilioServer, type ReceivedRequest } from './twilio.server.js';

export interface TwilioSimulatorOptions {
  /** @default 0, which takes a free port */
  port?: number;
  /** @default '127.0.0.1' */
  host?: string;
  /** `AC` and 32 hexadecimal digits. @default the one in the folder, else a random one */
  accountSid?: string;
  /** @default the one in the folder, else a random one */
  authToken?: string;
  /** The account's number, and the sender of messages that name only a messaging service. @default '+15005550006' */
  phoneNumber?: string;
  /** An API key that is accepted beside the account and its token. */
  apiKey?: { sid: string; secret: string };
  /** Moves each message to its end by itself. @default messages stay where they are until `report` or `move` */
  delivery?: DeliveryOptions;
  /** How status callbacks misbehave at first. @default 'normal' */
  callbacks?: CallbackMode;
  /** Keeps messages, opt-outs and the credentials that were not given in a file there. @default in memory */
  folder?: string;
  /** For tests that do not wait. @default the time of this machine */
  clock?: Clock;
}

/** Speaks Twilio's HTTP API on a port of its own, and keeps the messages instead of sending them. */
export class TwilioSimulator {
  private constructor(
    private readonly server: FastifyInstance,
    private readonly account: TwilioAccount,
    /** What is wrong with the account. */
    readonly conditions: AccountConditions,
    /** The origin to use in place of `https://api.twilio.com`. */
    readonly url: string,
    /** The accepted messages. */
    readonly inbox: Inbox,
    /** What goes wrong with the next create requests. */
    readonly faults: Faults,
    /** The newest 1000 requests to Twilio's API, oldest first. */
    readonly requests: readonly ReceivedRequest[],
    private readonly madeUp: MadeUpCredentials,
    private readonly file: StateFile | undefined,
  ) {}

  /**
   * Starts a simulator; whoever starts one closes it.
   * @throws FolderInUseError when another one keeps its state in the folder
   */
  static async start(options: TwilioSimulatorOptions = {}): Promise<TwilioSimulator> {
    const { port = 0, host = '127.0.0.1', clock = systemClock, folder } = options;
    const file = folder === undefined ? undefined : await StateFile.open(folder, clock);
    const madeUp = makeUpCredentials(options, file?.state);
    const account = createAccount(options, madeUp, file?.state?.createdAt, clock);
    const messaging = new Messaging({ ...account, clock, delivery: options.delivery });
    messaging.callbacks.mode = options.callbacks ?? 'normal';
    if (file?.state) messaging.restore(file.state);
    const inbox = new Inbox(messaging, clock);
    const faults = new Faults(clock);
    const requests: ReceivedRequest[] = [];

    const conditions = soundConditions();
    const server = createTwilioServer(requests);
    try {
      await server.register(messagesRoutes(account, conditions, messaging, faults, clock));
      await server.register(messageChangesRoutes(account, messaging, clock));
      await server.register(accountRoutes(account, conditions));
      await server.register(servicesRoutes(account, conditions));
      await server.register(
        controlRoutes({ faults, callbacks: messaging.callbacks, optOuts: messaging.optOuts }, host),
      );
      await server.register(pageAssets());
      await server.register(inboxRoutes(inbox, { host }));
      await server.listen({ port, host });

      const url = toUrl(host, (server.server.address() as AddressInfo).port);
      const simulator = new TwilioSimulator(
        server,
        account,
        conditions,
        url,
        inbox,
        faults,
        requests,
        madeUp,
        file,
      );
      if (file) await simulator.keepState(file);
      return simulator;
    } catch (error) {
      messaging.close();
      await server.close();
      await file?.abandon();
      throw error;
    }
  }

  get accountSid(): string {
    return this.account.accountSid;
  }

  get authToken(): string {
    return this.account.authToken;
  }

  get phoneNumber(): string {
    return this.account.phoneNumber;
  }

  /** How status callbacks reach their receivers. */
  get callbacks(): StatusCallbacks {
    return this.inbox.messaging.callbacks;
  }

  /** Which phones want nothing more from which sender. */
  get optOuts(): OptOuts {
    return this.inbox.messaging.optOuts;
  }

  /** Where the state was moved that could not be read at the start; undefined if all was well. */
  get damagedStatePath(): string | undefined {
    return this.file?.damagedPath;
  }

  /** Where the sender of a message wants its status reported; null if nowhere. */
  statusCallbackOf(sid: string): string | null {
    return this.find(sid)?.statusCallback ?? null;
  }

  /** Moves a message to a status, as its carrier would, without telling its sender. */
  move(sid: string, status: MessageStatus, errorCode?: number): void {
    const record = this.find(sid);
    if (record) this.inbox.messaging.messages.move(record, status, errorCode);
  }

  /**
   * Moves a message to a status and reports it to its sender at once.
   * @param authToken to sign with; of a rotation the account has two
   * @returns the status of the sender's answer; undefined if there is no such message, nowhere to report to, or no answer
   */
  async report(
    sid: string,
    status: MessageStatus,
    errorCode?: number,
    authToken = this.authToken,
  ): Promise<number | undefined> {
    const record = this.find(sid);
    if (!record) return undefined;
    this.move(sid, status, errorCode);
    return (await this.callbacks.send(record, authToken)) ?? undefined;
  }

  /** Stops at once; open connections, also hanging ones, are cut. */
  async close(): Promise<void> {
    this.inbox.messaging.close();
    await this.server.close();
    await this.file?.close(this.state());
  }

  private find(sid: string): MessageRecord | undefined {
    return this.inbox.messaging.messages.get(sid);
  }

  private async keepState(file: StateFile): Promise<void> {
    const saveSoon = () => file.saveSoon(() => this.state());
    this.inbox.messaging.messages.subscribe(saveSoon);
    this.optOuts.subscribe(saveSoon);
    await file.save(this.state());
  }

  private state(): SimulatorState {
    const { messages, optOuts } = this.inbox.messaging;
    return {
      version: 1,
      ...this.madeUp,
      createdAt: this.account.createdAt,
      optOuts: optOuts.list(),
      messages: messages.all(),
    };
  }
}

function createAccount(
  { accountSid, authToken, phoneNumber = '+15005550006', apiKey }: TwilioSimulatorOptions,
  madeUp: MadeUpCredentials,
  createdAt: string | undefined,
  clock: Clock,
): TwilioAccount {
  return {
    accountSid: accountSid ?? madeUp.accountSid ?? '',
    authToken: authToken ?? madeUp.authToken ?? '',
    phoneNumber,
    createdAt: createdAt ?? new Date(clock.now()).toISOString(),
    ...(apiKey && { apiKey }),
  };
}

function toUrl(host: string, port: number): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
