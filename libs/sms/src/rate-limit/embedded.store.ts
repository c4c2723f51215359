import { DAMAGED, type EmbeddedTransaction } from '../storage/embedded.storage.js';
import type { TransactionalStorage } from '../storage/transactional.storage.js';
import { EmbeddedQuotas } from './embedded.quotas.js';
import type { Quota } from './quota.rule.js';
import * as rule from './rate-limit.rule.js';
import type { Granted, RateLimit, RateLimitStore, Refused } from './rate-limit.store.js';
import { decodeReservations, encodeReservations, reservationKey } from './reservation.codec.js';

/** How long an allowance is kept. The longest window and the longest cooldown are 24 hours. */
const LIFE_MS = 25 * 60 * 60 * 1000;

/** Allowances in the embedded store: the rule, inside a transaction. */
export class EmbeddedRateLimitStore implements RateLimitStore {
  constructor(private readonly storage: TransactionalStorage) {}

  reserve(
    key: string,
    limit: RateLimit,
    reservationId: string,
    quotas: readonly Quota[] = [],
  ): Promise<Granted | Refused> {
    return this.onAllowance(key, reservationId, (before, id, { now }, counted) => {
      if (!before) {
        // A damaged allowance counts as exhausted, for one window from now.
        return {
          reservations: rule.exhausted(limit, now),
          answer: { granted: false, rule: 'window', waitMs: limit.windowMs },
        };
      }
      const { reservations, answer } = rule.reserve(before, limit, id, now);
      if (reservations === before && answer.granted) return { answer }; // taken before
      const byQuotas = quotas.map((quota) => rule.quotaAnswer(quota, counted.wait(quota)));
      const decided = rule.longestWait([answer, ...byQuotas]);
      if (!decided.granted) return { answer: decided };
      for (const quota of quotas) counted.take(quota);
      return { reservations, answer };
    });
  }

  async keep(key: string, reservationId: string): Promise<void> {
    await this.onAllowance(key, reservationId, (reservations, id, { now }) => ({
      reservations: reservations && rule.keep(reservations, id, now),
      answer: undefined,
    }));
  }

  async release(
    key: string,
    reservationId: string,
    as: 'failed' | 'unused',
    quotas: readonly Quota[] = [],
  ): Promise<void> {
    await this.onAllowance(key, reservationId, (reservations, id, _, counted) => {
      const taken = reservations?.find((reservation) => reservation.id === id && !reservation.returned);
      if (taken) for (const quota of quotas) counted.giveBack(quota, taken.reservedAt);
      return { reservations: reservations && rule.release(reservations, id, as), answer: undefined };
    });
  }

  holds(key: string, reservationId: string): Promise<boolean> {
    return this.onAllowance(key, reservationId, (reservations, id) => ({
      answer: reservations ? rule.holds(reservations, id) : true, // unreadable: nothing says that it was given back
    }));
  }

  /** Runs one step of the rule on an allowance (undefined when damaged), and writes it if the step changed it. */
  private async onAllowance<Answer>(
    key: string,
    reservationId: string,
    step: (
      reservations: readonly rule.Reservation[] | undefined,
      id: string,
      transaction: EmbeddedTransaction,
      quotas: EmbeddedQuotas,
    ) => { reservations?: readonly rule.Reservation[]; answer: Answer },
  ): Promise<Answer> {
    const dataKey = await this.storage.dataKey();
    const record = `sms:${dataKey.tag(key)}`;
    const id = reservationKey(reservationId).toString('hex');
    return this.storage.transact((transaction) => {
      const stored = transaction.get(record);
      const before = stored === DAMAGED ? undefined : decodeReservations(stored ?? Buffer.alloc(0));
      const { reservations: after, answer } = step(
        before,
        id,
        transaction,
        new EmbeddedQuotas(transaction, dataKey),
      );
      if (after && after !== before) {
        if (after.length === 0) transaction.remove(record);
        else transaction.put(record, encodeReservations(after), LIFE_MS);
      }
      return answer;
    });
  }
}
