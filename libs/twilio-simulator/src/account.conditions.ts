import { MAGIC_FROM } from './magic-numbers.js';
import { TwilioError } from './twilio.errors.js';

/** What may be wrong with the account. Change it at any time; the next request meets it. */
export interface AccountConditions {
  /** A suspended account can be looked at, and cannot send. */
  status: 'active' | 'suspended';
  /** A trial account sends only to verified phones. */
  type: 'Full' | 'Trial';
  /** Of a trial account. */
  verifiedPhones: string[];
  /** Whether the account's number can send SMS. */
  senderHasSms: boolean;
  /** Beginnings of numbers, such as `+44`, of countries that it may not send to. */
  closedRegions: string[];
  /** Whether its Messaging Services have a number to send from. */
  servicesHaveSenders: boolean;
}

/** Nothing is wrong. */
export function soundConditions(): AccountConditions {
  return {
    status: 'active',
    type: 'Full',
    verifiedPhones: [],
    senderHasSms: true,
    closedRegions: [],
    servicesHaveSenders: true,
  };
}

/** @throws TwilioError when the account may not send this message */
export function assertMaySend(
  conditions: AccountConditions,
  ownNumber: string,
  { to, from }: { to: string; from: string | null },
): void {
  const { status, type, verifiedPhones, senderHasSms, closedRegions, servicesHaveSenders } = conditions;
  if (status !== 'active') throw new TwilioError(20005, 403);
  if (closedRegions.some((region) => to.startsWith(region))) throw new TwilioError(21408);
  if (from === null && !servicesHaveSenders) throw new TwilioError(21704);
  if (from === ownNumber && !senderHasSms && !MAGIC_FROM.has(from)) throw new TwilioError(21606);
  if (type === 'Trial' && !verifiedPhones.includes(to)) throw new TwilioError(21608);
}
