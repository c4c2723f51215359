import { createHash } from 'node:crypto';

/** Any caller's reservation id, brought to the few bytes by which a store knows it. */
export function reservationKey(reservationId: string, bytes: number): Buffer {
  return createHash('sha256').update(reservationId).digest().subarray(0, bytes);
}
