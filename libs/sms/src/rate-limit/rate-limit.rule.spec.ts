import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeReservations, encodeReservations } from './reservation.codec.js';
import { keep, release, reserve, type Reservation } from './rate-limit.rule.js';
import type { RateLimit } from './rate-limit.store.js';

const limits = fc.record({
  units: fc.integer({ min: 1, max: 5 }),
  windowMs: fc.constant(100_000),
  cooldownMs: fc.constantFrom(0, 5, 6_000),
  sendMs: fc.constantFrom(1_000),
  returns: fc.constant(15),
});
const steps = fc.array(
  fc.record({
    passMs: fc.oneof(fc.constantFrom(0, 1, 5, 6_000, 100_000), fc.integer({ min: 0, max: 30_000 })),
    outcome: fc.constantFrom('open', 'kept', 'failed', 'unused'),
    /** How long the send took. */
    sendMs: fc.integer({ min: 0, max: 1_000 }),
  }),
  { maxLength: 40 },
);

interface Send {
  reservedAt: number;
  endedAt: number;
}

/** Runs a history and gives the sends that may have gone out. */
function sendsOf(limit: RateLimit, history: { passMs: number; outcome: string; sendMs: number }[]): Send[] {
  let reservations: readonly Reservation[] = [];
  let now = 1_000_000;
  const sends: Send[] = [];
  history.forEach(({ passMs, outcome, sendMs }, index) => {
    now += passMs;
    const id = index.toString(16).padStart(16, '0');
    const result = reserve(reservations, limit, id, now);
    reservations = result.reservations;
    if (!result.answer.granted) return;
    const reservedAt = now;
    now += sendMs;
    if (outcome === 'kept') reservations = keep(reservations, id, now);
    if (outcome === 'failed' || outcome === 'unused') reservations = release(reservations, id, outcome);
    else sends.push({ reservedAt, endedAt: now });
  });
  return sends;
}

describe('The rule of the allowance', () => {
  it('never allows more sends than the allowance in any window', () => {
    fc.assert(
      fc.property(limits, steps, (limit, history) => {
        const sends = sendsOf(limit, history);
        for (const { reservedAt: start } of sends) {
          const inWindow = sends.filter(
            ({ reservedAt }) => reservedAt >= start && reservedAt < start + limit.windowMs,
          );
          expect(inWindow.length).toBeLessThanOrEqual(limit.units);
        }
      }),
    );
  });

  it('never allows a send closer to the end of the one before than the cooldown', () => {
    fc.assert(
      fc.property(limits, steps, (limit, history) => {
        const sends = sendsOf(limit, history);
        sends.slice(1).forEach(({ reservedAt }, index) => {
          expect(reservedAt - sends[index].endedAt).toBeGreaterThanOrEqual(limit.cooldownMs);
        });
      }),
    );
  });

  it('grants after exactly the wait that a refusal names, or refuses for another reason', () => {
    fc.assert(
      fc.property(limits, steps, fc.integer({ min: 0, max: 200_000 }), (limit, history, laterMs) => {
        let reservations: readonly Reservation[] = [];
        let now = 1_000_000;
        history.forEach(({ passMs }, index) => {
          now += passMs;
          ({ reservations } = reserve(reservations, limit, index.toString(16).padStart(16, '0'), now));
        });
        now += laterMs;
        const { answer } = reserve(reservations, limit, 'f'.repeat(16), now);
        if (answer.granted) return;
        expect(reserve(reservations, limit, 'f'.repeat(16), now + answer.waitMs).answer).toEqual({
          granted: true,
        });
        expect(reserve(reservations, limit, 'f'.repeat(16), now + answer.waitMs - 1).answer.granted).toBe(
          false,
        );
      }),
    );
  });

  it('survives being stored and read', () => {
    const reservation = fc.record({
      id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((bits) => bits.toString(16).padStart(16, '0')),
      reservedAt: fc.integer({ min: 0, max: 2 ** 47 }),
      sendMs: fc.integer({ min: 0, max: 30_000 }),
      returned: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(reservation), (made) => {
        const reservations = made.map(({ sendMs, ...rest }) => ({
          ...rest,
          sentBy: rest.reservedAt + (rest.returned ? 0 : sendMs),
        }));
        expect(decodeReservations(encodeReservations(reservations))).toEqual(reservations);
      }),
    );
  });
});
