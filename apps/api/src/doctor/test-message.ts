import type { PhoneNumber } from '@app/sms';
import type { TwilioInspection } from '@app/sms/internals';
import type { SystemParameters } from '../config/system-parameters.js';
import { isFinal, reportOf, type DeliveryReport } from '../verification/delivery.js';
import type { Finding } from './finding.js';
import { CONSOLE } from './twilio.console.js';
import { ask, remedyOfFailure } from './twilio.failures.js';
import { hostOfTwilio } from './twilio.findings.js';
import { remedyOf } from './twilio.remedies.js';

const CHECK = 'test message';
const TEXT =
  'This is a test: messages of the phone verification service reach this phone. It needs no answer.';
const ASK_EVERY_MS = 2_000;
const LONGEST_MS = 60_000;

/** How the wait for a delivery is seen, and spent. */
export interface Waiting {
  /** Is told how far the message got, each time that it is asked for. */
  readonly progress: (text: string) => void;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** Sends one real message and follows it to its end, for a minute at most. */
export async function testMessageFinding(
  parameters: SystemParameters,
  inspection: TwilioInspection,
  phone: PhoneNumber,
  waiting: Waiting,
): Promise<Finding> {
  const host = hostOfTwilio(parameters);
  const sent = await ask(inspection.send(phone, TEXT, senderOf(parameters)));
  if ('failure' in sent) return { check: CHECK, result: 'fail', ...remedyOfFailure(sent.failure, host) };
  return findingOf(await follow(inspection, sent.answer.sid, phone, waiting), phone);
}

/** Who asked for a message is told that there was none. */
export function nothingSent(why: string, fix: string): Finding {
  return { check: CHECK, result: 'fail', seen: `Nothing was sent, since ${why}.`, fix };
}

function senderOf(parameters: SystemParameters): { messagingServiceSid: string } | { from: string } {
  const { twilioSmsMessagingServiceSid: messagingServiceSid, twilioSmsPhoneNumber } = parameters;
  return messagingServiceSid ? { messagingServiceSid } : { from: twilioSmsPhoneNumber! };
}

/** @returns the last that was heard of it; nothing at all if Twilio never said */
async function follow(
  inspection: TwilioInspection,
  sid: string,
  phone: PhoneNumber,
  { progress, sleep }: Waiting,
): Promise<DeliveryReport | undefined> {
  let report: DeliveryReport | undefined;
  for (let waitedMs = 0; waitedMs < LONGEST_MS; waitedMs += ASK_EVERY_MS) {
    progress(`Test message to ${phone.masked}: ${report?.delivery ?? 'accepted'}, ${waitedMs / 1_000} s`);
    await sleep(ASK_EVERY_MS);
    const asked = await ask(inspection.messageStatus(sid));
    if ('answer' in asked) report = reportOf(asked.answer.status, asked.answer.twilioCode) ?? report;
    if (report && isFinal(report)) break;
  }
  return report;
}

function findingOf(report: DeliveryReport | undefined, phone: PhoneNumber): Finding {
  const { delivery = 'queued', twilioCode } = report ?? {};
  switch (delivery) {
    case 'delivered':
      return { check: CHECK, result: 'pass', seen: `A message to ${phone.masked} was delivered.` };
    case 'undelivered':
    case 'failed': {
      const fallback = {
        seen: `The message ended as ${delivery}.`,
        fix: `Look at it: ${CONSOLE.messageLog}`,
      };
      return {
        check: CHECK,
        result: 'fail',
        ...(twilioCode === undefined ? fallback : remedyOf(twilioCode)),
      };
    }
    case 'sent':
      return {
        check: CHECK,
        result: 'look here',
        seen: `The carrier of ${phone.masked} took the message, and has not said that it was delivered.`,
        fix: `Look at the phone; some carriers never say. Later: ${CONSOLE.messageLog}`,
      };
    default:
      return {
        check: CHECK,
        result: 'look here',
        seen: `Twilio took the message to ${phone.masked}, and had not sent it after ${LONGEST_MS / 1_000} seconds.`,
        fix: `Look at it in a while: ${CONSOLE.messageLog}`,
      };
  }
}
