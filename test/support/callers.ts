import { wrongCode } from './api.js';
import type { ReceivedMessages } from './messages.js';
import { ConnectionBrokenError, type ApiProcess, type JsonAnswer } from './process.js';
import { between } from './proof.js';
import { newPhone } from './stores.js';

/** A call as its caller saw it. Times are in milliseconds of this machine's clock. */
export interface Call {
  readonly kind: 'send' | 'check';
  readonly phone: string;
  /** Of the verification that is checked. */
  readonly id?: string;
  /** Whether the code that is checked is the one that was sent. */
  readonly isRight?: boolean;
  readonly askedAt: number;
  answeredAt?: number;
  /** Missing when the connection broke. */
  answer?: JsonAnswer;
}

interface KnownPhone {
  readonly phone: string;
  readonly verifications: { readonly id: string; readonly code: string }[];
}

/** How many phones are called about at a time. */
const PHONES = 24;

/** People at many phones who ask for codes and check them, right and wrong, and remember all answers. */
export class Callers {
  readonly calls: Call[] = [];
  private readonly phones: KnownPhone[] = [];
  private readonly open = new Map<ApiProcess, number>();

  constructor(
    private readonly received: ReceivedMessages,
    private readonly random: () => number,
  ) {}

  /** Calls that a process has not answered yet. */
  inFlightAt(api: ApiProcess): number {
    return this.open.get(api) ?? 0;
  }

  /** One of them does something. Resolves when it was answered, or the connection broke. */
  async act(api: ApiProcess): Promise<void> {
    const isNew = this.phones.length < PHONES / 2 || this.random() < 0.1;
    const known = isNew ? this.newcomer() : this.phones[between(0, this.phones.length, this.random)];
    const what = this.random();
    if (known.verifications.length === 0 || what < 0.45) await this.send(api, known);
    else if (what < 0.75) await this.check(api, known, false);
    else await this.check(api, known, true);
  }

  /** Asks again for every phone that was sent a message since then. */
  async askAgain(api: ApiProcess, since: number): Promise<void> {
    const recent = this.phones.filter(({ phone }) => (this.received.to(phone).at(-1)?.at ?? 0) > since);
    await Promise.all(recent.map((known) => this.send(api, known)));
  }

  /** Checks all codes that they know, those that were used too. */
  async checkAll(api: ApiProcess): Promise<void> {
    for (const { phone, verifications } of this.phones) {
      await Promise.all(verifications.map((verification) => this.checkOne(api, phone, verification, true)));
    }
  }

  private newcomer(): KnownPhone {
    if (this.phones.length === PHONES) this.phones.splice(between(0, PHONES, this.random), 1);
    const known = { phone: newPhone(), verifications: [] };
    this.phones.push(known);
    return known;
  }

  private async send(api: ApiProcess, { phone, verifications }: KnownPhone): Promise<void> {
    const answer = await this.call(api, { kind: 'send', phone, askedAt: Date.now() }, () => api.send(phone));
    if (answer?.status === 201) {
      verifications.push({ id: String(answer.body.id), code: this.received.codeFor(phone) });
    }
  }

  private async check(api: ApiProcess, known: KnownPhone, isRight: boolean): Promise<void> {
    const { phone, verifications } = known;
    // Mostly the newest one.
    const index =
      this.random() < 0.7 ? verifications.length - 1 : between(0, verifications.length, this.random);
    await this.checkOne(api, phone, verifications[index], isRight);
  }

  private async checkOne(
    api: ApiProcess,
    phone: string,
    { id, code }: { id: string; code: string },
    isRight: boolean,
  ): Promise<void> {
    await this.call(api, { kind: 'check', phone, id, isRight, askedAt: Date.now() }, () =>
      api.check(id, isRight ? code : wrongCode(code)),
    );
  }

  private async call(
    api: ApiProcess,
    call: Call,
    ask: () => Promise<JsonAnswer>,
  ): Promise<JsonAnswer | undefined> {
    this.calls.push(call);
    this.open.set(api, this.inFlightAt(api) + 1);
    try {
      call.answer = await ask();
      call.answeredAt = Date.now();
      return call.answer;
    } catch (error) {
      if (error instanceof ConnectionBrokenError) return undefined;
      throw error;
    } finally {
      this.open.set(api, this.inFlightAt(api) - 1);
    }
  }
}
