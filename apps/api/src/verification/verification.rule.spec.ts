import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  check,
  open,
  settle,
  statusOf,
  UNKNOWN_PHONE,
  type CodeState,
  type PhoneState,
} from './verification.rule.js';

const HOUR = 3_600_000;
const LIMITS = { maxAttempts: 3, maxWrongGuesses: 5 };
const TTL = 600_000;

const step = fc.oneof(
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 1, 60_000, TTL, 13 * HOUR) }),
  fc.record({
    do: fc.constant('send' as const),
    as: fc.constantFrom('accepted' as const, 'unknown' as const, 'failed' as const),
  }),
  fc.record({ do: fc.constant('check' as const), code: fc.nat({ max: 5 }), right: fc.boolean() }),
);

interface Guess {
  at: number;
  code: number;
}

/** Runs a history of one phone, whose sends follow each other, and notes what was decided. */
function run(steps: (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): {
  approvals: Guess[];
  wrong: Guess[];
  live: number[];
} {
  let phone: PhoneState = UNKNOWN_PHONE;
  const codes: CodeState[] = [];
  const approvals: Guess[] = [];
  const wrong: Guess[] = [];
  const live: number[] = [];
  let now = 1_000_000_000;
  steps.forEach((action, index) => {
    if (action.do === 'pass') now += action.ms;
    if (action.do === 'send') {
      const nonce = String(codes.length);
      phone = open(phone, nonce, 10_000, now);
      const code: CodeState = { number: phone.opened, expiresAt: now + TTL, send: 'in_flight', guesses: [] };
      const settled = settle(phone, nonce, code, action.as, now);
      phone = settled.phone;
      codes.push(settled.code);
    }
    if (action.do === 'check' && codes[action.code]) {
      const attempt = { id: `attempt ${index}`, matches: action.right };
      const result = check(phone, String(action.code), codes[action.code], attempt, LIMITS, 0, now);
      phone = result.phone;
      codes[action.code] = result.code;
      if (result.decision.result === 'approved') approvals.push({ at: now, code: action.code });
      if (result.decision.result === 'wrong') wrong.push({ at: now, code: action.code });
    }
    live.push(
      codes.filter(
        (code, nonce) => statusOf(phone, String(nonce), code, LIMITS.maxAttempts, now) === 'pending',
      ).length,
    );
  });
  return { approvals, wrong, live };
}

const histories = fc.array(step, { maxLength: 60 });

describe('The rule of verifications', () => {
  it('accepts each code at most once', () => {
    fc.assert(
      fc.property(histories, (steps) => {
        const { approvals } = run(steps);
        expect(new Set(approvals.map(({ code }) => code)).size).toBe(approvals.length);
      }),
    );
  });

  it('has at most one code of a phone in force', () => {
    fc.assert(
      fc.property(histories, (steps) => expect(Math.max(0, ...run(steps).live)).toBeLessThanOrEqual(1)),
    );
  });

  it('compares no more wrong guesses of a code than allowed', () => {
    fc.assert(
      fc.property(histories, (steps) => {
        const { wrong } = run(steps);
        for (const { code } of wrong) {
          expect(wrong.filter((other) => other.code === code).length).toBeLessThanOrEqual(LIMITS.maxAttempts);
        }
      }),
    );
  });

  it('compares no more wrong guesses of a phone in any 24 hours than its budget, whatever is sent again', () => {
    fc.assert(
      fc.property(histories, (steps) => {
        const { wrong } = run(steps);
        for (const { at: start } of wrong) {
          const inDay = wrong.filter(({ at }) => at >= start && at < start + 24 * HOUR);
          expect(inDay.length).toBeLessThanOrEqual(LIMITS.maxWrongGuesses);
        }
      }),
    );
  });
});
