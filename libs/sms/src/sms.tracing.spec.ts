import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { Test } from '@nestjs/testing';
import { TwilioSimulator, type Fault } from '@app/twilio-simulator';
import { RecordedSpans } from '../../../test/support/spans.js';
import { newPhone, redisUrl, temporaryFolder, TEST_SECRET } from '../../../test/support/stores.js';
import { PhoneNumber } from './phone/phone-number.js';
import { SmsModule } from './sms.module.js';
import { SmsService } from './sms.service.js';

const CODE = '483915';

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

async function start(store: 'redis' | 'embedded' = 'embedded', timeoutMs = 5_000): Promise<SmsService> {
  const folder = await temporaryFolder();
  const { accountSid, authToken, phoneNumber, url: baseUrl } = simulator;
  const sms = SmsModule.forRoot({
    twilio: { accountSid, authToken, phoneNumber, baseUrl, timeoutMs },
    storage: { secret: TEST_SECRET, folder, redisUrl: store === 'redis' ? redisUrl() : undefined },
  });
  const testing = await Test.createTestingModule({ imports: [sms] }).compile();
  testing.useLogger(false);
  const app = await testing.init();
  closers.push(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });
  return app.get(SmsService);
}

async function startTraced(store?: 'redis' | 'embedded'): Promise<SmsService> {
  const sms = await start(store);
  spans.clear();
  return sms;
}

const send = (sms: SmsService, phone = newPhone()): Promise<string> =>
  sms.sendVerificationCodeSms(phone, CODE).then(
    () => 'sent',
    ({ code }: { code: string }) => code,
  );

// The first: a tracer that has met an SDK keeps to it.
describe('Without an SDK of OpenTelemetry', () => {
  it('sends as ever, and leaves no span', async () => {
    const sms = await start();
    expect(await send(sms)).toBe('sent');
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
      const sms = await startTraced(store);
      await send(sms);
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
    const sms = await startTraced();
    await trace.getTracer('host').startActiveSpan('host', async (host) => {
      await sms.deliver(await sms.reserve(PhoneNumber.parse(newPhone())), CODE);
      host.end();
    });
    const [host] = spans.named('host');
    expect(spans.below(host).map(({ name }) => name)).toEqual(['store.operation', 'sms.send']);
  });

  it('sends at the same time do not mix', async () => {
    const sms = await startTraced();
    simulator.faults.next({ kind: 'delay', ms: 50 }, 5);
    await Promise.all(Array.from({ length: 10 }, () => send(sms)));
    const sends = spans.named('sms.send');
    expect(sends).toHaveLength(10);
    for (const sending of sends) {
      const requests = spans.below(sending).filter(({ name }) => name === 'twilio.request');
      expect(requests).toHaveLength(1);
    }
  });

  it('each try is a span', async () => {
    const sms = await startTraced();
    simulator.faults.next({ kind: 'status', status: 503, accepted: true }, 2);
    await send(sms);
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
    const sms = await startTraced();
    simulator.faults.always(fault);
    await send(sms);
    const [{ status, attributes: found }] = spans.named('sms.send');
    expect(status).toEqual({ code: SpanStatusCode.ERROR });
    expect(found).toEqual({ 'sms.country': 'CN', ...attributes });
  });

  it('a refusal is no error', async () => {
    const sms = await startTraced();
    const phone = newPhone();
    await send(sms, phone);
    await send(sms, phone);
    const [, { status, attributes }] = spans.named('sms.send');
    expect(status).toEqual({ code: SpanStatusCode.UNSET });
    expect(attributes).toEqual({
      'sms.country': 'CN',
      'sms.outcome': 'refused',
      'sms.code': 'SMS_SEND_TOO_FREQUENTLY',
    });
  });

  it('no span tells a phone, a code, a credential or the text of an error', async () => {
    const sms = await startTraced('redis');
    const phones = [newPhone(), newPhone(), newPhone()];
    const answers: string[] = [];
    for (const fault of [
      undefined,
      { kind: 'status', status: 400, code: 21211 },
      { kind: 'reset', accepted: true },
    ] as const) {
      if (fault) simulator.faults.next(fault);
      answers.push(await send(sms, phones[answers.length]));
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
    const sms = await startTraced();
    await sms.holds(PhoneNumber.parse(newPhone()), 'unknown');
    expect(spans.all).toEqual([]);
  });
});
