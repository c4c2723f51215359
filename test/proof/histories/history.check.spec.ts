import { describe, expect, it } from '@jest/globals';
import type { Answer } from './history.js';
import { checkHistory } from './history.check.js';
import type { Limits } from './phone.model.js';
import { Story } from './story.js';

const LIMITS: Limits = {
  sendsPerDay: 2,
  cooldownMs: 60_000,
  sendMs: 1_000,
  codeLifeMs: 600_000,
  guessesPerCode: 2,
  wrongGuessesPerDay: 3,
};
const DAY_MS = 24 * 60 * 60 * 1000;

const APPROVED: Answer = { status: 200, verification: 'approved' };
const UNAVAILABLE: Answer = { status: 503, code: 'STORE_UNAVAILABLE' };
const INVALID: Answer = { status: 422, code: 'SMS_SEND_FAILED', reason: 'invalid_number' };
const UNCONFIRMED: Answer = { status: 503, code: 'SMS_CONNECTION_FAILED', retryAfterSeconds: 60, id: 'id' };
const UNREACHABLE: Answer = { status: 503, code: 'SMS_CONNECTION_FAILED', retryAfterSeconds: 1 };

const NOT_FOUND: Answer = { status: 404, code: 'VERIFICATION_NOT_FOUND' };

const tooFrequent = (retryAfterSeconds: number): Answer => ({
  status: 429,
  code: 'SMS_SEND_TOO_FREQUENTLY',
  retryAfterSeconds,
});
const limitReached = (retryAfterSeconds: number): Answer => ({
  status: 429,
  code: 'TODAY_SMS_LIMIT_REACHED',
  retryAfterSeconds,
});
const guessesUsed = (retryAfterSeconds: number): Answer => ({
  status: 429,
  code: 'SMS_CHECK_TOO_FREQUENTLY',
  retryAfterSeconds,
});
const wrong = (attemptsLeft: number): Answer => ({ status: 422, code: 'SMS_CODE_ERROR', attemptsLeft });
const ended = (reason: string): Answer => ({ status: 410, code: 'SMS_CODE_EXPIRED', reason });

const story = (): Story => new Story(LIMITS);

/** Why there is no explanation; empty if there is one. */
function contradictionsOf(told: Story): string[] {
  const { disagreements, explanation } = checkHistory(told.history());
  if (explanation.explained) return [...disagreements];
  return [...disagreements, ...explanation.stuck.map(({ step, because }) => `${step.name}: ${because}`)];
}

describe('A history of one phone is explained', () => {
  it.each<[string, Story]>([
    [
      'a code that is guessed, and then entered',
      story().sent().check(0, 'wrong', wrong(1)).check(0, 'right', APPROVED),
    ],
    [
      'a code that was used',
      story().sent().check(0, 'right', APPROVED).check(0, 'right', ended('used')).status(0, 'approved'),
    ],
    [
      'two sends with the cooldown between them',
      story().sent().send(tooFrequent(60)).pass(59_999).send(tooFrequent(1)).pass(1).sent(),
    ],
    [
      'two sends at once, of which one is refused while the other is in flight',
      story().atOnce((now) => now.sent().send(tooFrequent(61))),
    ],
    [
      'two sends at once, when there is no cooldown',
      new Story({ ...LIMITS, cooldownMs: 0 }).atOnce((now) => now.sent().sent()),
    ],
    [
      'a send that was refused because of another one, which then did not reach Twilio',
      new Story({ ...LIMITS, sendsPerDay: 3 })
        .sent()
        .atOnce((now) => now.send(UNREACHABLE).pass(60_000).send(tooFrequent(61)))
        .sent(),
    ],
    ['a failed send, and another one right after it', story().send(INVALID, ['refused']).sent()],
    ['a send that never reached Twilio', story().send(UNREACHABLE).sent()],
    [
      'an allowance that is used up, and free again after 24 hours',
      story()
        .sent()
        .pass(60_000)
        .sent()
        .pass(DAY_MS - 60_001)
        .send(limitReached(1))
        .pass(1)
        .sent(),
    ],
    [
      'a send that may have gone out, whose code is entered',
      story().send(UNCONFIRMED, ['doubtful']).check(0, 'right', APPROVED),
    ],
    [
      'a code that a newer one replaced',
      story().sent().pass(60_000).sent().check(0, 'right', ended('replaced')).check(1, 'right', APPROVED),
    ],
    [
      'an older code after a failed send',
      story().sent().pass(60_000).send(INVALID, ['refused']).check(0, 'right', APPROVED),
    ],
    [
      'a code whose guesses are used up',
      story()
        .sent()
        .check(0, 'wrong', wrong(1))
        .check(0, 'wrong', wrong(0))
        .check(0, 'right', ended('attempts_exhausted')),
    ],
    [
      'a phone whose guesses are used up, also for the right code and for sends',
      story()
        .sent()
        .check(0, 'wrong', wrong(1))
        .check(0, 'wrong', wrong(0))
        .pass(60_000)
        .sent()
        .check(3, 'wrong', wrong(1))
        .check(3, 'right', guessesUsed(86_340))
        .send(guessesUsed(86_340)),
    ],
    [
      'a code at the end of its life',
      story().sent().pass(599_999).status(0, 'pending').pass(1).check(0, 'right', ended('expired')),
    ],
    ['a send without a store that was counted all the same', story().send(UNAVAILABLE).send(tooFrequent(61))],
    ['a send without a store that was not counted', story().send(UNAVAILABLE).sent()],
    [
      'a check without a store that used the code',
      story().sent().check(0, 'right', UNAVAILABLE).check(0, 'right', ended('used')),
    ],
    [
      'a check without a store that did nothing',
      story().sent().check(0, 'right', UNAVAILABLE).check(0, 'right', APPROVED),
    ],
    [
      'a process that died with a message at Twilio: its code replaces the one before when its time is over',
      story()
        .sent()
        .pass(60_000)
        .send(undefined, ['accepted'])
        .status(0, 'pending')
        .pass(6_000)
        .status(0, 'replaced'),
    ],
  ])('%s', (_, told) => {
    expect(contradictionsOf(told)).toEqual([]);
  });
});

describe('A history of one phone is a counterexample', () => {
  it.each<[string, Story, string]>([
    [
      'two sends inside the cooldown',
      story().sent().pass(59_999).sent(),
      'it has to wait for 1 ms (cooldown)',
    ],
    ['two sends at once', story().atOnce((now) => now.sent().sent()), 'it has to wait for'],
    [
      'a send too many in 24 hours',
      story().sent().pass(60_000).sent().pass(60_000).sent(),
      `${DAY_MS - 120_000} ms (24 hours)`,
    ],
    [
      'a send that is refused after the cooldown',
      story().sent().pass(60_000).send(tooFrequent(1)),
      '0 ms (cooldown)',
    ],
    [
      'a refused send that used a unit',
      story().sent().send(tooFrequent(60)).pass(60_000).send(limitReached(86_340)),
      '0 ms (24 hours)',
    ],
    [
      'a wrong Retry-After',
      story().sent().pass(10_000).send(tooFrequent(60)),
      'it would have to wait for 50000 ms (cooldown) and 0 ms (24 hours), not 60 s',
    ],
    [
      'a failed send that kept its unit',
      story().send(INVALID, ['refused']).send(tooFrequent(61)),
      '0 ms (cooldown)',
    ],
    [
      'a send that may have gone out, and gave its unit back',
      story().send(UNCONFIRMED, ['doubtful']).sent(),
      'it has to wait for 60000 ms',
    ],
    [
      'a code that is accepted twice',
      story().sent().check(0, 'right', APPROVED).check(0, 'right', APPROVED),
      'used, not 200',
    ],
    [
      'a code that is accepted twice at once',
      story()
        .sent()
        .atOnce((now) => now.check(0, 'right', APPROVED).check(0, 'right', APPROVED)),
      'used, not 200',
    ],
    ['a wrong code that is accepted', story().sent().check(0, 'wrong', APPROVED), 'with 1 left, not 200'],
    ['a right code that is refused', story().sent().check(0, 'right', wrong(1)), 'it is 200'],
    [
      'an older code that survived its replacement',
      story().sent().pass(60_000).sent().check(0, 'right', APPROVED),
      'replaced, not 200',
    ],
    [
      'an older code that was replaced by a failed send',
      story().sent().pass(60_000).send(INVALID, ['refused']).check(0, 'right', ended('replaced')),
      'it is 200, not 410',
    ],
    [
      'an older code that survived a send whose process died',
      story().sent().pass(60_000).send(undefined, ['accepted']).pass(6_000).check(0, 'right', APPROVED),
      'another send was interrupted',
    ],
    [
      'a guess too many at a code',
      story().sent().check(0, 'wrong', wrong(1)).check(0, 'wrong', wrong(0)).check(0, 'wrong', wrong(0)),
      'attempts_exhausted, not 422',
    ],
    [
      'a guess too many at a phone',
      story()
        .sent()
        .check(0, 'wrong', wrong(1))
        .check(0, 'wrong', wrong(0))
        .pass(60_000)
        .sent()
        .check(3, 'wrong', wrong(1))
        .check(3, 'right', APPROVED),
      '429 SMS_CHECK_TOO_FREQUENTLY for 86340 s, not 200',
    ],
    [
      'two guesses at once that count as one',
      story()
        .sent()
        .atOnce((now) => now.check(0, 'wrong', wrong(1)).check(0, 'wrong', wrong(1))),
      'with 0 left, not 422',
    ],
    [
      'a code that is accepted when its life is over',
      story().sent().pass(600_000).check(0, 'right', APPROVED),
      'expired, not 200',
    ],
    ['a code that lives too long', story().sent(600_001), 'its code expires 1 ms late'],
    [
      'a code that is forgotten too soon',
      story().sent().check(0, 'right', APPROVED).check(0, 'right', NOT_FOUND),
      'not 404',
    ],
    ['a status that does not agree', story().sent().status(0, 'expired'), 'it is pending, not expired'],
    [
      'an answer that does not exist',
      story().send({ status: 500, code: 'INTERNAL_ERROR' }),
      'there is no such answer',
    ],
    [
      'a success that Twilio knows nothing of',
      story().send({ status: 201, id: 'id', expiresAt: LIMITS.codeLifeMs }, ['refused']),
      'says that Twilio took the message',
    ],
    [
      'a message for a refused call',
      story().sent().send(tooFrequent(60), ['accepted']),
      'was refused, and sent a message',
    ],
    ['a message without a store', story().send(UNAVAILABLE, ['accepted']), 'was refused, and sent a message'],
    [
      'a failure that may have gone out, and says that it did not',
      story().send(INVALID, ['doubtful', 'refused']),
      'something may have',
    ],
    [
      'a failure that did not go out, and says that it may have',
      story().send(UNCONFIRMED, ['refused']),
      'Twilio had said no',
    ],
    [
      'answers that contradict the order in which they were given',
      story().sent().check(0, 'wrong', wrong(0)).check(0, 'wrong', wrong(1)),
      'with 1 left, not 422 SMS_CODE_ERROR with 0 left',
    ],
  ])('%s', (_, told, because) => {
    expect(contradictionsOf(told).join('\n')).toContain(because);
  });
});
