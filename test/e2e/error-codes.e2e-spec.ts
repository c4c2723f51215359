import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Response } from 'supertest';
import { TwilioSimulator } from '@app/twilio-simulator';
import {
  ERROR_CODES,
  ERROR_TITLE,
  statusOf,
  type ErrorCode,
} from '../../apps/api/src/errors/error-status.js';
import { VerificationStore } from '../../apps/api/src/verification/verification.store.js';
import { codeFor, startApi, wrongCode, type RunningApi, type StoreKind } from '../support/api.js';
import { newPhone } from '../support/stores.js';
import { until } from '../support/until.js';

interface Provocation {
  readonly environment?: Record<string, string>;
  /** @default embedded */
  readonly store?: StoreKind;
  readonly provoke: (api: RunningApi) => PromiseLike<Response>;
}

const A_KEY = { 'idempotency-key': 'a-key' };
const NO_ID = 'A'.repeat(44);
const post = (api: RunningApi, type: string, body: string) =>
  api.http().post('/v1/verifications').set('content-type', type).send(body);

/** What an error of our own would be like: its text says more than a caller may know. */
const FAULT_OF_OURS = new TypeError('cannot read secret-canary');

/** How to get each answer. A code that is missing here does not compile. */
const PROVOCATIONS: Record<ErrorCode, Provocation> = {
  SMS_SEND_FAILED: { provoke: (api) => api.send('+15005550009') },
  SMS_CONNECTION_FAILED: {
    environment: { TWILIO_SMS_BASE_URL: 'http://127.0.0.1:1', TWILIO_SMS_TIMEOUT_MS: '1000' },
    provoke: (api) => api.send(newPhone()),
  },
  SMS_SEND_TOO_FREQUENTLY: {
    provoke: async (api) => {
      const phone = newPhone();
      await api.send(phone).expect(201);
      return api.send(phone);
    },
  },
  TODAY_SMS_LIMIT_REACHED: {
    environment: { SERVER_SMS_MAX_SEND_COUNT: '0' },
    provoke: (api) => api.send(newPhone()),
  },
  PHONE_FORMAT_ERROR: { provoke: (api) => api.send('2025550123') },
  PHONE_NOT_ALLOWED: { provoke: (api) => api.send('+19005550123') },
  MOBILE_REGISTER_DISABLED: {
    environment: { SERVER_ENABLE_MOBILE_REGISTER: 'false' },
    provoke: (api) => api.send(newPhone()),
  },
  SMS_CODE_ERROR: {
    provoke: async (api) => {
      const phone = newPhone();
      const { id } = (await api.send(phone)).body;
      return api.check(id, wrongCode(codeFor(simulator, phone)));
    },
  },
  SMS_CODE_EXPIRED: {
    provoke: async (api) => {
      const phone = newPhone();
      const { id } = (await api.send(phone)).body;
      await api.check(id, codeFor(simulator, phone)).expect(200);
      return api.check(id, codeFor(simulator, phone));
    },
  },
  VERIFICATION_NOT_FOUND: { provoke: (api) => api.check(NO_ID, '123456') },
  SMS_CHECK_TOO_FREQUENTLY: {
    environment: { SERVER_SMS_MAX_FAILED_CHECKS: '0' },
    provoke: (api) => api.send(newPhone()),
  },
  IDEMPOTENCY_KEY_IN_USE: {
    environment: { TWILIO_SMS_TIMEOUT_MS: '1000' },
    provoke: async (api) => {
      const [phone, asked] = [newPhone(), simulator.requests.length];
      simulator.faults.next({ kind: 'hang', accepted: true });
      const first = api
        .send(phone)
        .set(A_KEY)
        .then(({ status }) => status);
      await until('Twilio is asked', () => simulator.requests.length > asked);
      const second = await api.send(phone).set(A_KEY);
      await first;
      return second;
    },
  },
  IDEMPOTENCY_KEY_REUSED: {
    provoke: async (api) => {
      await api.send(newPhone()).set(A_KEY).expect(201);
      return api.send(newPhone()).set(A_KEY);
    },
  },
  STORE_UNAVAILABLE: {
    store: 'redis',
    environment: { REDIS_URL: 'redis://127.0.0.1:1' },
    provoke: (api) => api.http().get('/readyz'),
  },
  SERVER_BUSY: {
    environment: { TWILIO_SMS_MAX_CONCURRENCY: '1', TWILIO_SMS_TIMEOUT_MS: '1000' },
    provoke: async (api) => {
      simulator.faults.next({ kind: 'hang', accepted: true });
      const answers = await Promise.all([1, 2, 3].map(() => api.send(newPhone())));
      return answers.find(({ body }) => body.code === 'SERVER_BUSY')!;
    },
  },
  VALIDATION_FAILED: { provoke: (api) => api.check(NO_ID, '123') },
  UNAUTHORIZED: {
    environment: { SERVER_API_KEY: 'the-key-of-a-back-end-0123456789abcdef' },
    provoke: (api) => api.http().get('/v1/config'),
  },
  FORBIDDEN: {
    environment: { SERVER_PUBLIC_URL: 'http://127.0.0.1:3000' },
    provoke: (api) => api.http().post('/webhooks/twilio/status').type('form').send('MessageStatus=delivered'),
  },
  NOT_FOUND: { provoke: (api) => api.http().get('/nope') },
  METHOD_NOT_ALLOWED: { provoke: (api) => api.http().delete('/v1/verifications') },
  PAYLOAD_TOO_LARGE: { provoke: (api) => post(api, 'application/json', `"${'1'.repeat(9_000)}"`) },
  UNSUPPORTED_MEDIA_TYPE: { provoke: (api) => post(api, 'text/plain', '+12025550123') },
  INTERNAL_ERROR: {
    provoke: (api) => {
      jest.spyOn(api.app.get<VerificationStore>(VerificationStore), 'find').mockRejectedValue(FAULT_OF_OURS);
      return api.http().get(`/v1/verifications/${NO_ID}`);
    },
  },
};

let simulator: TwilioSimulator;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());

describe('Over HTTP', () => {
  it.each(ERROR_CODES)('%s is answered as it is documented', async (code) => {
    const { environment, store = 'embedded', provoke } = PROVOCATIONS[code];
    const api = await startApi(simulator, store, environment);
    try {
      const { status, headers, body, text } = await provoke(api);
      expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(body).toMatchObject({
        type: `urn:problem:phone-verification:${code.toLowerCase().replaceAll('_', '-')}`,
        title: ERROR_TITLE[code],
        status,
        detail: expect.any(String),
        code,
        requestId: headers['x-request-id'],
      });
      expect(status).toBe(statusOf(code, body.reason));
      expect(headers['retry-after']).toBe(body.retryAfterSeconds?.toString());
      expect(text).not.toContain('canary');
    } finally {
      await api.close();
    }
  });
});
