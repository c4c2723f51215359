import { TwilioFailure } from '@app/sms/internals';
import type { Remedy } from './finding.js';
import { CONSOLE } from './twilio.console.js';
import { remedyOf } from './twilio.remedies.js';

/** Of answers without a code of Twilio's. */
const CODES_BY_REASON: Partial<Record<string, number>> = {
  authentication_failed: 20003,
  rate_limited: 20429,
};

/** A free question to Twilio: its answer, or why there is none. */
export type Asked<T> = { readonly answer: T } | { readonly failure: TwilioFailure };

/** @throws whatever is not a failure of Twilio */
export async function ask<T>(asking: Promise<T>): Promise<Asked<T>> {
  try {
    return { answer: await asking };
  } catch (failure) {
    if (failure instanceof TwilioFailure) return { failure };
    throw failure;
  }
}

/** Twilio said no, and not that it cannot say. */
export function isRefusal({ facts }: TwilioFailure): boolean {
  return facts.answer === '4xx' && facts.reason !== 'rate_limited';
}

/** What to make of it. The failure itself is not shown. */
export function remedyOfFailure({ facts }: TwilioFailure, host: string): Remedy {
  switch (facts.answer) {
    case 'unreachable':
      return {
        seen: `${host} cannot be reached from here.`,
        fix: `Let this machine connect to ${host}: see DNS, firewall and the clock (TLS).`,
      };
    case '5xx':
      return {
        seen: `${host} answers with an error of its own.`,
        fix: `See ${CONSOLE.status}, and try again.`,
      };
    default: {
      const twilioCode = facts.twilioCode ?? CODES_BY_REASON[facts.reason ?? ''];
      return twilioCode === undefined
        ? {
            seen: `${host} gives no answer that can be read.`,
            fix: 'See that twilio.sms.base_url is right and that no proxy answers in its place.',
          }
        : remedyOf(twilioCode);
    }
  }
}
