import type { Answer, CheckCall, StatusCall } from './history.js';
import { Impossible, type Step } from './linearizability.js';
import type { Phone, PhoneModel } from './phone.model.js';
import { inSeconds, LATE_MS } from './send.steps.js';

/** A check is one step. When its answer was lost it may have counted all the same. */
export function stepOfCheck(call: CheckCall, id: number, model: PhoneModel): Step<Phone> {
  const { from, to, of, right, answer } = call;
  const name = `call ${id} checks the ${right ? 'right' : 'wrong'} code of call ${of}`;
  if (!isKnown(answer)) {
    const apply = (phone: Phone): Phone | Impossible => {
      const { after, decision } = check(phone, call, model);
      return after ?? new Impossible(`it changes nothing: ${decision}`);
    };
    return { name, from, to: to + LATE_MS, optional: true, apply };
  }
  const apply = (phone: Phone): Phone | Impossible => {
    const { after = phone, decision } = check(phone, call, model);
    const allowed = [decision, ...alternatives(phone, of, decision, model)];
    const given = decisionOf(answer);
    return allowed.includes(given) ? after : new Impossible(`it is ${allowed.join(', or ')}, not ${given}`);
  };
  return { name, from, to, apply };
}

/** A look at the status is one step, and changes nothing. */
export function stepsOfStatus(call: StatusCall, id: number, model: PhoneModel): Step<Phone>[] {
  const { from, to, of, answer } = call;
  if (!isKnown(answer)) return [];
  const apply = (phone: Phone): Phone | Impossible => {
    const status = model.statusOf(phone, of);
    if (status === 'pending' && othersInterrupted(phone, of, model)) return new Impossible(UNSETTLED);
    const allowed: string[] = [status ?? '404 VERIFICATION_NOT_FOUND'];
    if (model.mayBeCalledExpired(phone, of)) allowed.push('expired');
    if (model.mayBeForgotten(phone, of)) allowed.push('404 VERIFICATION_NOT_FOUND');
    const given = answer.verification ?? decisionOf(answer);
    return allowed.includes(given) ? phone : new Impossible(`it is ${allowed.join(', or ')}, not ${given}`);
  };
  return [{ name: `call ${id} asks for the status of call ${of}`, from, to, apply }];
}

const UNSETTLED = 'another send was interrupted, and would be settled first';

/** In the order of the contract: 404, 410, 429, 422. `after` is missing if nothing changes. */
function check(
  phone: Phone,
  { of, right }: CheckCall,
  model: PhoneModel,
): { after?: Phone; decision: string } {
  const status = model.statusOf(phone, of);
  if (status === undefined) return { decision: '404 VERIFICATION_NOT_FOUND' };
  if (status !== 'pending') return { decision: ended(status) };
  if (othersInterrupted(phone, of, model)) return { decision: UNSETTLED };
  const wait = model.waitToGuess(phone);
  if (wait > 0) return { decision: `429 SMS_CHECK_TOO_FREQUENTLY for ${inSeconds(wait)} s` };
  if (right) return { after: model.approve(phone, of), decision: '200' };
  const after = model.countWrongGuess(phone, of);
  return { after, decision: `422 SMS_CODE_ERROR with ${model.attemptsLeft(after, of)} left` };
}

function alternatives(phone: Phone, of: number, decision: string, model: PhoneModel): string[] {
  if (decision === UNSETTLED) return [];
  return [
    ...(model.mayBeCalledExpired(phone, of) ? [ended('expired')] : []),
    ...(model.mayBeForgotten(phone, of) ? ['404 VERIFICATION_NOT_FOUND'] : []),
  ];
}

function ended(status: string): string {
  return `410 SMS_CODE_EXPIRED, ${status === 'approved' ? 'used' : status}`;
}

function decisionOf({ status, code, reason, attemptsLeft, retryAfterSeconds }: Answer): string {
  const facts = [
    ...(reason === undefined ? [] : [`, ${reason}`]),
    ...(attemptsLeft === undefined ? [] : [` with ${attemptsLeft} left`]),
    ...(retryAfterSeconds === undefined ? [] : [` for ${retryAfterSeconds} s`]),
  ];
  return `${status}${code === undefined ? '' : ` ${code}`}${facts.join('')}`;
}

function othersInterrupted(phone: Phone, of: number, model: PhoneModel): boolean {
  return model.interrupted(phone).some((id) => id !== of);
}

function isKnown(answer: Answer | undefined): answer is Answer {
  return answer !== undefined && answer.code !== 'STORE_UNAVAILABLE';
}
