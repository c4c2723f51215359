import type { MessageResource } from './message.resource.js';
import { TwilioError } from './twilio.errors.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The messages that a list request asks for. Dates without a time mean the whole day, in GMT, and limits include
 * themselves.
 * @throws TwilioError 20001 for what is no date
 */
export function filterMessages(
  messages: readonly MessageResource[],
  query: URLSearchParams,
): MessageResource[] {
  const [to, from] = [query.get('To'), query.get('From')];
  const on = readDate(query, 'DateSent');
  const notAfter = readDate(query, 'DateSent<');
  const notBefore = readDate(query, 'DateSent>');
  return messages.filter((message) => {
    if ((to && message.to !== to) || (from && message.from !== from)) return false;
    if (!on && !notAfter && !notBefore) return true;
    if (message.date_sent === null) return false;
    const sentAt = Date.parse(message.date_sent);
    if (on && Math.floor(sentAt / DAY_MS) !== Math.floor(on.start / DAY_MS)) return false;
    return (!notAfter || sentAt <= notAfter.end) && (!notBefore || sentAt >= notBefore.start);
  });
}

/** The milliseconds that a date covers. */
function readDate(query: URLSearchParams, name: string): { start: number; end: number } | undefined {
  const text = query.get(name);
  if (!text) return undefined;
  const start = Date.parse(text);
  if (Number.isNaN(start)) throw new TwilioError(20001, 400, `Invalid ${name}`);
  const isWholeDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  return { start, end: isWholeDay ? start + DAY_MS - 1 : start };
}
