import { stepOfCheck, stepsOfStatus } from './check.steps.js';
import type { Call, History, SendCall } from './history.js';
import { explain, type Explanation, type Step } from './linearizability.js';
import { PhoneModel, type Phone } from './phone.model.js';
import { stepsOfSend } from './send.steps.js';

export interface Verdict {
  /** Answers that do not agree with what Twilio saw. */
  readonly disagreements: readonly string[];
  readonly explanation: Explanation<Phone>;
}

/** Holds a history against the model of a phone. */
export function checkHistory(history: History): Verdict {
  const model = new PhoneModel(history.limits);
  const explanation = explain(stepsOf(history, model), model.start(history.startsAt));
  return {
    disagreements: history.calls.flatMap((call, id) => disagreementsOf(call, id, history)),
    explanation,
  };
}

export function isCounterexample({ disagreements, explanation }: Verdict): boolean {
  return disagreements.length > 0 || !explanation.explained;
}

/** Whether nothing speaks against it but that the search was given up. */
export function isUndecided({ disagreements, explanation }: Verdict): boolean {
  return disagreements.length === 0 && !explanation.explained && explanation.undecided;
}

function stepsOf({ calls, advances }: History, model: PhoneModel): Step<Phone>[] {
  return [
    ...advances.map(({ from, to, ms }, index) => ({
      name: `${ms} ms pass (${index + 1})`,
      from,
      to,
      apply: (phone: Phone) => model.advance(phone, ms),
    })),
    ...calls.flatMap((call, id) => {
      switch (call.kind) {
        case 'send':
          return stepsOfSend(call, id, model);
        case 'check':
          return [stepOfCheck(call, id, model)];
        case 'status':
          return stepsOfStatus(call, id, model);
      }
    }),
  ];
}

function disagreementsOf(call: Call, id: number, history: History): string[] {
  if (call.kind !== 'send' || !call.answer) return [];
  const { messages, to, answer } = call;
  const isUnconfirmed = answer.status !== 201 && answer.id !== undefined; // its message may still be under way
  const found = answer.status === 201 ? ofSuccess(call) : ofFailure(call, hadTime(call, history));
  if (new Set(messages.map(({ code }) => code)).size > 1) found.push('sent two codes');
  if (!isUnconfirmed && messages.some(({ at }) => at > to))
    found.push('was answered, and sent a message afterwards');
  return found.map((what) => `call ${id} ${what}`);
}

function ofSuccess({ messages }: SendCall): string[] {
  return messages.at(-1)?.outcome === 'accepted' ? [] : ['says that Twilio took the message, which did not'];
}

function ofFailure({ answer, messages }: SendCall, hadItsTime: boolean): string[] {
  const { code, id } = answer!;
  if (code !== 'SMS_SEND_FAILED' && code !== 'SMS_CONNECTION_FAILED') {
    return messages.length > 0 ? ['was refused, and sent a message'] : [];
  }
  const allRefused = messages.every(({ outcome }) => outcome === 'refused');
  if (id === undefined && !allRefused) return ['says that nothing went out, and something may have'];
  if (id !== undefined && allRefused && hadItsTime) {
    return ['says that something may have gone out, and Twilio had said no'];
  }
  return [];
}

/** Whether the send cannot have missed an answer of Twilio's because its time was over. */
function hadTime({ from, to }: SendCall, { advances, limits }: History): boolean {
  return to - from < limits.sendMs / 2 && !advances.some((advance) => advance.from < to && advance.to > from);
}
