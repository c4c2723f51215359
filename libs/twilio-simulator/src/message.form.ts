import { MAGIC_FROM, MAGIC_TO } from './magic-numbers.js';
import { TwilioError } from './twilio.errors.js';

/** A form that Twilio would accept. */
export interface MessageForm {
  to: string;
  from: string | null;
  messagingServiceSid: string | null;
  body: string;
  statusCallback: string | null;
}

const E164 = /^\+[1-9]\d{6,14}$/;
const MESSAGING_SERVICE_SID = /^MG[0-9a-fA-F]{32}$/;
const MAX_BODY_CHARACTERS = 1600;
const MAX_VALIDITY_SECONDS = 36_000;

/** @throws TwilioError with the code Twilio gives to the first thing that is wrong. */
export function readMessageForm(form: URLSearchParams): MessageForm {
  const to = form.get('To');
  const from = form.get('From') || null;
  const messagingServiceSid = form.get('MessagingServiceSid') || null;
  const body = form.get('Body');

  if (!to) throw new TwilioError(21604);
  if (!from && !messagingServiceSid) throw new TwilioError(21603);
  if (!body) throw new TwilioError(21602);
  if (body.length > MAX_BODY_CHARACTERS) throw new TwilioError(21617);
  checkValidityPeriod(form.get('ValidityPeriod'));
  if (from) checkNumber(from, MAGIC_FROM, 21212);
  if (messagingServiceSid && !MESSAGING_SERVICE_SID.test(messagingServiceSid)) throw new TwilioError(21705);
  checkNumber(to, MAGIC_TO, 21211);

  const statusCallback = form.get('StatusCallback') || null;
  if (statusCallback !== null && !isCallbackUrl(statusCallback)) throw new TwilioError(21609);

  return { to, from, messagingServiceSid, body, statusCallback };
}

function checkNumber(number: string, magic: ReadonlyMap<string, number>, invalidCode: number): void {
  const code = E164.test(number) ? magic.get(number) : invalidCode;
  if (code !== undefined) throw new TwilioError(code);
}

function checkValidityPeriod(seconds: string | null): void {
  if (seconds === null) return;
  const valid = /^\d{1,5}$/.test(seconds) && Number(seconds) >= 1 && Number(seconds) <= MAX_VALIDITY_SECONDS;
  if (!valid) throw new TwilioError(21624);
}

/** Twilio calls web addresses whose host has no underscore. */
function isCallbackUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return /^https?:$/.test(protocol) && !hostname.includes('_');
}
