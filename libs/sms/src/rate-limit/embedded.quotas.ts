import type { DataKey } from '../storage/data-key.js';
import { DAMAGED, type EmbeddedTransaction } from '../storage/embedded.storage.js';
import { giveBackToQuota, takeFromQuota, waitForQuota, type Quota, type QuotaUse } from './quota.rule.js';

/** Quotas inside one step on the embedded store. */
export class EmbeddedQuotas {
  constructor(
    private readonly transaction: EmbeddedTransaction,
    private readonly dataKey: DataKey,
  ) {}

  /** How long until a unit is free, in milliseconds; 0 is now. */
  wait(quota: Quota): number {
    return waitForQuota(this.read(quota), quota, this.transaction.now);
  }

  take(quota: Quota): void {
    this.write(quota, takeFromQuota(this.read(quota), quota, this.transaction.now));
  }

  giveBack(quota: Quota, takenAt: number): void {
    this.write(quota, giveBackToQuota(this.read(quota), quota, takenAt));
  }

  /** One that cannot be read counts as exhausted, for one window from now. */
  private read(quota: Quota): QuotaUse {
    const stored = this.transaction.get(this.recordOf(quota));
    if (stored !== DAMAGED) return stored ? (JSON.parse(stored.toString()) as QuotaUse) : {};
    const exhausted = { [Math.floor(this.transaction.now / quota.bucketMs)]: quota.units };
    this.write(quota, exhausted);
    return exhausted;
  }

  private write(quota: Quota, use: QuotaUse): void {
    const lifeMs = quota.windowMs + 2 * quota.bucketMs;
    this.transaction.put(this.recordOf(quota), Buffer.from(JSON.stringify(use)), lifeMs);
  }

  private recordOf({ key }: Quota): string {
    return `quota:${this.dataKey.tag(key)}`;
  }
}
