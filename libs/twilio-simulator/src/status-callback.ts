import { createHmac, randomUUID } from 'node:crypto';
import { isRetried, readCallbackOverrides, type CallbackFailure } from './callback.overrides.js';
import type { MessageResource } from './message.resource.js';

/** A report that waits to be posted: what a message was like at its time. */
export interface StatusCallback {
  readonly address: string;
  readonly fields: Readonly<Record<string, string>>;
  /** The same for every try of one report. */
  readonly idempotencyToken: string;
}

/** The fields that Twilio posts about a message. */
export function createStatusCallback(address: string, message: MessageResource): StatusCallback {
  const isEnd = message.status === 'delivered' || message.status === 'undelivered';
  const fields = {
    AccountSid: message.account_sid,
    ApiVersion: message.api_version,
    From: message.from ?? '',
    MessageSid: message.sid,
    MessageStatus: message.status,
    SmsSid: message.sid,
    SmsStatus: message.status,
    To: message.to,
    ...(message.error_code !== null && { ErrorCode: String(message.error_code) }),
    ...(message.messaging_service_sid !== null && { MessagingServiceSid: message.messaging_service_sid }),
    ...(isEnd && { RawDlrDoneDate: toMinutes(message.date_updated) }),
  };
  return { address, fields, idempotencyToken: randomUUID() };
}

/**
 * Posts a report, again where the address asks for it, signed as Twilio signs. User and password in the address are sent
 * as basic authorization. See https://www.twilio.com/docs/usage/webhooks/webhooks-security
 * @param authToken null to leave the signature out
 * @returns the status of the last answer; null if none came
 */
export async function postStatusCallback(
  { address, fields, idempotencyToken }: StatusCallback,
  authToken: string | null,
  closing: AbortSignal,
): Promise<number | null> {
  const url = new URL(address);
  const overrides = readCallbackOverrides(url.hash);
  const authorization = readAuthorization(url);
  [url.username, url.password, url.hash] = ['', '', '']; // connection overrides are for Twilio alone
  const [signedAddress = ''] = address.split('#');
  const request: RequestInit = {
    method: 'POST',
    headers: {
      accept: '*/*',
      'user-agent': 'TwilioProxy/1.1',
      'i-twilio-idempotency-token': idempotencyToken,
      ...(authToken !== null && { 'x-twilio-signature': sign(signedAddress, fields, authToken) }),
      ...(authorization !== null && { authorization }),
    },
    body: new URLSearchParams(fields),
    redirect: 'manual',
  };
  const total = AbortSignal.any([closing, AbortSignal.timeout(overrides.totalTimeoutMs)]);
  let answer: number | null = null;
  for (let tries = 0; tries <= overrides.retries && !total.aborted; tries += 1) {
    const outcome = await post(url, request, total, overrides.readTimeoutMs);
    answer = outcome.status;
    if (outcome.failure === null || !isRetried(overrides, outcome.failure)) break;
  }
  return answer;
}

function readAuthorization({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  const credentials = [username, password].map(decode).join(':');
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function post(
  url: URL,
  request: RequestInit,
  total: AbortSignal,
  readTimeoutMs: number,
): Promise<{ status: number | null; failure: CallbackFailure | null }> {
  try {
    const signal = AbortSignal.any([total, AbortSignal.timeout(readTimeoutMs)]);
    const response = await fetch(url, { ...request, signal });
    await response.body?.cancel();
    const { status } = response;
    return { status, failure: status >= 500 ? '5xx' : status >= 400 ? '4xx' : null };
  } catch (error) {
    return { status: null, failure: isConnectFailure(error) ? 'ct' : 'rt' };
  }
}

function isConnectFailure(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: string; syscall?: string } };
  return (
    cause?.syscall === 'connect' ||
    /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|UND_ERR_CONNECT|CERT_|ERR_TLS)/.test(cause?.code ?? '')
  );
}

/** `YYMMDDhhmm`, as carriers say it. */
function toMinutes(date: string): string {
  return new Date(date).toISOString().replaceAll(/\D/g, '').slice(2, 12);
}

function sign(url: string, fields: Readonly<Record<string, string>>, authToken: string): string {
  const sorted = Object.keys(fields).sort();
  const signed = url + sorted.map((name) => name + fields[name]).join('');
  return createHmac('sha1', authToken).update(signed).digest('base64');
}
