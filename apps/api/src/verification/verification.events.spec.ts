import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { PhoneNumber } from '@app/sms';
import { SmsStorage } from '@app/sms/internals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { apiEnvironment, codeFor, wrongCode } from '../../../../test/support/api.js';
import { newPhone } from '../../../../test/support/stores.js';
import { AppModule } from '../app.module.js';
import { loadParameters } from '../config/load-parameters.js';
import { CheckingService } from './checking.service.js';
import { Deliveries } from './deliveries.js';
import { reportOf } from './delivery.js';
import { SendingService } from './sending.service.js';

let simulator: TwilioSimulator;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());

const CALLER = { requestId: 'a request', account: 'all' };

let app: INestApplicationContext;
let events: [string, unknown][];
let close: () => Promise<void>;
beforeEach(async () => {
  const environment = await apiEnvironment(simulator, 'embedded', {
    SERVER_PUBLIC_URL: 'https://codes.example.com',
    TWILIO_SMS_MAX_ATTEMPTS: '1',
  });
  const { parameters } = loadParameters({ environment, envFile: '/nonexistent/.env' });
  const testing = await Test.createTestingModule({
    imports: [EventEmitterModule.forRoot({ wildcard: true }), AppModule.with(parameters)],
  }).compile();
  testing.useLogger(false);
  app = await testing.init();
  events = [];
  app.get(EventEmitter2).onAny((name, payload: unknown) => void events.push([String(name), payload]));
  close = async () => {
    await app.close();
    await rm(environment.DATA_PATH, { recursive: true });
  };
});
afterEach(async () => {
  simulator.faults.clear();
  await close();
});

const send = (phone: string, idempotencyKey?: string) =>
  app.get(SendingService).start({ phone, purpose: 'login', idempotencyKey }, CALLER);
const check = (id: string, code: string) => app.get(CheckingService).check(id, code, CALLER);
const named = (prefix: string) => events.filter(([name]) => name.startsWith(prefix));

describe('A verification tells the listeners', () => {
  it('that it was started, that a code was rejected, and that it was approved', async () => {
    const phone = newPhone();
    const { id } = await send(phone);
    const code = codeFor(simulator, phone);
    await expect(check(id, wrongCode(code))).rejects.toThrow();
    await check(id, code);
    const person = { phone: PhoneNumber.parse(phone).masked, country: 'CN', purpose: 'login' };
    expect(named('verification.')).toEqual([
      ['verification.started', person],
      ['verification.rejected', { ...person, code: 'SMS_CODE_ERROR', attemptsLeft: 4 }],
      ['verification.approved', person],
    ]);
    const told = JSON.stringify(events);
    for (const secret of [phone.slice(1), code, id]) expect(told).not.toContain(secret);
  });

  it('that a call was refused or failed, and why', async () => {
    await expect(send('nonsense')).rejects.toThrow();
    simulator.faults.next({ kind: 'status', status: 400, code: 21610 });
    const phone = newPhone();
    await expect(send(phone)).rejects.toThrow();
    expect(named('verification.')).toEqual([
      ['verification.refused', { purpose: 'login', code: 'PHONE_FORMAT_ERROR' }],
      [
        'verification.failed',
        {
          phone: PhoneNumber.parse(phone).masked,
          country: 'CN',
          purpose: 'login',
          code: 'SMS_SEND_FAILED',
          reason: 'opted_out',
          twilioCode: 21610,
          mayArrive: false,
        },
      ],
    ]);
  });

  it('that a check failed, and not that a code was rejected, when the store cannot answer', async () => {
    const phone = newPhone();
    const { id } = await send(phone);
    await app.get(SmsStorage).close();
    await expect(check(id, codeFor(simulator, phone))).rejects.toThrow();
    expect(named('verification.').slice(1)).toEqual([
      ['verification.check_failed', { code: 'STORE_UNAVAILABLE' }],
    ]);
  });

  it('nothing of an answer that is repeated', async () => {
    const phone = newPhone();
    await send(phone, 'a-key');
    const before = events.length;
    await send(phone, 'a-key');
    expect(events).toHaveLength(before);
  });

  it('once, by its first end, what became of the message', async () => {
    const report = async (phone: string, ...statuses: [string, number?][]): Promise<void> => {
      await send(phone);
      const { searchParams } = new URL(simulator.statusCallbackOf(simulator.inbox.latest(phone)!.id)!);
      for (const [status, twilioCode] of statuses) {
        await app
          .get(Deliveries)
          .report(searchParams.get('id')!, reportOf(status, twilioCode)!, CALLER.requestId);
      }
    };
    const [one, other] = [newPhone(), newPhone()];
    await report(one, ['sent'], ['delivered'], ['delivered']);
    await report(other, ['undelivered', 30003], ['delivered']);
    const [masked, otherMasked] = [one, other].map((phone) => PhoneNumber.parse(phone).masked);
    expect(events.filter(([name]) => name.endsWith('delivered'))).toEqual([
      ['sms.delivered', { phone: masked, country: 'CN' }],
      ['sms.undelivered', { phone: otherMasked, country: 'CN', delivery: 'undelivered', twilioCode: 30003 }],
    ]);
  });
});
