import type { Call } from './callers.js';
import type { ReceivedMessage, ReceivedMessages } from './messages.js';

export interface LimitsInForce {
  readonly cooldownMs: number;
  /** Messages per phone. A test is shorter than the window. */
  readonly sends: number;
  /** Wrong guesses per code. */
  readonly attempts: number;
  /** Wrong guesses per phone. */
  readonly failedChecks: number;
}

/**
 * What the calls and the messages of a test show to be broken, one sentence each; none if the limits held. Knows the
 * system only from outside: answers, and what Twilio was handed.
 */
export function violationsOf(
  calls: readonly Call[],
  received: ReceivedMessages,
  limits: LimitsInForce,
): string[] {
  return groupedBy(calls, ({ phone }) => phone).flatMap(([phone, ofPhone]) =>
    violationsOfPhone(ofPhone, received.to(phone), limits).map((text) => `${phone}: ${text}`),
  );
}

function violationsOfPhone(
  calls: readonly Call[],
  messages: readonly ReceivedMessage[],
  limits: LimitsInForce,
): string[] {
  const checks = calls.filter(({ kind }) => kind === 'check');
  return [
    ...violationsOfSends(
      calls.filter(({ kind }) => kind === 'send'),
      messages,
      limits,
    ),
    ...groupedBy(checks, ({ id = '' }) => id).flatMap(([id, ofCode]) =>
      violationsOfCode(ofCode, limits).map((text) => `code of ${id}: ${text}`),
    ),
    ...tooMany('wrong guesses at its codes', checks.filter(isWrongGuess).length, limits.failedChecks),
  ];
}

function violationsOfSends(
  sends: readonly Call[],
  messages: readonly ReceivedMessage[],
  { cooldownMs, sends: allowance }: LimitsInForce,
): string[] {
  const gaps = messages.slice(1).map(({ at }, index) => at - messages[index].at);
  const isDuring = ({ at }: ReceivedMessage, { askedAt, answeredAt = Infinity }: Call): boolean =>
    askedAt <= at && at <= answeredAt;
  const mayHaveSent = sends.filter((call) => call.answer?.status === 201 || outcomeIsUnknown(call));
  return [
    ...gaps.filter((gapMs) => gapMs < cooldownMs).map((gapMs) => `two messages within ${gapMs} ms`),
    ...tooMany('messages', messages.length, allowance),
    ...sends
      .filter((call) => call.answer?.status === 201)
      .filter((call) => !messages.some((message) => isDuring(message, call)))
      .map(() => 'an answer says that a message was sent, and none was'),
    ...messages
      .filter((message) => !mayHaveSent.some((call) => isDuring(message, call)))
      .map(() => 'a message at a time at which no call may have sent it'),
    ...tooMany('messages for its calls', messages.length, mayHaveSent.length),
  ];
}

function violationsOfCode(checks: readonly Call[], { attempts }: LimitsInForce): string[] {
  const wrong = checks.filter(isWrongGuess);
  const approved = checks.filter(({ answer }) => answer?.status === 200);
  const before = (call: Call): Call[] =>
    wrong.filter(({ answeredAt = Infinity }) => answeredAt < call.askedAt);
  return [
    ...tooMany('approvals', approved.length, 1),
    ...tooMany('wrong guesses', wrong.length, attempts),
    ...wrong
      .filter((call) => Number(call.answer!.body.attemptsLeft) > attempts - 1 - before(call).length)
      .map(() => 'a wrong guess was forgotten'),
    ...approved.filter((call) => before(call).length >= attempts).map(() => 'approved after its last guess'),
    ...wrong.filter(({ isRight }) => isRight).map(() => 'the right code is called wrong'),
    ...approved.filter(({ isRight }) => !isRight).map(() => 'a wrong code was approved'),
    ...checks.filter(({ answer }) => answer?.status === 404).map(() => 'the verification is forgotten'),
  ];
}

function isWrongGuess({ kind, answer }: Call): boolean {
  return kind === 'check' && answer?.status === 422;
}

/** No answer, or one that says that the message may arrive. */
function outcomeIsUnknown({ answer }: Call): boolean {
  return answer === undefined || (answer.status >= 502 && answer.body.id !== undefined);
}

function groupedBy(calls: readonly Call[], key: (call: Call) => string): [string, Call[]][] {
  const groups = new Map<string, Call[]>();
  for (const call of calls) groups.set(key(call), [...(groups.get(key(call)) ?? []), call]);
  return [...groups];
}

function tooMany(what: string, count: number, most: number): string[] {
  return count > most ? [`${count} ${what}, and ${most} are allowed`] : [];
}
