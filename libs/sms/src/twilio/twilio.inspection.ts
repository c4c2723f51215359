import type { Twilio } from 'twilio';
import type { PhoneNumber } from '../phone/phone-number.js';
import type { TwilioAccount, TwilioSettings } from '../sms.settings.js';
import { beforeDeadline } from './before-deadline.js';
import { Deadline } from './deadline.js';
import { fetchMessageStatus } from './fetch-message-status.js';
import { sendMessage } from './send-message.js';
import { createTwilioClient } from './twilio.client.js';
import { asTwilioFailure } from './twilio.failure.js';
import { TwilioTransport } from './twilio.transport.js';

/** The part of the settings that an inspection needs. */
export type InspectedSettings = TwilioAccount & Pick<TwilioSettings, 'baseUrl'>;

const TWILIO_ORIGIN = 'https://api.twilio.com';
/** Messaging Services are served by a host of their own. A simulator or a proxy is asked for all. */
const MESSAGING_ORIGIN = 'https://messaging.twilio.com';
const TIMEOUT_MS = 5_000;
const CONNECTIONS = 4;
/** A filter by number also finds longer ones. */
const MOST_NUMBERS = 20;
const ONCE = { maxAttempts: 1, retryAmbiguous: false };

/**
 * Asks Twilio what it knows of an account: free calls, which change nothing. Only {@link TwilioInspection.send} sends,
 * by the same path as every code. Each method throws TwilioFailure when Twilio does not say.
 */
export class TwilioInspection {
  private readonly transports: readonly TwilioTransport[];
  readonly #api: Twilio;
  readonly #messaging: Twilio;

  constructor(private readonly settings: InspectedSettings) {
    const { baseUrl } = settings;
    const api = new TwilioTransport(baseUrl, TIMEOUT_MS, CONNECTIONS);
    const messaging =
      baseUrl === TWILIO_ORIGIN ? new TwilioTransport(MESSAGING_ORIGIN, TIMEOUT_MS, CONNECTIONS) : api;
    this.#api = createTwilioClient(settings, api);
    this.#messaging = messaging === api ? this.#api : createTwilioClient(settings, messaging);
    this.transports = [...new Set([api, messaging])];
  }

  /** Of its answer, which also holds the auth token, nothing else is kept. */
  async account(): Promise<{ status: string; type: string }> {
    const { accountSid } = this.settings;
    const { status, type } = await ask(() => this.#api.api.v2010.accounts(accountSid).fetch());
    return { status, type };
  }

  /** @returns undefined if the account has no such number */
  async number(e164: string): Promise<{ sms: boolean } | undefined> {
    const numbers = await ask(() =>
      this.#api.incomingPhoneNumbers.list({ phoneNumber: e164, limit: MOST_NUMBERS }),
    );
    const found = numbers.find(({ phoneNumber }) => phoneNumber === e164);
    return found && { sms: found.capabilities.sms };
  }

  /** Whether a Messaging Service has anything to send from. Throws also if there is no such service. */
  async serviceHasSenders(sid: string): Promise<boolean> {
    const service = this.#messaging.messaging.v1.services(sid);
    await ask(() => service.fetch());
    const pools = await ask(() =>
      Promise.all([
        service.phoneNumbers.list({ limit: 1 }),
        service.shortCodes.list({ limit: 1 }),
        service.alphaSenders.list({ limit: 1 }),
      ]),
    );
    return pools.some((pool) => pool.length > 0);
  }

  /** Sends one message, once, which costs what any message costs. No limit is looked at. */
  async send(to: PhoneNumber, body: string, sender: TwilioSettings['sender']): Promise<{ sid: string }> {
    const deadline = Deadline.in(2 * TIMEOUT_MS);
    const permit = { mayRetry: false, record: () => undefined };
    const message = { to: to.e164, body, ...sender };
    const { sid } = await sendMessage(this.#api, message, ONCE, { deadline, permit }).catch(fail);
    return { sid };
  }

  /** How far a message got. */
  async messageStatus(sid: string): Promise<{ status: string; twilioCode?: number }> {
    return fetchMessageStatus(this.#api, sid).catch(fail);
  }

  async close(): Promise<void> {
    await Promise.all(this.transports.map((transport) => transport.close()));
  }
}

/** @throws TwilioFailure also when the SDK itself does not come to an end */
async function ask<T>(question: () => Promise<T>): Promise<T> {
  return beforeDeadline(question(), Deadline.in(TIMEOUT_MS)).catch(fail);
}

/** The errors of the SDK are dropped: they may hold credentials. */
function fail(error: unknown): never {
  throw asTwilioFailure(error);
}
