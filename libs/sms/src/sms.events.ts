import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { UnknownElementException } from '@nestjs/core/errors/exceptions/unknown-element.exception.js';
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

/** Not imported: a host app need not have it. */
const PACKAGE = '@nestjs/event-emitter';

/**
 * Tells the listeners of the host app (`@OnEvent('sms.sent')`) what happens, if it imports `EventEmitterModule` of
 * `@nestjs/event-emitter`; else nobody. A listener that throws changes nothing, and is logged once.
 */
@Injectable()
export class SmsEventBus<Events extends object = SmsEvents> implements OnModuleInit {
  private readonly logger = new Logger(SmsEventBus.name);
  private hasFailed = false;
  // Both lead to everything in the host app: whoever prints the bus would print its credentials.
  readonly #moduleRef: ModuleRef;
  #emitter?: HostEmitter;

  constructor(moduleRef: ModuleRef) {
    this.#moduleRef = moduleRef;
  }

  async onModuleInit(): Promise<void> {
    this.#emitter = await hostEmitter(this.#moduleRef);
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

/** @returns undefined if the host app does not have the package, or does not import its module */
export async function hostEmitter(
  moduleRef: ModuleRef,
  packageName = PACKAGE,
): Promise<HostEmitter | undefined> {
  try {
    const { EventEmitter2 } = (await import(packageName)) as { EventEmitter2: new () => HostEmitter };
    return moduleRef.get(EventEmitter2, { strict: false });
  } catch (error) {
    if (isNotInstalled(error) || error instanceof UnknownElementException) return undefined;
    throw error;
  }
}

function isNotInstalled(error: unknown): boolean {
  return /^(ERR_)?MODULE_NOT_FOUND$/.test(String((error as { code?: unknown }).code));
}
