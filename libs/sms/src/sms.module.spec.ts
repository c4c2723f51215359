import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Injectable,
  Module,
  Post,
  type DynamicModule,
  type INestApplication,
  type LoggerService,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { TwilioSimulator } from '@app/twilio-simulator';
import { newPhone, redisUrl, temporaryFolder, TEST_SECRET } from '../../../test/support/stores.js';
import { PhoneNumber } from './phone/phone-number.js';
import { RateLimitStore } from './rate-limit/rate-limit.store.js';
import { SmsError, SmsOptionsError } from './sms.errors.js';
import { SmsModule } from './sms.module.js';
import type { SmsModuleOptions } from './sms.options.js';
import { SmsService } from './sms.service.js';
import { TwilioClient } from './twilio/twilio.client.js';

const SILENT: LoggerService = { log: () => undefined, warn: () => undefined, error: () => undefined };

let simulator: TwilioSimulator;
let folder: string;
beforeAll(async () => {
  simulator = await TwilioSimulator.start({ authToken: 'canary-auth-token' });
});
afterAll(() => simulator.close());

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  simulator.faults.clear();
  for (const close of closers.splice(0)) await close();
});

/** Options for the simulator and a store of their own. */
async function options(change: Partial<SmsModuleOptions> = {}): Promise<SmsModuleOptions> {
  folder = await temporaryFolder();
  const made = folder;
  closers.push(() => rm(made, { recursive: true, force: true }));
  const { accountSid, authToken, phoneNumber, url: baseUrl } = simulator;
  return {
    twilio: { accountSid, authToken, phoneNumber, baseUrl },
    storage: { secret: TEST_SECRET, folder: join(folder, 'data') },
    ...change,
  };
}

/** An application that imports the module and is closed after the test. */
async function start(
  sms: DynamicModule,
  ...more: (DynamicModule | (new () => object))[]
): Promise<INestApplication> {
  const testing = await Test.createTestingModule({ imports: [sms, ...more] })
    .setLogger(SILENT)
    .compile();
  const app = await testing.createNestApplication(new FastifyAdapter(), { logger: false }).init();
  closers.unshift(() => app.close());
  return app;
}

async function sendWith(app: INestApplication, phone = newPhone(), code = '123456'): Promise<string> {
  await app.get(SmsService, { strict: false }).sendVerificationCodeSms(phone, code);
  return simulator.inbox.latest(phone)!.body;
}

async function errorOf(sending: Promise<unknown>): Promise<unknown> {
  return sending.then(
    () => undefined,
    (error: unknown) => error,
  );
}

@Controller()
class SignUpController {
  constructor(private readonly sms: SmsService) {}

  @Post('sign-up')
  signUp(@Body() { phone, code }: { phone: string; code: string }): Promise<object> {
    return this.sms.sendVerificationCodeSms(phone, code);
  }
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('In a host app on %s', (_, adapter) => {
  it("the manual's example sends a message", async () => {
    const testing = await Test.createTestingModule({
      imports: [SmsModule.forRoot(await options())],
      controllers: [SignUpController],
    }).compile();
    const app = testing.createNestApplication(adapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    closers.unshift(() => app.close());

    const response = await fetch(`${await app.getUrl()}/sign-up`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ phone: '+1234567890', code: '123456' }),
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      sid: expect.stringMatching(/^SM[0-9a-f]{32}$/),
      status: 'queued',
      to: '+1234567890',
      segments: 1,
    });
    expect(simulator.inbox.latest('+1234567890')).toMatchObject({
      from: simulator.phoneNumber,
      body: 'Your verification code is: 123456',
    });
  });
});

@Injectable()
class SmsConfiguration {
  static current: SmsModuleOptions;
  create(): SmsModuleOptions {
    return SmsConfiguration.current;
  }
}

@Module({ providers: [SmsConfiguration], exports: [SmsConfiguration] })
class ConfigurationModule {}

@Injectable()
class Reminder {
  constructor(readonly sms: SmsService) {}
}

@Module({ providers: [Reminder] })
class ReminderModule {}

describe('The module is configured', () => {
  it('by values', async () => {
    const app = await start(SmsModule.forRoot(await options({ message: { template: 'Code %s' } })));
    expect(await sendWith(app)).toBe('Code 123456');
  });

  it('by a factory with dependencies', async () => {
    SmsConfiguration.current = await options({ message: { template: 'Factory %s' } });
    const sms = SmsModule.forRootAsync({
      imports: [ConfigurationModule],
      inject: [SmsConfiguration],
      useFactory: async (configuration: SmsConfiguration) => configuration.create(),
    });
    expect(await sendWith(await start(sms))).toBe('Factory 123456');
  });

  it('by a class', async () => {
    SmsConfiguration.current = await options({ message: { template: 'Class %s' } });
    expect(await sendWith(await start(SmsModule.forRootAsync({ useClass: SmsConfiguration })))).toBe(
      'Class 123456',
    );
  });

  it('by a provider that exists', async () => {
    SmsConfiguration.current = await options({ message: { template: 'Existing %s' } });
    const sms = SmsModule.forRootAsync({ imports: [ConfigurationModule], useExisting: SmsConfiguration });
    expect(await sendWith(await start(sms))).toBe('Existing 123456');
  });

  it.each(['forRoot', 'forRootAsync'] as const)('once for all modules, if %s says so', async (form) => {
    const given = await options();
    const sms =
      form === 'forRoot'
        ? SmsModule.forRoot({ ...given, isGlobal: true })
        : SmsModule.forRootAsync({ isGlobal: true, useFactory: () => given });
    const app = await start(sms, ReminderModule);
    expect(app.get(Reminder, { strict: false }).sms).toBe(app.get(SmsService, { strict: false }));
  });

  it('for the module that imports it alone, by default', async () => {
    const starting = start(SmsModule.forRoot(await options()), ReminderModule);
    expect(String(await errorOf(starting))).toContain("can't resolve dependencies of the Reminder");
  });

  it('wrongly: it does not start, and says all that is wrong', async () => {
    const wrong = await options({ limits: { cooldownSeconds: -1, maxSendsPerDay: -1 } });
    const error = await errorOf(start(SmsModule.forRoot(wrong)));
    expect(error).toBeInstanceOf(SmsOptionsError);
    expect((error as SmsOptionsError).faults).toHaveLength(2);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  it('with a Messaging Service: Twilio picks the sender', async () => {
    const given = await options();
    const messagingServiceSid = `MG${'a'.repeat(32)}`;
    given.twilio = { ...given.twilio, phoneNumber: undefined, messagingServiceSid };
    const app = await start(SmsModule.forRoot(given));
    await expect(app.get(SmsService).sendVerificationCodeSms(newPhone(), '123456')).resolves.toMatchObject({
      status: 'accepted',
    });
  });
});

/** A server that takes connections and never answers by itself. */
async function nobody(): Promise<{ address: string; connections: Socket[]; asked: Promise<unknown> }> {
  const connections: Socket[] = [];
  const server = createServer((socket) => connections.push(socket));
  const asked = once(server, 'connection').then(([socket]) => once(socket as Socket, 'data'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    for (const socket of connections) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, connections, asked };
}

class FakeTwilio {
  readonly created: object[] = [];
  readonly messages = {
    create: async (message: object): Promise<object> => {
      this.created.push(message);
      return { sid: 'SM1', status: 'queued' };
    },
  };
}

class FakeLimits {
  readonly calls: string[] = [];
  granted = true;
  async reserve(): Promise<object> {
    this.calls.push('reserve');
    return this.granted ? { granted: true } : { granted: false, rule: 'cooldown', waitMs: 1_001 };
  }
  async keep(): Promise<void> {
    this.calls.push('keep');
  }
  async release(): Promise<void> {
    this.calls.push('release');
  }
}

async function startWithFakes(given: SmsModuleOptions): Promise<{
  sms: SmsService;
  twilio: FakeTwilio;
  limits: FakeLimits;
  app: INestApplication;
}> {
  const twilio = new FakeTwilio();
  const limits = new FakeLimits();
  const testing = await Test.createTestingModule({ imports: [SmsModule.forRoot(given)] })
    .overrideProvider(TwilioClient)
    .useValue(twilio)
    .overrideProvider(RateLimitStore)
    .useValue(limits)
    .compile();
  const app = await testing.createNestApplication(new FastifyAdapter(), { logger: false }).init();
  closers.unshift(() => app.close());
  return { sms: app.get(SmsService), twilio, limits, app };
}

describe('With the Twilio client and the store of limits replaced', () => {
  it('a send touches no network, no Redis and no folder', async () => {
    const { address, connections } = await nobody();
    const embedded = await options();
    const untouched = join(folder, 'data');
    for (const storage of [embedded.storage, { secret: TEST_SECRET, redisUrl: `redis://${address}` }]) {
      const given = { twilio: { ...embedded.twilio, baseUrl: `http://${address}` }, storage };
      const { sms, twilio, limits, app } = await startWithFakes(given);
      expect(await sms.sendVerificationCodeSms('+1 (202) 555-0123', '123456')).toEqual({
        sid: 'SM1',
        status: 'queued',
        to: '+12025550123',
        segments: 1,
      });
      expect(twilio.created).toEqual([
        {
          to: '+12025550123',
          from: simulator.phoneNumber,
          body: 'Your verification code is: 123456',
          validityPeriod: 600,
        },
      ]);
      expect(limits.calls).toEqual(['reserve', 'keep']);
      await app.close();
    }
    expect(connections).toHaveLength(0);
    expect(existsSync(untouched)).toBe(false);
  });

  it('a refusal of the store sends nothing, and says in whole seconds how long to wait', async () => {
    const { sms, twilio, limits } = await startWithFakes(await options());
    limits.granted = false;
    await expect(sms.sendVerificationCodeSms('+12025550123', '123456')).rejects.toMatchObject({
      code: 'SMS_SEND_TOO_FREQUENTLY',
      retryAfterSeconds: 2,
    });
    expect(twilio.created).toHaveLength(0);
    expect(limits.calls).toEqual(['reserve']);
  });

  it.each([
    ['an id', { status: 'queued' }],
    ['anything', {}],
  ])('an answer of Twilio without %s leaves the reservation taken', async (_, created) => {
    const { sms, twilio, limits } = await startWithFakes(await options());
    twilio.messages.create = async () => created;
    await expect(sms.sendVerificationCodeSms('+12025550123', '123456')).rejects.toMatchObject({
      code: 'SMS_CONNECTION_FAILED',
      mayArrive: true,
    });
    expect(limits.calls).toEqual(['reserve', 'keep']);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a number', 123456],
    ['a list of one code', ['123456']],
    ['an object that turns into a code', { toString: () => '123456' }],
    ['a query operator', { $gt: '' }],
    ['an empty text', ''],
    ['three digits', '123'],
    ['eleven digits', '12345678901'],
    ['a space', '123 456'],
    ['a line feed at the end', '123456\n'],
    ['a dash', '123-456'],
    ['full-width digits', '\uff11\uff12\uff13\uff14\uff15\uff16'],
    ['Arabic-Indic digits', '\u0661\u0662\u0663\u0664'],
    ['letters with an accent', 'abcdé'],
    ['a zero-width space', '1234\u200b56'],
    ['a placeholder', '%s12'],
    ['a megabyte of digits', '1'.repeat(1_000_000)],
  ])('a code that is %s is refused before anything is reserved', async (_, code) => {
    const { sms, twilio, limits } = await startWithFakes(await options());
    const error = await errorOf(sms.sendVerificationCodeSms('+12025550123', code as string));
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(inspect(error).length).toBeLessThan(5_000);
    expect(limits.calls).toEqual([]);
    expect(twilio.created).toEqual([]);
  });

  it.each(['1234', '0000000000', 'aZ09', 'ABCDEFGHIJ'])('the code %s is sent as it is', async (code) => {
    const { sms, twilio } = await startWithFakes(await options());
    await sms.sendVerificationCodeSms('+12025550123', code);
    expect(twilio.created).toMatchObject([{ body: `Your verification code is: ${code}` }]);
  });

  it.each([
    ['12025550123', 'PHONE_FORMAT_ERROR'],
    ['+1 900 234 5678', 'PHONE_NOT_ALLOWED'],
    [['+12025550123'] as unknown as string, 'PHONE_FORMAT_ERROR'],
  ])('the phone %p is refused with %s before anything is reserved', async (phone, code) => {
    const { sms, limits } = await startWithFakes(await options());
    await expect(sms.sendVerificationCodeSms(phone, '123456')).rejects.toMatchObject({ code });
    expect(limits.calls).toEqual([]);
  });
});

describe('When the app closes', () => {
  it.each(['embedded', 'Redis'])('connections are closed, with the %s store', async (store) => {
    const given = await options();
    if (store === 'Redis') given.storage = { secret: TEST_SECRET, redisUrl: redisUrl() };
    const { address, connections } = await nobody();
    given.twilio.baseUrl = `http://${address}`;
    given.twilio.timeoutMs = 1_000;
    const app = await start(SmsModule.forRoot(given));
    const error = errorOf(app.get(SmsService).sendVerificationCodeSms(newPhone(), '123456'));
    await app.close();
    expect(await error).toBeInstanceOf(SmsError);
    for (const socket of connections) {
      if (!socket.destroyed) await new Promise((resolve) => socket.resume().once('close', resolve));
    }
    await expect(app.close()).resolves.toBeUndefined();
  });

  it.each(['embedded', 'Redis'])(
    'a send that is under way is settled first: a refused one is given back, with the %s store',
    async (store) => {
      const given = await options();
      if (store === 'Redis') given.storage = { secret: TEST_SECRET, redisUrl: redisUrl() };
      const { address, connections, asked } = await nobody();
      const phone = newPhone();
      const app = await start(
        SmsModule.forRoot({ ...given, twilio: { ...given.twilio, baseUrl: `http://${address}` } }),
      );
      const failing = errorOf(app.get(SmsService).sendVerificationCodeSms(phone, '123456'));
      await asked;
      const closing = app.close();
      connections[0].end('HTTP/1.1 400 Bad Request\r\nContent-Length: 14\r\n\r\n{"code":21211}');
      expect(await failing).toMatchObject({ code: 'SMS_SEND_FAILED', reason: 'invalid_number' });
      await closing;
      expect(await sendWith(await start(SmsModule.forRoot(given)), phone)).toContain('123456');
    },
  );
});

describe('The right to send', () => {
  it.each<[string, (sms: SmsService) => Promise<unknown>]>([
    [
      'a number that is not served',
      async (sms) => sms.reserve(PhoneNumber.parse('+870773111632'), { permit: await sms.admit() }),
    ],
    [
      'a code that is none',
      async (sms) => sms.deliver(await sms.reserve(PhoneNumber.parse(newPhone())), 'no code'),
    ],
  ])('comes back after %s', async (_, attempt) => {
    const given = await options();
    const twilio = { ...given.twilio, maxConcurrency: 1 };
    const sms = (await start(SmsModule.forRoot({ ...given, twilio }))).get(SmsService, { strict: false });
    expect(await errorOf(attempt(sms))).toBeInstanceOf(SmsError);
    const permit = await sms.admit();
    permit.release();
  });

  it('and the unit of the phone come back after a code that is none', async () => {
    const given = await options({ limits: { maxSendsPerDay: 1 } });
    const sms = (await start(SmsModule.forRoot(given))).get(SmsService, { strict: false });
    const phone = PhoneNumber.parse(newPhone());
    await errorOf(sms.deliver(await sms.reserve(phone), 'no code'));
    expect(await sms.sendVerificationCodeSms(phone.e164, '123456')).toMatchObject({ to: phone.e164 });
  });
});
