import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { TwilioSimulator, type Fault } from '@app/twilio-simulator';
import { CODE, SmsHost } from '../../../test/support/sms-host.js';
import { RecordedSpans } from '../../../test/support/spans.js';
import { newPhone, redisUrl, TEST_SECRET } from '../../../test/support/stores.js';
import { PhoneNumber } from './phone/phone-number.js';

const spans = new RecordedSpans();
let simulator: TwilioSimulator;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  simulator.faults.clear();
  spans.clear();
  for (const close of closers.splice(0)) await close();
});

async function start(store: 'redis' | 'embedded' = 'embedded', timeoutMs = 5_000): Promise<SmsHost> {
  const host = await SmsHost.start(simulator, {
    twilio: { timeoutMs },
    redisUrl: store === 'redis' ? redisUrl() : undefined,
  });
  closers.push(() => host.close());
  return host;
}

async function startTraced(store?: 'redis' | 'embedded'): Promise<SmsHost> {
  const host = await start(store);
  spans.clear();
  return host;
}

// The first: a tracer that has met an SDK keeps to it.
describe('Without an SDK of OpenTelemetry', () => {
  it('sends as ever, and leaves no span', async () => {
    const host = await start();
    expect(await host.send(newPhone())).toBe('sent');
    expect(trace.getActiveSpan()).toBeUndefined();
    expect(spans.all).toEqual([]);
  });
});

describe('With an SDK of OpenTelemetry', () => {
  beforeAll(() => spans.register());
  afterAll(() => spans.unregister());

  it.each(['redis', 'embedded'] as const)(
    'a send is a span, with the request to Twilio and the %s store below it',
    async (store) => {
      const host = await startTraced(store);
      await host.send(newPhone());
      const [sending] = spans.named('sms.send');
      expect(sending.parentSpanContext).toBeUndefined();
      expect(sending.attributes).toEqual({
        'sms.country': 'CN',
        'sms.outcome': 'sent',
        'sms.segments': 1,
      });
      const below = spans.below(sending);
      const names = below.map(({ name }) => name);
      expect(new Set(names)).toEqual(new Set(['store.operation', 'twilio.request']));
      expect(names.at(0)).toBe('store.operation'); // what is reserved before Twilio is asked
      expect(names.at(-1)).toBe('store.operation'); // and what is settled after it answered
      for (const { name, kind, attributes, status } of below) {
        expect(kind).toBe(SpanKind.CLIENT);
        expect(status.code).toBe(SpanStatusCode.UNSET);
        expect(attributes).toEqual(
          name === 'store.operation'
            ? { 'sms.store': store }
            : { 'twilio.attempt': 1, 'twilio.answer': '2xx' },
        );
      }
      expect(spans.all).toHaveLength(below.length + 1);
    },
  );

  it('a send is below the span of whoever asked for it, also when it is made in two steps', async () => {
    const { sms } = await startTraced();
    await trace.getTracer('host').startActiveSpan('host', async (host) => {
      await sms.deliver(await sms.reserve(PhoneNumber.parse(newPhone())), CODE);
      host.end();
    });
    const [host] = spans.named('host');
    expect(spans.below(host).map(({ name }) => name)).toEqual(['store.operation', 'sms.send']);
  });

  it('sends at the same time do not mix', async () => {
    const host = await startTraced();
    simulator.faults.next({ kind: 'delay', ms: 50 }, 5);
    await Promise.all(Array.from({ length: 10 }, () => host.send(newPhone())));
    const sends = spans.named('sms.send');
    expect(sends).toHaveLength(10);
    for (const sending of sends) {
      const requests = spans.below(sending).filter(({ name }) => name === 'twilio.request');
      expect(requests).toHaveLength(1);
    }
  });

  it('each try is a span', async () => {
    const host = await startTraced();
    simulator.faults.next({ kind: 'status', status: 503, accepted: true }, 2);
    await host.send(newPhone());
    expect(
      spans
        .named('twilio.request')
        .map(({ attributes, status }) => [attributes['twilio.answer'], status.code]),
    ).toEqual([
      ['5xx', SpanStatusCode.ERROR],
      ['5xx', SpanStatusCode.ERROR],
      ['2xx', SpanStatusCode.UNSET],
    ]);
  });

  it.each<[string, Fault, object]>([
    [
      'refuses the number',
      { kind: 'status', status: 400, code: 21610 },
      {
        'sms.outcome': 'failed',
        'sms.code': 'SMS_SEND_FAILED',
        'sms.reason': 'opted_out',
        'twilio.code': 21610,
        'error.type': 'SMS_SEND_FAILED',
      },
    ],
    [
      'breaks the connection',
      { kind: 'reset', accepted: true },
      {
        'sms.outcome': 'unconfirmed',
        'sms.code': 'SMS_CONNECTION_FAILED',
        'error.type': 'SMS_CONNECTION_FAILED',
      },
    ],
  ])('a send is an error when Twilio %s', async (_, fault, attributes) => {
    const host = await startTraced();
    simulator.faults.always(fault);
    await host.send(newPhone());
    const [{ status, attributes: found }] = spans.named('sms.send');
    expect(status).toEqual({ code: SpanStatusCode.ERROR });
    expect(found).toEqual({ 'sms.country': 'CN', ...attributes });
  });

  it('a refusal is no error', async () => {
    const host = await startTraced();
    const phone = newPhone();
    await host.send(phone);
    await host.send(phone);
    const [, { status, attributes }] = spans.named('sms.send');
    expect(status).toEqual({ code: SpanStatusCode.UNSET });
    expect(attributes).toEqual({
      'sms.country': 'CN',
      'sms.outcome': 'refused',
      'sms.code': 'SMS_SEND_TOO_FREQUENTLY',
    });
  });

  it('no span tells a phone, a code, a credential or the text of an error', async () => {
    const host = await startTraced('redis');
    const phones = [newPhone(), newPhone(), newPhone()];
    const answers: string[] = [];
    for (const fault of [
      undefined,
      { kind: 'status', status: 400, code: 21211 },
      { kind: 'reset', accepted: true },
    ] as const) {
      if (fault) simulator.faults.next(fault);
      answers.push(await host.send(phones[answers.length]));
    }
    expect(answers).toEqual(['sent', 'SMS_SEND_FAILED', 'SMS_CONNECTION_FAILED']);
    expect(spans.all.length).toBeGreaterThan(10);
    const secrets = [
      ...phones.map((phone) => phone.slice(1)),
      CODE,
      simulator.authToken,
      TEST_SECRET,
      'SMS provider',
    ];
    for (const secret of secrets) expect(spans.text()).not.toContain(secret);
  });

  it('what a timer does is no span', async () => {
    const { sms } = await startTraced();
    await sms.holds(PhoneNumber.parse(newPhone()), 'unknown');
    expect(spans.all).toEqual([]);
  });
});
