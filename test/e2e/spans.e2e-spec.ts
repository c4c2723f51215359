import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SpanStatusCode } from '@opentelemetry/api';
import { TwilioSimulator } from '@app/twilio-simulator';
import { codeFor, startApi, STORES, wrongCode, type RunningApi } from '../support/api.js';
import { RecordedSpans } from '../support/spans.js';
import { newPhone } from '../support/stores.js';

const document = readFileSync(new URL('../../docs/tracing.md', import.meta.url), 'utf8');
const spans = new RecordedSpans();
let simulator: TwilioSimulator;
beforeAll(async () => {
  spans.register();
  simulator = await TwilioSimulator.start();
});
afterAll(async () => {
  spans.unregister();
  await simulator.close();
});

describe.each(STORES)('With an SDK of OpenTelemetry, and the %s store', (store) => {
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi(simulator, store, { TWILIO_SMS_MAX_ATTEMPTS: '1' });
  });
  afterAll(() => api.close());
  afterEach(() => {
    for (const { name, attributes } of spans.all) {
      for (const shown of [name, ...Object.keys(attributes)]) expect(document).toContain(`\`${shown}\``);
    }
    spans.clear();
  });

  it('a call for a code is one trace: the limits, the send, the request to Twilio, and what is settled', async () => {
    spans.clear();
    await api.send(newPhone(), { purpose: 'login' }).expect(201);
    const [call] = spans.named('verification.send');
    expect(call.attributes).toEqual({
      'verification.outcome': 'OK',
      'verification.purpose': 'login',
      'sms.country': 'CN',
    });
    const names = spans.below(call).map(({ name }) => name);
    expect(names.at(-1)).toBe('sms.send');
    expect(names.filter((name) => name === 'store.operation').length).toBeGreaterThanOrEqual(2);
    const below = spans.below(spans.named('sms.send')[0]).map(({ name }) => name);
    expect(below[0]).toBe('twilio.request');
    expect(below.filter((name) => name === 'store.operation').length).toBeGreaterThanOrEqual(2);
    const traces = spans.all.map((span) => span.spanContext().traceId);
    expect(new Set(traces)).toEqual(new Set([call.spanContext().traceId]));
  });

  it('a check is a span with the store below it; a wrong code is no error, and nothing tells who it was', async () => {
    const phone = newPhone();
    const { id } = (await api.send(phone).expect(201)).body as { id: string };
    const code = codeFor(simulator, phone);
    await api.check(id, wrongCode(code)).expect(422);
    await api.check(id, code).expect(200);
    const checks = spans.named('verification.check');
    expect(checks.map(({ attributes, status }) => [attributes['verification.outcome'], status.code])).toEqual(
      [
        ['SMS_CODE_ERROR', SpanStatusCode.UNSET],
        ['OK', SpanStatusCode.UNSET],
      ],
    );
    for (const check of checks) {
      const below = spans.below(check);
      expect(below.length).toBeGreaterThanOrEqual(1);
      expect(new Set(below.map(({ name }) => name))).toEqual(new Set(['store.operation']));
    }
    for (const secret of [phone.slice(1), code, id, id.slice(22)]) expect(spans.text()).not.toContain(secret);
  });

  it('what failed at Twilio is an error, by its code alone', async () => {
    simulator.faults.next({ kind: 'status', status: 400, code: 21610 });
    await api.send(newPhone()).expect(422);
    const [{ attributes, status, events }] = spans.named('verification.send');
    expect(attributes).toMatchObject({
      'verification.outcome': 'SMS_SEND_FAILED',
      'verification.reason': 'opted_out',
      'twilio.code': 21610,
      'error.type': 'SMS_SEND_FAILED',
    });
    expect(status).toEqual({ code: SpanStatusCode.ERROR });
    expect(events).toEqual([]);
  });
});
