import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { SmsErrorCode, SmsFailureReason } from './sms.errors.js';

/** Of the person an event says this, and nothing else. */
export interface PhoneFacts {
  /** The number, masked: `+1202*****23`. */
  readonly phone: string;
  /** ISO 3166 code of its country, if it is known. */
  readonly country?: string;
}

/** Whose limit it was. */
export type LimitOwner = 'phone' | 'source' | 'total';

/** What a limit, or the kind of number, did not let through. Nothing was counted and nothing was sent. */
export interface SmsRefused extends PhoneFacts {
  readonly code: SmsErrorCode;
  readonly limit?: LimitOwner;
  readonly retryAfterSeconds?: number;
}

/** Twilio accepted the message. */
export interface SmsSent extends PhoneFacts {
  /** Twilio's id of the message. */
  readonly sid: string;
  /** Messages that Twilio bills for it. */
  readonly segments: number;
}

/** Twilio did not take the message, did not answer, or was not asked since the store cannot answer. */
export interface SmsFailed extends PhoneFacts {
  readonly code: SmsErrorCode;
  /** Why Twilio did not take it, if it said so. */
  readonly reason?: SmsFailureReason;
  /** Twilio's error code, when it gave one. */
  readonly twilioCode?: number;
  /** The message may have gone out all the same. */
  readonly mayArrive: boolean;
}

/** The carrier delivered the message. Emitted once, by the app that Twilio reports to. */
export interface SmsDelivered extends PhoneFacts {}

/** The carrier, or Twilio, could not deliver the message. Emitted once, by the app that Twilio reports to. */
export interface SmsUndelivered extends PhoneFacts {
  /** `undelivered` by the carrier, or `failed` at Twilio. */
  readonly delivery: 'undelivered' | 'failed';
  /** Twilio's error code, when it gave one. */
  readonly twilioCode?: number;
}

/** Events of sends by their names. No payload holds a code, a credential or a whole number. */
export interface SmsEvents {
  'sms.refused': SmsRefused;
  'sms.sent': SmsSent;
  'sms.failed': SmsFailed;
  'sms.delivered': SmsDelivered;
  'sms.undelivered': SmsUndelivered;
}

/** What is used of EventEmitter2. */
interface HostEmitter {
  emitAsync(name: string, payload: unknown): Promise<unknown>;
}

/** Found by its name: to know its class, the package would have to be loaded, which a host app need not have. */
const EMITTER_MODULE = 'EventEmitterModule';

/**
 * Tells the listeners of the host app (`@OnEvent('sms.sent')`) what happens, if it imports `EventEmitterModule` of
 * `@nestjs/event-emitter`; else nobody. A listener that throws changes nothing, and is logged once.
 */
@Injectable()
export class SmsEventBus<Events extends object = SmsEvents> implements OnModuleInit {
  private readonly logger = new Logger(SmsEventBus.name);
  private hasFailed = false;
  // Both lead to everything in the host app: whoever prints the bus would print its credentials.
  readonly #modules: ModulesContainer;
  #emitter?: HostEmitter;

  constructor(modules: ModulesContainer) {
    this.#modules = modules;
  }

  onModuleInit(): void {
    // There may be several: one that is imported without forRoot() has no emitter.
    const modules = [...this.#modules.values()].filter(({ name }) => name === EMITTER_MODULE);
    const providers = modules.flatMap((module) => [...module.providers.values()]);
    this.#emitter = providers.map(({ instance }) => instance as unknown).find(isEmitter);
  }

  /** @param payload is made only when somebody may listen */
  emit<Name extends keyof Events & string>(name: Name, payload: () => Events[Name]): void {
    if (!this.#emitter) return;
    try {
      this.#emitter.emitAsync(name, payload()).catch((error: unknown) => this.failed(name, error));
    } catch (error) {
      this.failed(name, error);
    }
  }

  private failed(name: string, error: unknown): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.logger.error({
      event: 'sms.listener_failed',
      of: name,
      error: error instanceof Error ? error.name : typeof error,
    });
  }
}

function isEmitter(provider: unknown): provider is HostEmitter {
  return typeof (provider as Partial<HostEmitter> | undefined)?.emitAsync === 'function';
}
