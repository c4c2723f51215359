import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import twilio from 'twilio';
import { SmsConnectionFailedError, SmsSendFailedError, type SmsFailureReason } from '../sms.errors.js';
import {
  asTwilioFailure,
  failedMessage,
  neverReached,
  noUsableAnswer,
  refusedBy,
  TwilioFailure,
} from './twilio.failure.js';

const CANARY = 'canary';
const COOLDOWN_SECONDS = 60;

/** Everything that a careless logger could print. */
function printed(error: unknown): string {
  return [
    inspect(error, { depth: 20, showHidden: true }),
    inspect(error, { depth: 20, showHidden: true, customInspect: false }),
    JSON.stringify(error),
    String(error),
    (error as Error).stack,
  ].join('\n');
}

describe("Twilio's refusals", () => {
  it.each<[status: number, twilioCode: number | undefined, reason: SmsFailureReason]>([
    [400, 21211, 'invalid_number'],
    [400, 21217, 'invalid_number'],
    [400, 21614, 'not_mobile'],
    [400, 21635, 'not_mobile'],
    [400, 21610, 'opted_out'],
    [400, 21268, 'blocked_as_fraud'],
    [403, 30450, 'blocked_as_fraud'],
    [400, 21408, 'region_not_enabled'],
    [403, 21408, 'region_not_enabled'],
    [401, 20003, 'authentication_failed'],
    [400, 20003, 'authentication_failed'],
    [401, undefined, 'authentication_failed'],
    [403, undefined, 'authentication_failed'],
    [403, 20005, 'authentication_failed'],
    [400, 21212, 'sender_misconfigured'],
    [400, 21603, 'sender_misconfigured'],
    [400, 21606, 'sender_misconfigured'],
    [400, 21608, 'sender_misconfigured'],
    [400, 21612, 'sender_misconfigured'],
    [400, 21660, 'sender_misconfigured'],
    [400, 21700, 'sender_misconfigured'],
    [400, 21799, 'sender_misconfigured'],
    [400, 21800, 'provider_error'],
    [400, 21699, 'provider_error'],
    [400, 21611, 'rate_limited'],
    [429, 63038, 'rate_limited'],
    [429, 60728, 'rate_limited'],
    [429, 20429, 'rate_limited'],
    [429, undefined, 'rate_limited'],
    [400, undefined, 'provider_error'],
    [404, 20404, 'provider_error'],
    [400, 99999, 'provider_error'],
    [499, undefined, 'provider_error'],
  ])('%d with code %p mean "%s", and that nothing was sent', (status, twilioCode, reason) => {
    const error = refusedBy({ status, twilioCode }).toSmsError(COOLDOWN_SECONDS);
    expect(error).toBeInstanceOf(SmsSendFailedError);
    expect(error).toMatchObject({ code: 'SMS_SEND_FAILED', reason, mayArrive: false, twilioCode });
  });

  it.each([
    [429, undefined, true],
    [429, 20429, true],
    [429, 63038, false],
    [429, 60728, false],
    [400, 21611, false],
    [400, 21211, false],
    [401, 20003, false],
    [404, undefined, false],
  ])('%d with code %p may be tried again: %p', (status, twilioCode, retryable) => {
    expect(refusedBy({ status, twilioCode }).facts).toMatchObject({ certainty: 'definite', retryable });
  });

  it('a busy Twilio says when to come back; without a word from it, after a second', () => {
    const waitOf = (retryAfterSeconds?: number, twilioCode?: number): number | undefined =>
      refusedBy({ status: 429, retryAfterSeconds, twilioCode }).facts.retryAfterSeconds;
    expect([waitOf(7), waitOf(0), waitOf()]).toEqual([7, 1, 1]);
    expect(waitOf(7, 63038)).toBeUndefined();
  });

  it.each([500, 502, 503, 504, 599])(
    '%d means a fault at Twilio, that the message may have gone out, and that it may be tried again',
    (status) => {
      const failure = refusedBy({ status, twilioCode: 20500, twilioRequestId: 'RQ1' });
      expect(failure.facts).toMatchObject({ certainty: 'ambiguous', retryable: true });
      expect(failure.toSmsError(COOLDOWN_SECONDS)).toMatchObject({
        code: 'SMS_SEND_FAILED',
        reason: 'provider_error',
        mayArrive: true,
        twilioCode: 20500,
        twilioRequestId: 'RQ1',
      });
    },
  );

  it.each([103, 200, 204, 301, 302, 307])(
    '%d is no usable answer: the message may have gone out, and is not tried again',
    (status) => {
      const failure = refusedBy({ status });
      expect(failure.facts.certainty).toBe('ambiguous');
      expect(failure.facts.retryable).toBeFalsy();
      expect(failure.toSmsError(COOLDOWN_SECONDS)).toMatchObject({
        code: 'SMS_CONNECTION_FAILED',
        mayArrive: true,
        retryAfterSeconds: COOLDOWN_SECONDS,
      });
    },
  );

  it('a message that Twilio took and that failed counts as one that may have gone out', () => {
    const failure = failedMessage(30008);
    expect(failure.facts.retryable).toBeFalsy();
    expect(failure.toSmsError(COOLDOWN_SECONDS)).toMatchObject({
      code: 'SMS_SEND_FAILED',
      reason: 'provider_error',
      mayArrive: true,
      twilioCode: 30008,
    });
  });

  it('Twilio that was never reached can be asked again in a second', () => {
    const failure = neverReached();
    expect(failure.facts).toEqual({ certainty: 'definite', answer: 'unreachable', retryable: true });
    const error = failure.toSmsError(COOLDOWN_SECONDS);
    expect(error).toBeInstanceOf(SmsConnectionFailedError);
    expect(error).toMatchObject({ mayArrive: false, retryAfterSeconds: 1 });
  });

  it('without a cooldown, an answer that never came asks for a wait of a second', () => {
    expect(noUsableAnswer().toSmsError(0)).toMatchObject({ mayArrive: true, retryAfterSeconds: 1 });
  });
});

/** As axios makes them: the request is on the error, credentials and message included. */
function axiosError(fields: object): Error {
  const request = {
    headers: { Authorization: `Basic ${CANARY}` },
    auth: { username: 'AC', password: CANARY },
    data: `To=%2B12025550123&Body=${CANARY}`,
  };
  return Object.assign(new Error(`Request failed ${CANARY}`, { cause: new Error(CANARY) }), {
    isAxiosError: true,
    config: request,
    request,
    response: { data: CANARY, headers: { echo: CANARY } },
    ...fields,
  });
}

function restException(statusCode: number, body: object | string): Error {
  return new twilio.RestException({ statusCode, body });
}

const DEFINITE_UNREACHED = { code: 'SMS_CONNECTION_FAILED', mayArrive: false };
const NO_ANSWER = { code: 'SMS_CONNECTION_FAILED', mayArrive: true };

describe('An error of a client that the host app provided', () => {
  it.each<[string, unknown, object]>([
    ['refused connection', axiosError({ code: 'ECONNREFUSED' }), DEFINITE_UNREACHED],
    ['unknown host', axiosError({ code: 'ENOTFOUND' }), DEFINITE_UNREACHED],
    ['DNS that is down', axiosError({ code: 'EAI_AGAIN' }), DEFINITE_UNREACHED],
    ['no route', axiosError({ code: 'EHOSTUNREACH' }), NO_ANSWER],
    ['reset connection', axiosError({ code: 'ECONNRESET' }), NO_ANSWER],
    ['broken pipe', axiosError({ code: 'EPIPE' }), NO_ANSWER],
    ['time-out', axiosError({ code: 'ECONNABORTED' }), NO_ANSWER],
    ['success that was cut off', axiosError({ code: 'ERR_BAD_RESPONSE', status: 201 }), NO_ANSWER],
    ['success that is no JSON', new SyntaxError(`Unexpected token in ${CANARY}`), NO_ANSWER],
    ['redirect', restException(307, `<a href="${CANARY}">`), NO_ANSWER],
    ['time-out by signal', new DOMException(CANARY, 'TimeoutError'), NO_ANSWER],
    ['plain object', { password: CANARY }, NO_ANSWER],
    ['plain object with a status that is no number', { status: '400', canary: CANARY }, NO_ANSWER],
    ['plain object with a status that is not a number', { status: NaN, canary: CANARY }, NO_ANSWER],
    ['text', CANARY, NO_ANSWER],
    ['number', 400, NO_ANSWER],
    ['null', null, NO_ANSWER],
    ['undefined', undefined, NO_ANSWER],
    [
      'refusal of the SDK',
      restException(400, {
        code: 21211,
        message: `${CANARY} is no number`,
        more_info: CANARY,
        details: { CANARY },
      }),
      { code: 'SMS_SEND_FAILED', reason: 'invalid_number', mayArrive: false, twilioCode: 21211 },
    ],
    [
      'refusal of the SDK without a code',
      restException(403, CANARY),
      { code: 'SMS_SEND_FAILED', reason: 'authentication_failed', mayArrive: false, twilioCode: undefined },
    ],
    [
      'refusal whose code is a text',
      restException(400, { code: CANARY }),
      { code: 'SMS_SEND_FAILED', reason: 'provider_error', mayArrive: false, twilioCode: undefined },
    ],
    [
      'server error behind a gateway',
      restException(502, `<html>${CANARY}</html>`),
      { code: 'SMS_SEND_FAILED', reason: 'provider_error', mayArrive: true },
    ],
    [
      'server error by axios',
      axiosError({ code: 'ERR_BAD_RESPONSE', status: 503 }),
      { code: 'SMS_SEND_FAILED', reason: 'provider_error', mayArrive: true },
    ],
  ])('%s: it is understood, and not carried', (_, thrown, expected) => {
    const failure = asTwilioFailure(thrown);
    const error = failure.toSmsError(COOLDOWN_SECONDS);
    expect(error).toMatchObject(expected);
    for (const made of [failure, error]) {
      expect(printed(made)).not.toContain(CANARY);
      expect(made).not.toHaveProperty('cause');
    }
  });

  it('that is a failure of our own transport is taken as it is', () => {
    const failure = neverReached();
    expect(asTwilioFailure(failure)).toBe(failure);
    expect(failure).toBeInstanceOf(TwilioFailure);
  });
});
