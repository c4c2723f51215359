import type { Fault } from '@app/twilio-simulator';
import { acceptsMessage } from '../../../libs/twilio-simulator/src/faults.js';
import type { JsonAnswer } from '../../support/process.js';
import type { Deployment, Member } from './deployment.js';
import type { Answer, Call, History, Message } from './history.js';

/** A send whose code can be checked. */
export interface SentCode {
  /** The place of its call among the calls. */
  readonly call: number;
  readonly id: string;
  readonly code: string;
}

type Recorded<T> = T extends Call ? Omit<T, 'from' | 'to' | 'answer' | 'disturbed'> : never;

/** A send, and what is to go wrong with its messages. */
interface Sending {
  readonly process: number;
  readonly faults: (Fault | undefined)[];
  readonly messages: Message[];
  state: 'under way' | 'over' | 'unconfirmed';
}

/** Calls the API for one phone, and writes down what it sees. */
export class HistoryRecorder {
  readonly codes: SentCode[] = [];
  private readonly calls: (Call | undefined)[] = [];
  private readonly sends: Sending[] = [];
  private readonly startsAt: number;
  private readonly firstAdvance: number;

  constructor(
    readonly phone: string,
    private readonly deployment: Deployment,
  ) {
    this.startsAt = deployment.clock.nowMs;
    this.firstAdvance = deployment.advances.length;
  }

  /** @param faults of Twilio, for the tries in order. Of a process at most one send is under way. */
  async send(member: Member, faults: (Fault | undefined)[] = []): Promise<void> {
    const send: Sending = { process: member.number, faults, messages: [], state: 'under way' };
    this.sends.push(send);
    const { number, call } = await this.call(
      member,
      { kind: 'send', process: member.number, messages: send.messages },
      () => member.api.send(this.phone),
    );
    const { id, status } = call.answer ?? {};
    send.state = call.answer === undefined || (id !== undefined && status !== 201) ? 'unconfirmed' : 'over';
    const [message] = send.messages;
    if (id && message) this.codes.push({ call: number, id, code: message.code });
  }

  async check(member: Member, { call, id, code }: SentCode, entered: string): Promise<void> {
    const right = entered === code;
    await this.call(member, { kind: 'check', process: member.number, of: call, right }, () =>
      member.api.check(id, entered),
    );
  }

  async status(member: Member, { call, id }: SentCode): Promise<void> {
    await this.call(member, { kind: 'status', process: member.number, of: call }, () =>
      member.api.get(`/v1/verifications/${id}`),
    );
  }

  /** A request of a process to Twilio. @returns what goes wrong with it */
  asked(process: number, code: string): Fault | undefined {
    const send = this.sendOf(process, code);
    if (!send) throw new Error('A message was sent that nobody asked for.');
    const fault = send.faults.shift();
    send.messages.push({ at: performance.now(), code, outcome: outcomeOf(fault) });
    return fault;
  }

  /** Whether a message may still be under way whose sender has given it up. */
  get isWaiting(): boolean {
    return this.sends.some(({ state, messages }) => state === 'unconfirmed' && messages.length === 0);
  }

  private sendOf(process: number, code: string): Sending | undefined {
    const sends = this.sends.filter((send) => send.process === process);
    const silent = sends.filter(({ messages }) => messages.length === 0);
    return (
      sends.find(({ messages }) => messages[0]?.code === code) ??
      silent.find(({ state }) => state === 'under way') ??
      silent.findLast(({ state }) => state === 'unconfirmed') ??
      sends.at(-1)
    );
  }

  history(): History {
    const { limits } = this.deployment.options;
    const calls = this.calls as Call[]; // all are over
    const advances = this.deployment.advances.slice(this.firstAdvance);
    return { phone: this.phone, limits, startsAt: this.startsAt, calls, advances };
  }

  private async call(
    member: Member,
    recorded: Recorded<Call>,
    ask: () => Promise<JsonAnswer>,
  ): Promise<{ number: number; call: Call }> {
    const number = this.calls.push(undefined) - 1;
    const from = performance.now();
    const answer = await ask().then(
      (given) => answerOf(given),
      () => undefined, // the process died
    );
    const to = performance.now();
    const disturbed = this.deployment.wasDisturbed(member, from, to);
    const call: Call = { ...recorded, from, to, answer, disturbed };
    this.calls[number] = call;
    return { number, call };
  }
}

function answerOf({ status, retryAfter, body }: JsonAnswer): Answer {
  const { code, reason, attemptsLeft, id, expiresAt, status: verification } = body;
  return {
    status,
    ...(status >= 400 && { code: code as string }),
    ...(reason !== undefined && { reason: reason as string }),
    ...(retryAfter !== null && { retryAfterSeconds: Number(retryAfter) }),
    ...(attemptsLeft !== undefined && { attemptsLeft: attemptsLeft as number }),
    ...(id !== undefined && { id: id as string }),
    ...(expiresAt !== undefined && { expiresAt: Date.parse(expiresAt as string) }),
    ...(status === 200 && { verification: verification as string }),
  };
}

function outcomeOf(fault: Fault | undefined): Message['outcome'] {
  if (!fault || fault.kind === 'delay') return 'accepted';
  if (fault.kind === 'status' && fault.status < 500 && !acceptsMessage(fault)) return 'refused';
  return 'doubtful';
}
