import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator, type Fault } from '@app/twilio-simulator';
import { codeFor, startApi, STORES, type RunningApi, type StoreKind } from '../support/api.js';
import { newPhone } from '../support/stores.js';

interface Outcome {
  /** What happens at Twilio. */
  readonly when: string;
  readonly fault?: Fault;
  /** Only for the first request. @default always */
  readonly times?: number;
  readonly phone?: string;
  readonly environment?: Record<string, string>;
  readonly requests: number;
  readonly status: number;
  readonly code?: string;
  readonly reason?: string;
  readonly retryAfter?: string;
  /** The reservation: kept, so that the next send is refused and the code can be checked; or given back. */
  readonly kept: boolean;
  /** Whether Twilio had taken the message. @default when kept */
  readonly arrives?: boolean;
}

const twilioError = (status: number, code?: number, headers = {}): Fault => ({
  kind: 'status',
  status,
  code,
  headers,
});
/** Twilio's internal error after it took the message: the code arrives. */
const afterAccepting = (status: number, code?: number): Fault => ({
  kind: 'status',
  status,
  code,
  accepted: true,
});
const HTML: Fault = {
  kind: 'status',
  status: 502,
  body: '<html>Bad gateway</html>',
  contentType: 'text/html',
  accepted: true,
};
const UNREACHABLE = { requests: 0, status: 503, code: 'SMS_CONNECTION_FAILED', retryAfter: '1', kept: false };
const NO_ANSWER = { requests: 1, status: 503, code: 'SMS_CONNECTION_FAILED', retryAfter: '60', kept: true };
const REFUSED = { requests: 1, code: 'SMS_SEND_FAILED', kept: false };
const SERVER_ERROR = {
  requests: 3,
  status: 502,
  code: 'SMS_SEND_FAILED',
  reason: 'provider_error',
  kept: true,
};

const OUTCOMES: readonly Outcome[] = [
  { when: 'accepts', requests: 1, status: 201, kept: true },
  {
    when: 'refuses the connection',
    environment: { TWILIO_SMS_BASE_URL: 'http://127.0.0.1:1' },
    ...UNREACHABLE,
  },
  { when: 'has no address', environment: { TWILIO_SMS_BASE_URL: 'https://twilio.invalid' }, ...UNREACHABLE },
  { when: 'speaks no TLS', environment: { TWILIO_SMS_BASE_URL: 'TLS' }, ...UNREACHABLE },
  {
    when: 'is busy (429 with Retry-After inside the deadline) once',
    fault: twilioError(429, 20429, { 'retry-after': '1' }),
    times: 1,
    environment: { TWILIO_SMS_TIMEOUT_MS: '5000' },
    requests: 2,
    status: 201,
    kept: true,
  },
  {
    when: 'is busy (429 with Retry-After beyond the deadline)',
    fault: twilioError(429, 20429, { 'retry-after': '30' }),
    ...REFUSED,
    status: 502,
    reason: 'rate_limited',
    retryAfter: '30',
  },
  {
    when: 'is busy (429) all the time',
    fault: twilioError(429, 20429),
    ...REFUSED,
    requests: 1,
    status: 502,
    reason: 'rate_limited',
    retryAfter: '1',
  },
  {
    when: 'caps the account for a day (429/63038)',
    fault: twilioError(429, 63038),
    ...REFUSED,
    status: 502,
    reason: 'rate_limited',
  },
  {
    when: 'caps the account for an hour (429/60728)',
    fault: twilioError(429, 60728),
    ...REFUSED,
    status: 502,
    reason: 'rate_limited',
  },
  {
    when: 'knows no such number (21211)',
    phone: '+15005550001',
    ...REFUSED,
    status: 422,
    reason: 'invalid_number',
  },
  {
    when: 'may not send to the country (21408)',
    phone: '+15005550003',
    ...REFUSED,
    status: 502,
    reason: 'region_not_enabled',
  },
  { when: 'was told STOP (21610)', phone: '+15005550004', ...REFUSED, status: 422, reason: 'opted_out' },
  {
    when: 'says it is no mobile (21614)',
    phone: '+15005550009',
    ...REFUSED,
    status: 422,
    reason: 'not_mobile',
  },
  {
    when: 'cannot route (21612)',
    phone: '+15005550002',
    ...REFUSED,
    status: 502,
    reason: 'sender_misconfigured',
  },
  {
    when: 'says it is a landline (21635)',
    fault: twilioError(400, 21635),
    ...REFUSED,
    status: 422,
    reason: 'not_mobile',
  },
  {
    when: 'blocks the number as fraud (30450)',
    fault: twilioError(400, 30450),
    ...REFUSED,
    status: 422,
    reason: 'blocked_as_fraud',
  },
  {
    when: 'does not know the credentials (401/20003)',
    environment: { TWILIO_SMS_AUTH_TOKEN: '0'.repeat(32) },
    ...REFUSED,
    status: 502,
    reason: 'authentication_failed',
  },
  {
    when: 'forbids (403)',
    fault: twilioError(403),
    ...REFUSED,
    status: 502,
    reason: 'authentication_failed',
  },
  {
    when: 'has no such Messaging Service (21705)',
    fault: twilioError(400, 21705),
    ...REFUSED,
    status: 502,
    reason: 'sender_misconfigured',
  },
  {
    when: 'refuses for a reason we do not know',
    fault: twilioError(400, 29999),
    ...REFUSED,
    status: 502,
    reason: 'provider_error',
  },
  {
    when: 'fails inside (500) after it took the message',
    fault: afterAccepting(500, 20500),
    ...SERVER_ERROR,
  },
  {
    when: 'is unavailable (503) after it took the message',
    fault: afterAccepting(503, 20503),
    ...SERVER_ERROR,
  },
  { when: 'is behind a broken gateway (HTML 502)', fault: HTML, ...SERVER_ERROR },
  {
    when: 'fails inside, and may not be asked again',
    fault: afterAccepting(500),
    environment: { TWILIO_SMS_RETRY_AMBIGUOUS: 'false' },
    ...SERVER_ERROR,
    requests: 1,
  },
  {
    when: 'fails inside once, then accepts',
    fault: afterAccepting(500),
    times: 1,
    requests: 2,
    status: 201,
    kept: true,
  },
  { when: 'takes the message and never answers', fault: { kind: 'hang', accepted: true }, ...NO_ANSWER },
  {
    when: 'takes the message and breaks the connection',
    fault: { kind: 'reset', accepted: true },
    ...NO_ANSWER,
  },
  { when: 'cuts its 201 off', fault: { kind: 'truncate' }, ...NO_ANSWER },
  {
    when: 'sends half of the JSON of its 201',
    fault: { kind: 'truncate', lyingLength: false },
    ...NO_ANSWER,
  },
  { when: 'sends its 201 a byte at a time', fault: { kind: 'drip', everyMs: 100 }, ...NO_ANSWER },
  {
    when: 'redirects (307)',
    fault: { kind: 'redirect', location: 'http://127.0.0.1:1/' },
    ...NO_ANSWER,
    arrives: false,
  },
  {
    when: 'accepts, with status failed',
    fault: { kind: 'messageStatus', status: 'failed', errorCode: 30008 },
    ...SERVER_ERROR,
    requests: 1,
  },
  {
    when: 'accepts, with status undelivered',
    fault: { kind: 'messageStatus', status: 'undelivered' },
    ...SERVER_ERROR,
    requests: 1,
  },
];

let simulator: TwilioSimulator;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());

/** Short deadlines; an https origin that speaks plain HTTP stands for broken TLS. */
function startFor(store: StoreKind, { environment = {} }: Outcome): Promise<RunningApi> {
  const overrides: Record<string, string> = {
    TWILIO_SMS_TIMEOUT_MS: '1000',
    SERVER_SMS_MAX_SEND_COUNT: '1000', // the magic numbers are the same in every run
    ...environment,
  };
  if (overrides.TWILIO_SMS_BASE_URL === 'TLS') {
    overrides.TWILIO_SMS_BASE_URL = simulator.url.replace('http:', 'https:');
  }
  return startApi(simulator, store, overrides);
}

describe.each(STORES)('When Twilio does not simply accept, with limits in the %s store', (store) => {
  it.each(OUTCOMES.map((outcome) => [outcome.when, outcome] as const))('%s', async (_, outcome) => {
    const api = await startFor(store, outcome);
    try {
      const phone = outcome.phone ?? newPhone();
      if (outcome.fault) {
        if (outcome.times) simulator.faults.next(outcome.fault, outcome.times);
        else simulator.faults.always(outcome.fault);
      }
      const before = simulator.requests.length;
      const answer = await api.send(phone);
      simulator.faults.clear();

      expect({ status: answer.status, code: answer.body.code, reason: answer.body.reason }).toEqual({
        status: outcome.status,
        code: outcome.code,
        reason: outcome.reason,
      });
      expect(answer.headers['retry-after']).toBe(outcome.retryAfter);
      expect(simulator.requests.length - before).toBe(outcome.requests);

      const next = await api.send(phone);
      expect(next.body.code === 'SMS_SEND_TOO_FREQUENTLY').toBe(outcome.kept);

      expect(typeof answer.body.id).toBe(outcome.kept ? 'string' : 'undefined');
      if (outcome.kept) {
        const found = await api.http().get(`/v1/verifications/${answer.body.id}`).expect(200);
        expect(found.body.delivery).toBe(outcome.status === 201 ? 'queued' : 'unknown');
        if (outcome.arrives === false) await api.check(answer.body.id, '0000').expect(422);
        else await api.check(answer.body.id, codeFor(simulator, phone)).expect(200);
      }
    } finally {
      simulator.faults.clear();
      await api.close();
    }
  });

  it('retries carry the same code', async () => {
    const api = await startApi(simulator, store);
    try {
      const phone = newPhone();
      simulator.faults.next({ kind: 'status', status: 500, accepted: true }, 2);
      await api.send(phone).expect(201);
      const bodies = simulator.inbox.list().flatMap(({ to, body }) => (to === phone ? [body] : []));
      expect(bodies).toHaveLength(3);
      expect(new Set(bodies).size).toBe(1);
    } finally {
      simulator.faults.clear();
      await api.close();
    }
  });

  it('remembers a definite failure, and keeps the code that was sent before', async () => {
    const api = await startApi(simulator, store, { SERVER_SMS_COOLDOWN_SECONDS: '0' });
    try {
      const phone = newPhone();
      const { id } = (await api.send(phone)).body;
      const code = codeFor(simulator, phone);
      simulator.faults.next({ kind: 'status', status: 400, code: 21610 });
      await api.send(phone).expect(422);
      await api.check(id, code).expect(200);
    } finally {
      simulator.faults.clear();
      await api.close();
    }
  });
});
