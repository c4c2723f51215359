import {
  ConfigurableModuleBuilder,
  type ClassProvider,
  type ExistingProvider,
  type FactoryProvider,
  type ValueProvider,
} from '@nestjs/common';
import type { RateLimitStore } from './rate-limit/rate-limit.store.js';
import type { SmsModuleOptions } from './sms.options.js';
import { SMS_OPTIONS, smsExports, smsProviders } from './sms.providers.js';
import type { TwilioClient } from './twilio/twilio.client.js';

/** A provider of Nest without its token: `useClass`, `useValue`, `useFactory` or `useExisting`. */
export type ProvidedBy<T> =
  | Omit<ClassProvider<T>, 'provide'>
  | Omit<ValueProvider<T>, 'provide'>
  | Omit<FactoryProvider<T>, 'provide'>
  | Omit<ExistingProvider<T>, 'provide'>;

/** What `forRoot` and `forRootAsync` take beside the options, since the module is made of it. */
export interface SmsModuleExtras {
  /** All modules of the app may inject what this one exports. @default false */
  isGlobal?: boolean;
  /**
   * For an app with several, such as one for each Twilio account: this one's service is then injected with
   * `@InjectSmsService(name)`, and not without the name. Instances on one store count a phone's sends together.
   */
  name?: string;
  /** Asks Twilio in place of the official SDK on our transport; the options then need no credentials. */
  twilioClient?: ProvidedBy<TwilioClient>;
  /** Counts in place of Redis or the embedded store; the options then need no `storage`. */
  rateLimitStore?: ProvidedBy<RateLimitStore>;
}

const NO_EXTRAS: SmsModuleExtras = {
  isGlobal: false,
  name: undefined,
  twilioClient: undefined,
  rateLimitStore: undefined,
};

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<SmsModuleOptions>({
  optionsInjectionToken: SMS_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras(NO_EXTRAS, ({ providers = [], ...definition }, extras) => ({
    ...definition,
    global: extras.isGlobal,
    providers: [...providers, ...smsProviders(extras)],
    exports: smsExports(extras),
  }))
  .build();
