import { describe, expect, it } from '@jest/globals';
import type { Call } from './callers.js';
import type { ReceivedMessages } from './messages.js';
import { violationsOf } from './oracle.js';

const PHONE = '+8613012345678';
const LIMITS = { cooldownMs: 1_000, sends: 3, attempts: 2, failedChecks: 3 };

/** A send that was asked for at some time, and answered 10 ms later. */
function send(askedAt: number, status: number | undefined, body: Record<string, unknown> = {}): Call {
  return answered({ kind: 'send', phone: PHONE, askedAt }, status, body);
}

function check(
  askedAt: number,
  status: number,
  {
    isRight = false,
    attemptsLeft = 0,
    id = 'one',
  }: { isRight?: boolean; attemptsLeft?: number; id?: string } = {},
): Call {
  return answered({ kind: 'check', phone: PHONE, id, isRight, askedAt }, status, { attemptsLeft });
}

function answered(call: Call, status: number | undefined, body: Record<string, unknown>): Call {
  if (status === undefined) return call;
  return { ...call, answeredAt: call.askedAt + 10, answer: { status, retryAfter: null, body } };
}

/** @param times of the messages that arrived */
function violations(calls: readonly Call[], ...times: readonly number[]): string[] {
  const messages = times.map((at) => ({ phone: PHONE, code: '123456', at }));
  const received = { to: () => messages } as unknown as ReceivedMessages;
  return violationsOf(calls, received, LIMITS).map((text) => text.replace(`${PHONE}: `, ''));
}

describe('The oracle accepts', () => {
  it.each<[string, Call[], number[]]>([
    ['messages as far apart as the cooldown', [send(0, 201), send(1_000, 201)], [5, 1_005]],
    ['a refusal without a message', [send(0, 201), send(500, 429)], [5]],
    ['a message whose answer was lost', [send(0, undefined)], [5]],
    ['no message, where the answer was lost', [send(0, undefined)], []],
    ['a message whose answer says that it may arrive', [send(0, 503, { id: 'one' })], [5]],
    [
      'a wrong guess, then the right code, once',
      [
        check(0, 422, { attemptsLeft: 1 }),
        check(20, 200, { isRight: true }),
        check(40, 410, { isRight: true }),
      ],
      [],
    ],
  ])('%s', (_, calls, times) => {
    expect(violations(calls, ...times)).toEqual([]);
  });
});

describe('The oracle finds', () => {
  it.each<[string, Call[], number[]]>([
    ['two messages within 500 ms', [send(0, 201), send(500, 201)], [5, 505]],
    [
      '4 messages, and 3 are allowed',
      [0, 1_000, 2_000, 3_000].map((at) => send(at, 201)),
      [5, 1_005, 2_005, 3_005],
    ],
    ['an answer says that a message was sent, and none was', [send(0, 201)], []],
    ['a message at a time at which no call may have sent it', [send(0, 201), send(2_000, 429)], [5, 2_005]],
    ['a message at a time at which no call may have sent it', [send(0, 503)], [5]],
    [
      'code of one: 2 approvals, and 1 are allowed',
      [0, 20].map((at) => check(at, 200, { isRight: true })),
      [],
    ],
    [
      'code of one: a wrong guess was forgotten',
      [0, 20].map((at) => check(at, 422, { attemptsLeft: 1 })),
      [],
    ],
    [
      'code of one: approved after its last guess',
      [check(0, 422, { attemptsLeft: 1 }), check(20, 422), check(40, 200, { isRight: true })],
      [],
    ],
    ['code of one: the right code is called wrong', [check(0, 422, { isRight: true, attemptsLeft: 1 })], []],
    ['code of one: a wrong code was approved', [check(0, 200)], []],
    ['code of one: the verification is forgotten', [check(0, 404)], []],
    [
      '4 wrong guesses at its codes, and 3 are allowed',
      ['one', 'two'].flatMap((id) => [check(0, 422, { id, attemptsLeft: 1 }), check(20, 422, { id })]),
      [],
    ],
  ])('%s', (violation, calls, times) => {
    expect(violations(calls, ...times)).toContain(violation);
  });
});
