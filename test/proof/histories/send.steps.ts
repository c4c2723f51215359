import type { SendCall } from './history.js';
import { Impossible, type Step } from './linearizability.js';
import type { Phone, PhoneModel } from './phone.model.js';

/** How long something that was given up may still be done by a store that was out of reach. */
export const LATE_MS = 5_000;
/** A process waits for its store that long, so that a call that took longer may have been disturbed. */
const STORE_TIMEOUT_MS = 1_190;

const RESERVES = 'takes its reservation';
const MAKES_CODE = 'makes its code';
const NOTHING_TO_DO = 'there is nothing to do';

/** What is known of a step. */
type Certainty = 'happened' | 'may have happened';

/**
 * The steps of a send. A reservation is taken and a code made, in either order, before Twilio is asked; then both are
 * settled, before the call is answered.
 */
export function stepsOfSend(call: SendCall, id: number, model: PhoneModel): Step<Phone>[] {
  const steps = new SendSteps(call, id, model);
  const { answer, messages } = call;
  if (answer === undefined) return steps.cutOff();
  if (answer.status === 201) return steps.sent(answer.expiresAt!);
  switch (answer.code) {
    case 'SMS_SEND_TOO_FREQUENTLY':
    case 'TODAY_SMS_LIMIT_REACHED':
      return steps.refusedByLimits(answer.code, answer.retryAfterSeconds!);
    case 'SMS_CHECK_TOO_FREQUENTLY':
      return steps.refusedByGuesses(answer.retryAfterSeconds!);
    case 'STORE_UNAVAILABLE':
      return steps.withoutStore();
    case 'SERVER_BUSY':
      return [];
    case 'SMS_SEND_FAILED':
    case 'SMS_CONNECTION_FAILED':
      if (answer.id !== undefined) return steps.sent();
      // Without a message nothing says that anything was reserved.
      return steps.failed(messages.length > 0 ? 'happened' : 'may have happened');
    default:
      return [steps.unexpected()];
  }
}

class SendSteps {
  private readonly begin: { from: number; to: number };
  private readonly end: { from: number; to: number; optional: boolean };

  constructor(
    private readonly call: SendCall,
    private readonly id: number,
    private readonly model: PhoneModel,
  ) {
    const { from, to, messages, disturbed, answer } = call;
    const firstMessageAt = messages[0]?.at ?? Infinity;
    const lastMessageAt = Math.min(messages.at(-1)?.at ?? from, to);
    this.begin = { from, to: Math.min(firstMessageAt, to) };
    const settledInTime = answer !== undefined && !disturbed && to - lastMessageAt < STORE_TIMEOUT_MS;
    this.end = { from: lastMessageAt, to: settledInTime ? to : Infinity, optional: !settledInTime };
  }

  sent(expiresAt?: number): Step<Phone>[] {
    return [this.reserve(), this.makeCode(expiresAt), ...this.kept()];
  }

  failed(begun: Certainty): Step<Phone>[] {
    return [this.reserve(begun), this.makeCode(undefined, begun), ...this.returned(), this.interrupted()];
  }

  refusedByLimits(code: string, seconds: number): Step<Phone>[] {
    const refuse = this.step('is refused by the limits', (phone) => {
      const { cooldown, day } = this.model.waitsToSend(phone);
      const wait = code === 'SMS_SEND_TOO_FREQUENTLY' ? cooldown : day;
      const longest = Math.max(cooldown, day);
      if (wait > 0 && inSeconds(wait) === seconds && inSeconds(longest) === seconds) return phone;
      return new Impossible(
        `it would have to wait for ${cooldown} ms (cooldown) and ${day} ms (24 hours), not ${seconds} s`,
      );
    });
    return [refuse, this.guessesWait((wait) => wait <= seconds)];
  }

  refusedByGuesses(seconds: number): Step<Phone>[] {
    // The reservation beside it may be granted for a moment.
    const reserve = this.step(RESERVES, (phone) => {
      const { cooldown, day } = this.model.waitsToSend(phone);
      const wait = Math.max(cooldown, day);
      if (wait === 0) return this.model.reserve(phone, this.id);
      return inSeconds(wait) <= seconds
        ? phone
        : new Impossible(`it would have to wait for ${wait} ms, not ${seconds} s`);
    });
    const forget = this.settle('gives its reservation back unused', RESERVES, (phone) =>
      this.model.forgetReservation(phone, this.id),
    );
    return [reserve, this.guessesWait((wait) => wait === seconds), forget];
  }

  /** Anything may have been done, and may be done late, but nothing was sent. */
  withoutStore(): Step<Phone>[] {
    const { from, to } = this.call;
    const begin = [this.reserve('may have happened'), this.makeCode(undefined, 'may have happened')];
    const forget = this.step('gives its reservation back unused', (phone) =>
      unlessSame(phone, this.model.forgetReservation(phone, this.id)),
    );
    return [
      ...begin.map((step) => ({ ...step, from, to: to + LATE_MS })),
      { ...forget, from, to: Infinity, optional: true },
      this.interrupted(),
    ];
  }

  /** The process died. */
  cutOff(): Step<Phone>[] {
    const { messages, from } = this.call;
    if (messages.length === 0) return this.withoutStore();
    const mayHaveGoneOut = messages.some(({ outcome }) => outcome !== 'refused');
    const settled = mayHaveGoneOut ? this.kept() : [...this.returned(), this.interrupted()];
    const optional = settled.map((step) => ({ ...step, from, to: Infinity, optional: true }));
    return [this.reserve(), this.makeCode(), ...optional];
  }

  unexpected(): Step<Phone> {
    return this.step('is answered', () => new Impossible('there is no such answer'));
  }

  private reserve(certainty: Certainty = 'happened'): Step<Phone> {
    const step = this.step(RESERVES, (phone) => {
      const { cooldown, day } = this.model.waitsToSend(phone);
      if (cooldown === 0 && day === 0) return this.model.reserve(phone, this.id);
      return new Impossible(`it has to wait for ${cooldown} ms (cooldown) and ${day} ms (24 hours)`);
    });
    return { ...step, optional: certainty === 'may have happened' };
  }

  private makeCode(expiresAt?: number, certainty: Certainty = 'happened'): Step<Phone> {
    const optional = certainty === 'may have happened';
    const step = this.step(MAKES_CODE, (phone) => {
      const wait = this.model.waitToGuess(phone);
      if (wait > 0) return new Impossible(`it has to wait for ${wait} ms (wrong guesses)`);
      // Nobody learns of this code, unless it replaces another.
      if (optional && !this.model.hasOlderCode(phone, this.id)) return new Impossible(NOTHING_TO_DO);
      const made = this.model.makeCode(phone, this.id);
      const ends = made.sends[this.id].code!.expiresAt;
      if (expiresAt === undefined || expiresAt === ends) return made;
      return new Impossible(`its code expires ${expiresAt - ends} ms late`);
    });
    return { ...step, optional };
  }

  private guessesWait(allowed: (seconds: number) => boolean): Step<Phone> {
    return this.step('asks for the wrong guesses', (phone) => {
      const wait = this.model.waitToGuess(phone);
      const seconds = wait === 0 ? 0 : inSeconds(wait);
      return allowed(seconds)
        ? phone
        : new Impossible(`it would have to wait for ${wait} ms (wrong guesses)`);
    });
  }

  /** When nobody wrote it down, the code comes into force when somebody asks. */
  private kept(): Step<Phone>[] {
    return [
      this.settle('keeps its reservation', RESERVES, (phone) => this.model.keepReservation(phone, this.id)),
      this.settle('puts its code in force', MAKES_CODE, (phone) => {
        const matters =
          this.model.hasOlderCode(phone, this.id) || this.model.interrupted(phone).includes(this.id);
        return matters || !this.end.optional ? this.model.keepCode(phone, this.id) : phone;
      }),
    ];
  }

  private returned(): Step<Phone>[] {
    return [
      this.settle('returns its reservation', RESERVES, (phone) =>
        this.model.returnReservation(phone, this.id),
      ),
      this.settle('gives its code up', MAKES_CODE, (phone) => this.model.failCode(phone, this.id)),
    ];
  }

  /** A failed send whose outcome was not written down in time counts as sent if its reservation is held. */
  private interrupted(): Step<Phone> {
    const step = this.step('is found interrupted', (phone) => {
      if (!this.model.interrupted(phone).includes(this.id)) return new Impossible('it is not interrupted');
      return this.model.holds(phone, this.id)
        ? this.model.keepCode(phone, this.id)
        : this.model.failCode(phone, this.id);
    });
    return { ...step, to: Infinity, optional: true };
  }

  private settle(what: string, after: string, apply: (phone: Phone) => Phone): Step<Phone> {
    const step = this.step(what, this.end.optional ? (phone) => unlessSame(phone, apply(phone)) : apply);
    return { ...step, ...this.end, after: this.named(after) };
  }

  private step(what: string, apply: Step<Phone>['apply']): Step<Phone> {
    return { name: this.named(what), ...this.begin, apply };
  }

  private named(what: string): string {
    return `call ${this.id} ${what}`;
  }
}

/** Of a step that nobody knows of, and that would change nothing, need not be thought. */
function unlessSame(before: Phone, after: Phone): Phone | Impossible {
  return before === after ? new Impossible(NOTHING_TO_DO) : after;
}

/** As in Retry-After. */
export function inSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}
