import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { SmsModule } from '../sms.module.js';
import type { SmsModuleExtras } from '../sms.module-definition.js';
import type { SmsModuleOptions, TwilioOptions } from '../sms.options.js';
import { getSmsTestingToken, SmsTesting } from './sms-testing.js';

/** Options of {@link SmsTestingModule}, those of `SmsModule` that mean something without Twilio and Redis. */
export interface SmsTestingOptions
  extends
    Pick<SmsModuleOptions, 'message' | 'limits' | 'observer'>,
    Pick<SmsModuleExtras, 'name' | 'isGlobal'> {
  /**
   * The sender, and how often is tried: `phoneNumber` is a fictional one by default, and `maxAttempts` is 1, so that each
   * outcome that a test scripts is that of one send.
   */
  twilio?: Omit<TwilioOptions, 'accountSid' | 'authToken' | 'apiKey' | 'baseUrl'>;
}

/** A number that is kept for fiction, and so belongs to nobody. */
const SENDER = '+12025550100';

/**
 * `SmsModule` for tests. Nothing leaves the process: there is no Twilio, no Redis, no folder and no environment, and
 * nothing is waited for. All the rest is as in the real module, and what it exports has the same tokens.
 *
 * ```ts
 * const app = await Test.createTestingModule({
 *   imports: [SmsTestingModule.forRoot()],
 *   providers: [SignUp],
 * }).compile();
 * const testing = app.get(SmsTesting);
 *
 * await app.get(SignUp).start('+1 202 555 0123');
 * testing.lastCodeFor('+1 202 555 0123'); // '483915'
 * testing.clock.advance(60_000); // the cooldown is over
 * testing.twilio.next(rejected(400, 21211)); // there is no such number
 * ```
 *
 * Whether Twilio is asked at all, after ten or more failures that were mostly no answer, is measured by the clock of the
 * computer, as in the real module.
 */
export class SmsTestingModule {
  static forRoot(options: SmsTestingOptions = {}): DynamicModule {
    const { name, isGlobal, message, limits, observer, twilio } = options;
    const token = getSmsTestingToken(name);
    const module = SmsModule.forRoot({
      name,
      isGlobal,
      message,
      limits,
      observer,
      twilio: { phoneNumber: SENDER, maxAttempts: 1, ...twilio },
      twilioClient: { inject: [token], useFactory: (testing: SmsTesting) => testing.twilio },
      rateLimitStore: { inject: [token], useFactory: (testing: SmsTesting) => testing.store },
    });
    // A factory, so that a module that two apps import gives each its own.
    const handle: FactoryProvider = { provide: token, useFactory: () => new SmsTesting(message) };
    return {
      ...module,
      providers: [...(module.providers ?? []), handle],
      exports: [...(module.exports ?? []), token],
    };
  }
}
