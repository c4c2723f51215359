import type { SmsFailureReason } from '../sms.errors.js';
import type { SmsSettings } from '../sms.settings.js';
import type { Quota } from './quota.rule.js';
import type { RateLimit } from './rate-limit.store.js';

const MINUTE_MS = 60 * 1000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Failed sends that may be given back to one phone in a day, as a multiple of its allowance. */
const RETURNS_PER_UNIT = 3;

/** What a send takes one unit of each: the allowance of its phone, and those that phones share. */
export class SendAllowances {
  readonly ofPhone: RateLimit;
  private readonly total: readonly Quota[];
  private readonly maxSendsPerSource: number;

  constructor({ limits, twilio }: SmsSettings) {
    const { maxSendsPerDay, maxSendsPerSource, maxSendsTotal, cooldownSeconds } = limits;
    this.ofPhone = {
      units: maxSendsPerDay,
      windowMs: DAY_MS,
      cooldownMs: cooldownSeconds * 1_000,
      sendMs: twilio.timeoutMs,
      returns: maxSendsPerDay * RETURNS_PER_UNIT,
    };
    this.maxSendsPerSource = maxSendsPerSource;
    const total = { name: 'total', key: 'all sends', windowMs: DAY_MS, bucketMs: 15 * MINUTE_MS } as const;
    this.total = maxSendsTotal === undefined ? [] : [{ ...total, units: maxSendsTotal }];
  }

  /** Of the source, if there is one, and of the total, if there is a cap. */
  quotasOf(source?: string): readonly Quota[] {
    if (source === undefined) return this.total;
    const ofSource: Quota = {
      name: 'source',
      key: `sends of ${source}`,
      units: this.maxSendsPerSource,
      windowMs: HOUR_MS,
      bucketMs: MINUTE_MS,
    };
    return [ofSource, ...this.total];
  }

  /**
   * What a failed send gives back beside the unit of its phone. The total counts what may be billed. A source counts what
   * it had Twilio asked for, so that it cannot try numbers.
   */
  givenBack(reason: SmsFailureReason | 'unreachable', source?: string): readonly Quota[] {
    return this.quotasOf(source).filter(({ name }) => name === 'total' || reason === 'unreachable');
  }
}
