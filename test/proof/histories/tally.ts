import { counted } from '../../support/proof.js';
import type { Call, History } from './history.js';

/** What was tried, in numbers. */
export class Tally {
  histories = 0;
  /** Phones that were refused because so much had been given back to them. */
  returnsUsedUp = 0;
  private calls = 0;
  private unanswered = 0;
  private twilioFaults = 0;
  private advances = 0;
  private readonly answered = new Map<string, number>();
  private readonly disturbances = new Map<string, number>();

  count(histories: readonly History[], disturbances: readonly string[]): void {
    for (const name of disturbances) add(this.disturbances, name);
    this.histories += histories.length;
    this.advances += histories[0].advances.length;
    this.returnsUsedUp += histories.filter(hasReturnsUsedUp).length;
    for (const call of histories.flatMap(({ calls }) => calls)) this.countCall(call);
  }

  private countCall(call: Call): void {
    const { kind, answer } = call;
    this.calls += 1;
    if (!answer || answer.code === 'STORE_UNAVAILABLE') this.unanswered += 1;
    if (answer) add(this.answered, [kind, answer.status, answer.code].filter(Boolean).join(' '));
    if (call.kind !== 'send') return;
    this.twilioFaults += call.messages.filter(({ outcome }) => outcome !== 'accepted').length;
  }

  /** Which kinds of answers were given. */
  get answers(): string[] {
    return [...this.answered.keys()];
  }

  get faults(): string {
    const ofProcesses = [...this.disturbances].map(([name, times]) => `${name} (${counted(times)} times)`);
    return [`${counted(this.twilioFaults)} faults of Twilio`, ...ofProcesses.sort()].join(', ');
  }

  get told(): string {
    const of = (answer: string): string => counted(this.answered.get(answer) ?? 0);
    return [
      `${counted(this.calls)} calls and ${counted(this.advances)} moves of the clock`,
      `${of('send 201')} codes sent`,
      `${counted(this.returnsUsedUp)} phones to which too much was given back`,
      `${of('check 200')} accepted`,
      `${of('check 422 SMS_CODE_ERROR')} wrong guesses`,
      `${counted(this.unanswered)} calls without an answer of the store`,
    ].join(', ');
  }
}

/** Whether a send was refused for the day though each send before it had been refused, too, or given back. */
function hasReturnsUsedUp({ calls }: History): boolean {
  const sends = calls.filter(({ kind }) => kind === 'send');
  const leftNothing = ({ answer }: Call): boolean =>
    answer?.status === 422 || answer?.code === 'TODAY_SMS_LIMIT_REACHED';
  return sends.some(
    (send) =>
      send.answer?.code === 'TODAY_SMS_LIMIT_REACHED' &&
      sends.every(
        (other) => other === send || other.from > send.to || (other.to < send.from && leftNothing(other)),
      ),
  );
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
