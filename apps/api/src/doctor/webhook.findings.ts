import { request } from 'undici';
import type { SystemParameters } from '../config/system-parameters.js';
import { STATUS_CALLBACK_PATH } from '../verification/deliveries.js';
import { sign } from '../webhooks/twilio-signature.js';
import type { Finding, Remedy } from './finding.js';

const TIMEOUT_MS = 5_000;
/** A message that Twilio never had, so that nothing changes. */
const MADE_UP_SID = `SM${'0'.repeat(32)}`;

/** Calls the running service under its public address as Twilio would, signed, about a message that never was. */
export async function webhookFinding(parameters: SystemParameters): Promise<Finding> {
  const { serverPublicUrl, twilioSmsAccountSid = '', twilioSmsAuthToken } = parameters;
  const url = `${serverPublicUrl}${STATUS_CALLBACK_PATH}?id=doctor`;
  const fields = { AccountSid: twilioSmsAccountSid, MessageSid: MADE_UP_SID, MessageStatus: 'delivered' };
  const answer = await post(url, fields, sign(twilioSmsAuthToken[0].reveal(), url, fields));
  if (answer === 204) {
    return {
      check: 'webhook',
      result: 'pass',
      seen: `From here, ${serverPublicUrl} reaches the service, and the signature is accepted.`,
    };
  }
  return { check: 'webhook', result: 'fail', ...remedyOf(answer, serverPublicUrl!) };
}

/** @returns the status of the answer, or why there is none */
async function post(
  url: string,
  fields: Record<string, string>,
  signature: string,
): Promise<number | string> {
  try {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
      body: new URLSearchParams(fields).toString(),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await body.dump();
    return statusCode;
  } catch (error) {
    const { code, name } = error as { code?: unknown; name?: string };
    return name === 'TimeoutError' ? 'timeout' : typeof code === 'string' ? code : 'no answer';
  }
}

function remedyOf(answer: number | string, publicUrl: string): Remedy {
  if (typeof answer === 'string') {
    return {
      seen: `${publicUrl} cannot be reached from here (${answer}).`,
      fix: 'See that the service runs, and DNS, certificate and proxy of server.public_url.',
    };
  }
  if (answer === 403) {
    return {
      seen: `${publicUrl} refuses the signature (403): the service there has another auth token or another public URL.`,
      fix: 'Start it with this twilio.sms.auth_token, and with exactly this server.public_url.',
    };
  }
  if (answer === 503) {
    return {
      seen: `${publicUrl} reaches the service, and its store is down (503).`,
      fix: 'See what is said above of Redis or of the data folder.',
    };
  }
  if (answer >= 300 && answer < 400) {
    return {
      seen: `${publicUrl} sends the caller elsewhere (${answer}), and what Twilio signed is then wrong.`,
      fix: 'Set server.public_url to the address at the end of that redirect.',
    };
  }
  return {
    seen: `${publicUrl} answers ${answer}, which this service does not.`,
    fix: `Let the proxy pass POST ${STATUS_CALLBACK_PATH} on to the service, which has to run with server.public_url.`,
  };
}
