import { Inject, Module, Optional, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigurableModuleClass } from './sms.module-definition.js';
import { SmsStorage } from './storage/storage.js';
import { TwilioTransport } from './twilio/twilio.transport.js';

/**
 * Sends verification codes by SMS through Twilio, within limits per phone. Import it with `forRoot` or `forRootAsync`;
 * what it is made of stands in `sms.providers.ts`.
 */
@Module({})
export class SmsModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(
    @Optional() @Inject(SmsStorage) private readonly storage?: SmsStorage,
    @Optional() private readonly transport?: TwilioTransport,
  ) {
    super();
  }

  /** After the services have settled what was in flight. */
  async onApplicationShutdown(): Promise<void> {
    await this.transport?.close();
    await this.storage?.close();
  }
}
