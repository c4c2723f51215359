import type { Reservation } from './rate-limit.rule.js';

/**
 * An allowance in the embedded store, oldest reservation first: id (8 bytes), reservedAt (6), sentBy - reservedAt (4),
 * big-endian. The largest duration marks a returned reservation.
 */
const RESERVATION_BYTES = 18;
const RETURNED = 0xffffffff;

export function encodeReservations(reservations: readonly Reservation[]): Buffer {
  const bytes = Buffer.alloc(reservations.length * RESERVATION_BYTES);
  reservations.forEach(({ id, reservedAt, sentBy, returned }, index) => {
    const start = index * RESERVATION_BYTES;
    bytes.write(id, start, 8, 'hex');
    bytes.writeUIntBE(reservedAt, start + 8, 6);
    bytes.writeUInt32BE(returned ? RETURNED : Math.min(sentBy - reservedAt, RETURNED - 1), start + 14);
  });
  return bytes;
}

/** @returns undefined if the bytes are not an allowance */
export function decodeReservations(bytes: Buffer): Reservation[] | undefined {
  if (bytes.length % RESERVATION_BYTES !== 0) return undefined;
  const reservations: Reservation[] = [];
  for (let start = 0; start < bytes.length; start += RESERVATION_BYTES) {
    const reservedAt = bytes.readUIntBE(start + 8, 6);
    const sendMs = bytes.readUInt32BE(start + 14);
    const returned = sendMs === RETURNED;
    const id = bytes.toString('hex', start, start + 8);
    reservations.push({ id, reservedAt, sentBy: returned ? reservedAt : reservedAt + sendMs, returned });
  }
  return reservations;
}
