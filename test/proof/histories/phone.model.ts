/**
 * One phone as CONTRACT.md describes it (sections 3 and 5): what it was sent, its codes and its wrong guesses, and each
 * thing that can happen to it as one step. It is written from the contract and shares nothing with the product.
 * Times are in milliseconds.
 */
export interface Phone {
  readonly now: number;
  /** By number of the call. */
  readonly sends: Readonly<Record<number, Send>>;
  /** Codes that were made so far. */
  readonly codes: number;
  readonly wrongGuesses: readonly number[];
}

export interface Send {
  readonly reservation?: Reservation;
  readonly code?: Code;
}

interface Reservation {
  readonly takenAt: number;
  /** When its message can have gone out at the latest; missing while nobody knows. */
  readonly sentBy?: number;
  readonly returned?: boolean;
}

interface Code {
  /** Codes are numbered in the order in which they can be checked. */
  readonly number: number;
  readonly madeAt: number;
  readonly expiresAt: number;
  readonly guesses: number;
  readonly send: 'in flight' | 'kept' | 'failed';
  readonly ended?: { readonly as: EndedAs; readonly at: number };
}

export type EndedAs = 'approved' | 'replaced' | 'attempts_exhausted' | 'send_failed';
export type Status = 'pending' | 'expired' | EndedAs;

export interface Limits {
  readonly sendsPerDay: number;
  readonly cooldownMs: number;
  /** The longest that a send takes. */
  readonly sendMs: number;
  readonly codeLifeMs: number;
  readonly guessesPerCode: number;
  readonly wrongGuessesPerDay: number;
}

export type Waits = { readonly cooldown: number; readonly day: number };

const DAY_MS = 24 * 60 * 60 * 1000;
const REMEMBERED_MS = 60 * 60 * 1000;
/** For the outcome of a send to be written down; see docs/decisions/interrupted-sends.md. */
const GRACE_MS = 5_000;
const RETURNS_PER_SEND = 3;

export class PhoneModel {
  constructor(readonly limits: Limits) {}

  start(now: number): Phone {
    return { now, sends: {}, codes: 0, wrongGuesses: [] };
  }

  /** How long until another send is possible. A cooldown of 0 means none, also while another send is in flight. */
  waitsToSend({ now, sends }: Phone): Waits {
    const { cooldownMs, sendMs, sendsPerDay } = this.limits;
    const reservations = Object.values(sends).flatMap(({ reservation }) => reservation ?? []);
    const taken = reservations.filter(({ returned }) => !returned);
    const sentBy = taken.map((reservation) => reservation.sentBy ?? reservation.takenAt + sendMs);
    const takenAt = (some: readonly Reservation[]): number[] => some.map((one) => one.takenAt);
    return {
      cooldown: cooldownMs === 0 ? 0 : Math.max(0, ...sentBy.map((at) => at + cooldownMs - now)),
      day: Math.max(
        waitInDay(takenAt(taken), sendsPerDay, now),
        waitInDay(
          takenAt(reservations.filter(({ returned }) => returned)),
          sendsPerDay * RETURNS_PER_SEND,
          now,
        ),
      ),
    };
  }

  /** How long until another guess is possible, and a send as far as guesses are concerned. */
  waitToGuess({ now, wrongGuesses }: Phone): number {
    return waitInDay(wrongGuesses, this.limits.wrongGuessesPerDay, now);
  }

  reserve(phone: Phone, id: number): Phone {
    return withSend(phone, id, { reservation: { takenAt: phone.now } });
  }

  /** The code can be checked from now on. */
  makeCode(phone: Phone, id: number): Phone {
    const { now, codes } = phone;
    const expiresAt = now + this.limits.codeLifeMs;
    const code: Code = { number: codes + 1, madeAt: now, expiresAt, guesses: 0, send: 'in flight' };
    return withSend({ ...phone, codes: codes + 1 }, id, { code });
  }

  /** The cooldown counts from the end of a send, and from the latest end that it could have. */
  keepReservation(phone: Phone, id: number): Phone {
    const { reservation } = phone.sends[id] ?? {};
    if (!reservation || reservation.returned || reservation.sentBy !== undefined) return phone;
    if (phone.now >= reservation.takenAt + this.limits.sendMs) return phone; // that is what was reckoned with
    return withSend(phone, id, { reservation: { ...reservation, sentBy: phone.now } });
  }

  /** Of a failed send. */
  returnReservation(phone: Phone, id: number): Phone {
    const { reservation } = phone.sends[id] ?? {};
    return reservation ? withSend(phone, id, { reservation: { ...reservation, returned: true } }) : phone;
  }

  /** It was never used. */
  forgetReservation(phone: Phone, id: number): Phone {
    return phone.sends[id]?.reservation ? withSend(phone, id, { reservation: undefined }) : phone;
  }

  holds(phone: Phone, id: number): boolean {
    const { reservation } = phone.sends[id] ?? {};
    return reservation !== undefined && !reservation.returned;
  }

  /** A send that may have gone out: its code replaces those before it. */
  keepCode(phone: Phone, id: number): Phone {
    const { code } = phone.sends[id] ?? {};
    if (code?.send !== 'in flight') return phone;
    const kept = withSend(phone, id, { code: { ...code, send: 'kept' } });
    return endCodes(kept, 'replaced', (other) => other.number < code.number && other.send !== 'failed');
  }

  /** Whether there is a code to replace: one that is older than that of this send, if it has one, and has not ended. */
  hasOlderCode({ now, sends }: Phone, id: number): boolean {
    const number = sends[id]?.code?.number ?? Infinity;
    return Object.values(sends).some(
      ({ code }) => code && code.number < number && !code.ended && code.expiresAt > now,
    );
  }

  failCode(phone: Phone, id: number): Phone {
    const { code } = phone.sends[id] ?? {};
    if (code?.send !== 'in flight') return phone;
    return withSend(phone, id, {
      code: { ...code, send: 'failed', ended: { as: 'send_failed', at: phone.now } },
    });
  }

  /** Sends whose outcome should have been written down by now, and was not. */
  interrupted({ now, sends }: Phone): number[] {
    return Object.entries(sends)
      .filter(
        ([, { code }]) => code?.send === 'in flight' && code.madeAt + this.limits.sendMs + GRACE_MS <= now,
      )
      .map(([id]) => Number(id));
  }

  statusOf({ now, sends }: Phone, id: number): Status | undefined {
    const { code } = sends[id] ?? {};
    if (!code) return undefined;
    if (code.ended) return code.ended.as;
    return code.expiresAt <= now ? 'expired' : 'pending';
  }

  /** The life of a replaced code may be over, too. */
  mayBeCalledExpired({ now, sends }: Phone, id: number): boolean {
    const { code } = sends[id] ?? {};
    return code !== undefined && code.expiresAt <= now && (!code.ended || code.ended.as === 'replaced');
  }

  mayBeForgotten({ now, sends }: Phone, id: number): boolean {
    const { code } = sends[id] ?? {};
    return code !== undefined && (code.ended?.at ?? code.expiresAt) + REMEMBERED_MS <= now;
  }

  /** The right code was entered: it is used, and all others of the phone have ended. */
  approve(phone: Phone, id: number): Phone {
    const used = endCode(phone, id, 'approved');
    return endCodes(used, 'replaced', ({ send }) => send !== 'failed');
  }

  countWrongGuess(phone: Phone, id: number): Phone {
    const code = phone.sends[id].code!;
    const guesses = code.guesses + 1;
    const counted = withSend({ ...phone, wrongGuesses: [...phone.wrongGuesses, phone.now] }, id, {
      code: { ...code, guesses },
    });
    return guesses >= this.limits.guessesPerCode ? endCode(counted, id, 'attempts_exhausted') : counted;
  }

  attemptsLeft(phone: Phone, id: number): number {
    return this.limits.guessesPerCode - (phone.sends[id]?.code?.guesses ?? 0);
  }

  advance(phone: Phone, ms: number): Phone {
    return { ...phone, now: phone.now + ms };
  }
}

/** How long until fewer than `most` of these moments are in the 24 hours before. */
function waitInDay(moments: readonly number[], most: number, now: number): number {
  const counted = moments.filter((moment) => moment + DAY_MS > now).sort((one, other) => one - other);
  return counted.length < most ? 0 : counted[counted.length - most] + DAY_MS - now;
}

function withSend(phone: Phone, id: number, changes: Send): Phone {
  return { ...phone, sends: { ...phone.sends, [id]: { ...phone.sends[id], ...changes } } };
}

/** What has ended does not end again, and neither does a code whose life was over. */
function endCode(phone: Phone, id: number, as: EndedAs): Phone {
  const { code } = phone.sends[id];
  if (!code || code.ended || code.expiresAt <= phone.now) return phone;
  return withSend(phone, id, { code: { ...code, ended: { as, at: phone.now } } });
}

function endCodes(phone: Phone, as: EndedAs, which: (code: Code) => boolean): Phone {
  return Object.entries(phone.sends).reduce(
    (ending, [id, { code }]) => (code && which(code) ? endCode(ending, Number(id), as) : ending),
    phone,
  );
}
