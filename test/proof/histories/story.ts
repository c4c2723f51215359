import type { Answer, Call, CheckCall, History, Message, SendCall } from './history.js';
import type { Limits } from './phone.model.js';

/** A history told by hand: one call after the other, or several at once. */
export class Story {
  private readonly calls: Call[] = [];
  private readonly advances: { from: number; to: number; ms: number }[] = [];
  private time = 0;
  private virtualMs = 0;
  private isAtOnce = false;

  constructor(private readonly limits: Limits) {}

  pass(ms: number): this {
    this.advances.push({ ...this.interval(), ms });
    this.virtualMs += ms;
    return this;
  }

  /** A code was sent, as the next call of the story. @param expiresInMs from now */
  sent(expiresInMs = this.limits.codeLifeMs): this {
    const expiresAt = this.virtualMs + expiresInMs;
    return this.send({ status: 201, id: 'id', expiresAt }, ['accepted']);
  }

  send(answer: Answer | undefined, outcomes: Message['outcome'][] = []): this {
    const { from, to } = this.interval();
    const messages = outcomes.map((outcome) => ({ at: (from + to) / 2, code: `${from}`, outcome }));
    return this.add({ kind: 'send', process: 0, from, to, messages, answer, disturbed: false });
  }

  check(of: number, code: 'right' | 'wrong', answer: Answer | undefined): this {
    const timed = this.interval();
    const call = {
      kind: 'check',
      process: 0,
      of,
      right: code === 'right',
      answer,
      disturbed: false,
    } as const;
    return this.add({ ...call, ...timed });
  }

  status(of: number, verification: string): this {
    const answer = { status: 200, verification };
    return this.add({ kind: 'status', process: 0, of, ...this.interval(), answer, disturbed: false });
  }

  /** What is told in here happens at the same time. */
  atOnce(tell: (story: this) => void): this {
    this.next();
    this.isAtOnce = true;
    tell(this);
    this.isAtOnce = false;
    this.next();
    return this;
  }

  history(): History {
    const { limits, calls, advances } = this;
    return { phone: '+12025550123', limits, startsAt: 0, calls, advances };
  }

  private add(call: SendCall | CheckCall | Call): this {
    this.calls.push(call);
    return this;
  }

  private interval(): { from: number; to: number } {
    const from = this.isAtOnce ? this.time : this.next();
    return { from, to: from + 5 };
  }

  private next(): number {
    return (this.time += 10);
  }
}
