import { hash } from 'node:crypto';

/** Any caller's reservation id, brought to the few bytes by which a store knows it. */
export function reservationKey(reservationId: string, bytes: number): Buffer {
  return hash('sha256', reservationId, 'buffer').subarray(0, bytes);
}
