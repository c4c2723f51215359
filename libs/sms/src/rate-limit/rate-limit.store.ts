import type { Quota, QuotaName } from './quota.rule.js';

/** How much may be sent to one phone. Times are in milliseconds. */
export interface RateLimit {
  /** Reservations in any window. 0 means none. */
  readonly units: number;
  /** Length of the rolling window. */
  readonly windowMs: number;
  /** From the end of one send to the next reservation. 0 means none. */
  readonly cooldownMs: number;
  /** The longest that a send can take. Until it is over, a reservation counts as one whose send just ended. */
  readonly sendMs: number;
  /** Reservations that may be given back after a failed send, in any window. */
  readonly returns: number;
}

export interface Granted {
  readonly granted: true;
}

export interface Refused {
  readonly granted: false;
  /** Which rule asks for the longest wait. */
  readonly rule: 'cooldown' | 'window' | QuotaName;
  /** Milliseconds after which the same question is not refused for the same reason. */
  readonly waitMs: number;
}

/**
 * The allowance of each key (a phone in E.164; stores keep only a keyed hash of it). All operations are atomic, happen
 * at the store's time, and are idempotent. Every store passes `rateLimitStoreContract` of the entry `./testing`.
 * @throws StoreUnavailableError from each method, when the store cannot answer
 */
export interface RateLimitStore {
  /**
   * Takes one unit of the key, and one of each quota, or says how long to wait. The same id twice takes one unit; a
   * refusal changes nothing. On a Redis Cluster, a call that is refused may hold a unit of a quota for a moment.
   */
  reserve(
    key: string,
    limit: RateLimit,
    reservationId: string,
    quotas?: readonly Quota[],
  ): Promise<Granted | Refused>;
  /** The send of this unit is over and may have gone out: the unit stays used, and the cooldown counts from now. */
  keep(key: string, reservationId: string): Promise<void>;
  /**
   * Gives exactly this unit back. After a failed send it counts among the returned ones of the window; an unused one
   * leaves no trace.
   * @param quotas of which the unit is given back too
   */
  release(
    key: string,
    reservationId: string,
    as: 'failed' | 'unused',
    quotas?: readonly Quota[],
  ): Promise<void>;
  /** Whether this unit was taken and not given back. */
  holds(key: string, reservationId: string): Promise<boolean>;
}

/** Token of the store. Override it in a testing module, or provide another store. */
export const RateLimitStore = Symbol('RateLimitStore');
