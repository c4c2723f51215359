import { Inject, Module, type FactoryProvider, type OnApplicationShutdown } from '@nestjs/common';
import { EmbeddedRateLimitStore } from './rate-limit/embedded.store.js';
import { RateLimitStore } from './rate-limit/rate-limit.store.js';
import { RedisRateLimitStore } from './rate-limit/redis.store.js';
import { SmsEventBus } from './sms.events.js';
import { ConfigurableModuleClass, SMS_OPTIONS } from './sms.module-definition.js';
import { resolveSmsOptions, SmsSettings } from './sms.options.js';
import { SmsService } from './sms.service.js';
import { EmbeddedStorage } from './storage/embedded.storage.js';
import { RedisStorage } from './storage/redis.storage.js';
import { SmsStorage } from './storage/storage.js';
import { createTwilioClient, TwilioClient } from './twilio/twilio.client.js';
import { TwilioTransport } from './twilio/twilio.transport.js';

const smsSettings: FactoryProvider = {
  provide: SmsSettings,
  inject: [SMS_OPTIONS],
  useFactory: resolveSmsOptions,
};

const twilioTransport: FactoryProvider = {
  provide: TwilioTransport,
  inject: [SmsSettings],
  useFactory: ({ twilio }: SmsSettings) =>
    new TwilioTransport(twilio.baseUrl, twilio.timeoutMs, twilio.maxConcurrency),
};

const twilioClient: FactoryProvider = {
  provide: TwilioClient,
  inject: [SmsSettings, TwilioTransport],
  useFactory: ({ twilio }: SmsSettings, transport: TwilioTransport): TwilioClient =>
    createTwilioClient(twilio, transport),
};

const smsStorage: FactoryProvider = {
  provide: SmsStorage,
  inject: [SmsSettings],
  useFactory: ({ storage: { secrets, redisUrl, folder }, observer }: SmsSettings): SmsStorage =>
    redisUrl
      ? new RedisStorage(redisUrl, secrets, observer)
      : new EmbeddedStorage(folder, secrets, Date.now, observer),
};

const rateLimitStore: FactoryProvider = {
  provide: RateLimitStore,
  inject: [SmsStorage],
  useFactory: async (storage: SmsStorage): Promise<RateLimitStore> => {
    await storage.open();
    return storage instanceof RedisStorage
      ? new RedisRateLimitStore(storage)
      : new EmbeddedRateLimitStore(storage);
  },
};

/** Sends verification codes by SMS through Twilio, within limits per phone. */
@Module({
  providers: [
    SmsService,
    SmsEventBus,
    smsSettings,
    twilioTransport,
    twilioClient,
    smsStorage,
    rateLimitStore,
  ],
  exports: [SmsService, SmsEventBus, TwilioClient, RateLimitStore, SmsStorage],
})
export class SmsModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(
    @Inject(SmsStorage) private readonly storage: SmsStorage,
    private readonly transport: TwilioTransport,
  ) {
    super();
  }

  /** After the services have settled what was in flight. */
  async onApplicationShutdown(): Promise<void> {
    await this.transport.close();
    await this.storage.close();
  }
}
