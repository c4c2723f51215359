import type { FactoryProvider, InjectionToken, Provider } from '@nestjs/common';
import { EmbeddedRateLimitStore } from './rate-limit/embedded.store.js';
import { RateLimitStore } from './rate-limit/rate-limit.store.js';
import { RedisRateLimitStore } from './rate-limit/redis.store.js';
import { SmsEventBus } from './sms.events.js';
import { SmsHealthIndicator } from './sms.health.js';
import type { SmsModuleExtras } from './sms.module-definition.js';
import type { SmsModuleOptions } from './sms.options.js';
import { resolveSmsOptions, SmsSettings } from './sms.settings.js';
import { SmsService } from './sms.service.js';
import {
  getRateLimitStoreToken,
  getSmsHealthIndicatorToken,
  getSmsServiceToken,
  getTwilioClientToken,
} from './sms.tokens.js';
import { EmbeddedStorage } from './storage/embedded.storage.js';
import { RedisStorage } from './storage/redis.storage.js';
import { SmsStorage } from './storage/storage.js';
import { createTwilioClient, TwilioClient } from './twilio/twilio.client.js';
import { TwilioTransport } from './twilio/twilio.transport.js';

/** Token of the options as they were given. */
export const SMS_OPTIONS = Symbol('SMS_OPTIONS');

const twilioTransport: FactoryProvider = {
  provide: TwilioTransport,
  inject: [SmsSettings],
  useFactory: ({ twilio }: SmsSettings) =>
    new TwilioTransport(twilio.baseUrl, twilio.timeoutMs, twilio.maxConcurrency),
};

const officialSdk = {
  inject: [SmsSettings, TwilioTransport],
  useFactory: ({ twilio }: SmsSettings, transport: TwilioTransport): TwilioClient =>
    createTwilioClient(twilio.account!, transport),
};

const smsStorage: FactoryProvider = {
  provide: SmsStorage,
  inject: [SmsSettings],
  useFactory: ({ storage, observer }: SmsSettings): SmsStorage => {
    const { secrets, redisUrl, folder } = storage!;
    return redisUrl
      ? new RedisStorage(redisUrl, secrets, observer)
      : new EmbeddedStorage(folder, secrets, Date.now, observer);
  },
};

/** Else that of another instance, which is global, would be taken for its own. */
const noStorage: FactoryProvider = { provide: SmsStorage, useFactory: () => undefined };

const storeInStorage = {
  inject: [SmsStorage],
  useFactory: async (storage: SmsStorage): Promise<RateLimitStore> => {
    await storage.open();
    return storage instanceof RedisStorage
      ? new RedisRateLimitStore(storage)
      : new EmbeddedRateLimitStore(storage);
  },
};

/** What one instance of the module is made of. What the host app brings itself is not made. */
export function smsProviders({ name, twilioClient, rateLimitStore }: SmsModuleExtras): Provider[] {
  const needs = { account: !twilioClient, storage: !rateLimitStore };
  return [
    SmsService,
    SmsEventBus,
    SmsHealthIndicator,
    {
      provide: SmsSettings,
      inject: [SMS_OPTIONS],
      useFactory: (options: SmsModuleOptions) => resolveSmsOptions(options, needs),
    },
    ...(twilioClient ? [] : [twilioTransport]),
    rateLimitStore ? noStorage : smsStorage,
    { provide: getTwilioClientToken(name), ...(twilioClient ?? officialSdk) } as Provider,
    { provide: getRateLimitStoreToken(name), ...(rateLimitStore ?? storeInStorage) } as Provider,
    ...(name === undefined
      ? []
      : [
          // Inside, all is known without the name.
          { provide: TwilioClient, useExisting: getTwilioClientToken(name) },
          { provide: RateLimitStore, useExisting: getRateLimitStoreToken(name) },
          { provide: getSmsServiceToken(name), useExisting: SmsService },
          { provide: getSmsHealthIndicatorToken(name), useExisting: SmsHealthIndicator },
        ]),
  ];
}

/** An instance with a name exports nothing that another one would export too. */
export function smsExports({ name, rateLimitStore }: SmsModuleExtras): InjectionToken[] {
  const own = [
    getSmsServiceToken(name),
    getTwilioClientToken(name),
    getRateLimitStoreToken(name),
    getSmsHealthIndicatorToken(name),
  ];
  if (name !== undefined) return own;
  return [...own, SmsEventBus, ...(rateLimitStore ? [] : [SmsStorage])];
}
