import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { TwilioSimulator } from '@app/twilio-simulator';
import { CODE, SmsHost } from '../../../test/support/sms-host.js';
import { newPhone } from '../../../test/support/stores.js';
import { PhoneNumber } from './phone/phone-number.js';
import { SmsEventBus, type SmsSent } from './sms.events.js';
import type { SmsService } from './sms.service.js';

let simulator: TwilioSimulator;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  simulator.faults.clear();
  for (const close of closers.splice(0)) await close();
});

/** What a host app writes. */
@Injectable()
class Listener {
  readonly sent: SmsSent[] = [];

  @OnEvent('sms.sent')
  onSent(sent: SmsSent): void {
    this.sent.push(sent);
  }
}

@Module({ imports: [EventEmitterModule] })
class PlainModule {}

async function startHost(imports: ModuleMetadata['imports'] = []): Promise<SmsHost> {
  const host = await SmsHost.start(simulator, { imports, providers: [Listener], twilio: { maxAttempts: 1 } });
  closers.push(() => host.close());
  return host;
}

/** Every event, by any name. */
function recorded(host: SmsHost): [string, unknown][] {
  const events: [string, unknown][] = [];
  host.app.get(EventEmitter2).onAny((name, payload: unknown) => void events.push([String(name), payload]));
  return events;
}

const send = (sms: SmsService, phone: string): Promise<string> =>
  sms.sendVerificationCodeSms(phone, CODE).then(
    ({ sid }) => sid,
    ({ code }: { code: string }) => code,
  );

describe('A host app with EventEmitterModule', () => {
  it('listens with @OnEvent, and nothing else to set up', async () => {
    const { app, sms } = await startHost([EventEmitterModule.forRoot()]);
    const phone = newPhone();
    const sid = await send(sms, phone);
    const { masked } = PhoneNumber.parse(phone);
    expect(app.get(Listener).sent).toEqual([{ phone: masked, country: 'CN', sid, segments: 1 }]);
  });

  it('is told so too if another module, which is read first, imports it without forRoot()', async () => {
    const { app, sms } = await startHost([PlainModule, EventEmitterModule.forRoot()]);
    await send(sms, newPhone());
    expect(app.get(Listener).sent).toHaveLength(1);
  });

  it('is told what was sent, refused and failed, and never the phone, the code or a credential', async () => {
    const host = await startHost([EventEmitterModule.forRoot({ wildcard: true })]);
    const events = recorded(host);
    const [phone, other] = [newPhone(), newPhone()];
    const [masked, otherMasked] = [phone, other].map((number) => PhoneNumber.parse(number).masked);
    const sid = await send(host.sms, phone);
    await send(host.sms, phone);
    simulator.faults.next({ kind: 'status', status: 400, code: 21610 });
    await send(host.sms, other);
    simulator.faults.next({ kind: 'reset', accepted: true });
    await send(host.sms, '+1234567890');
    await send(host.sms, '+19002345678');
    expect(events).toEqual([
      ['sms.sent', { phone: masked, country: 'CN', sid, segments: 1 }],
      [
        'sms.refused',
        {
          phone: masked,
          country: 'CN',
          code: 'SMS_SEND_TOO_FREQUENTLY',
          limit: 'phone',
          retryAfterSeconds: expect.any(Number),
        },
      ],
      [
        'sms.failed',
        {
          phone: otherMasked,
          country: 'CN',
          code: 'SMS_SEND_FAILED',
          reason: 'opted_out',
          twilioCode: 21610,
          mayArrive: false,
        },
      ],
      ['sms.failed', { phone: '+123*****90', code: 'SMS_CONNECTION_FAILED', mayArrive: true }],
      ['sms.refused', { phone: '+1900*****78', country: 'US', code: 'PHONE_NOT_ALLOWED' }],
    ]);
    const told = JSON.stringify(events);
    for (const secret of [phone.slice(1), other.slice(1), CODE, simulator.authToken]) {
      expect(told).not.toContain(secret);
    }
  });

  const thrower = (): never => {
    throw new TypeError('canary');
  };
  it.each([
    ['throws', thrower],
    ['rejects', (): void => Promise.reject(new TypeError('canary')) as unknown as void],
  ])('may have a listener that fails (it %s): it changes nothing, and is logged once', async (_, fail) => {
    const host = await startHost([EventEmitterModule.forRoot()]);
    const emitter = host.app.get(EventEmitter2);
    for (const name of ['sms.sent', 'sms.refused']) emitter.on(name, fail, { promisify: true });
    const phone = newPhone();
    expect(await send(host.sms, phone)).toMatch(/^SM/);
    expect(await send(host.sms, phone)).toBe('SMS_SEND_TOO_FREQUENTLY');
    await new Promise((resolve) => setImmediate(resolve));
    expect(host.logger.errors).toEqual([
      { event: 'sms.listener_failed', of: 'sms.sent', error: 'TypeError' },
    ]);
  });
});

describe('A host app without EventEmitterModule', () => {
  it('sends as ever', async () => {
    const { app, sms } = await startHost();
    expect(await send(sms, newPhone())).toMatch(/^SM/);
    expect(app.get(Listener).sent).toEqual([]);
  });

  it('makes no payload', async () => {
    const { app } = await startHost();
    const thrower = (): never => {
      throw new Error('canary');
    };
    const bus = app.get<SmsEventBus>(SmsEventBus);
    expect(() => bus.emit('sms.sent', thrower)).not.toThrow();
  });
});
