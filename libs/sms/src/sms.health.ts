import { Inject, Injectable, Optional } from '@nestjs/common';
import { SmsService } from './sms.service.js';
import { SmsStorage } from './storage/storage.js';

/** As `HealthCheckService` of `@nestjs/terminus` reads it. */
export type SmsHealth<Key extends string = 'sms'> = Record<
  Key,
  {
    /**
     * `down`: no code can be sent, since the store does not answer or the app is closing. `degraded`: Twilio does not
     * answer, which no other instance of the app would change.
     */
    readonly status: 'up' | 'degraded' | 'down';
    readonly store?: 'up' | 'down';
    readonly twilio: 'up' | 'down';
  }
>;

/** Tells whether codes can be sent, without sending one or asking Twilio for anything. */
@Injectable()
export class SmsHealthIndicator {
  constructor(
    private readonly sms: SmsService,
    @Optional() @Inject(SmsStorage) private readonly storage?: SmsStorage,
  ) {}

  /**
   * For the list of a health check: `() => smsHealth.check('sms')`. The store is asked; a store of the host app's own is
   * left to an indicator of its own. Of Twilio it says what the sends of this process met.
   * @param key under which it stands in the answer
   */
  async check<Key extends string = 'sms'>(key: Key = 'sms' as Key): Promise<SmsHealth<Key>> {
    const store =
      this.storage &&
      ((await this.storage.check().then(
        () => 'up',
        () => 'down',
      )) as 'up' | 'down');
    const twilio = this.sms.load.isBreakerOpen ? 'down' : 'up';
    const status = store === 'down' || this.sms.isClosing ? 'down' : twilio === 'down' ? 'degraded' : 'up';
    return { [key]: { status, ...(store && { store }), twilio } } as SmsHealth<Key>;
  }
}
