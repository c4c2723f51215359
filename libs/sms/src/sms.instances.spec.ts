import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { TwilioSimulator } from '@app/twilio-simulator';
import { newPhone, temporaryFolder, TEST_SECRET } from '../../../test/support/stores.js';
import type { RateLimitStore } from './rate-limit/rate-limit.store.js';
import { SmsHealthIndicator } from './sms.health.js';
import { SmsModule } from './sms.module.js';
import type { SmsModuleOptions } from './sms.options.js';
import { SmsService } from './sms.service.js';
import {
  getSmsHealthIndicatorToken,
  getTwilioClientToken,
  InjectRateLimitStore,
  InjectSmsService,
  InjectTwilioClient,
} from './sms.tokens.js';
import type { TwilioClient } from './twilio/twilio.client.js';

let codes: TwilioSimulator;
let reminders: TwilioSimulator;
let folder: string;
let app: INestApplication | undefined;
beforeAll(async () => {
  codes = await TwilioSimulator.start({ phoneNumber: '+12025550100' });
  reminders = await TwilioSimulator.start({ phoneNumber: '+12025550111' });
  folder = await temporaryFolder();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  for (const simulator of [codes, reminders]) simulator.faults.clear();
});
afterAll(async () => {
  await codes.close();
  await reminders.close();
  await rm(folder, { recursive: true });
});

function optionsFor({ accountSid, authToken, phoneNumber, url }: TwilioSimulator): SmsModuleOptions {
  return {
    twilio: { accountSid, authToken, phoneNumber, baseUrl: url },
    limits: { cooldownSeconds: 0 },
    storage: { secret: TEST_SECRET, folder: join(folder, 'data') },
  };
}

async function start(...imports: (DynamicModule | (new () => object))[]): Promise<INestApplication> {
  const testing = await Test.createTestingModule({ imports }).compile();
  app = testing.createNestApplication(new FastifyAdapter(), { logger: false });
  return app.init();
}

@Injectable()
class Senders {
  constructor(
    readonly codes: SmsService,
    @InjectSmsService('reminders') readonly reminders: SmsService,
    @InjectTwilioClient('reminders') readonly client: TwilioClient,
    @InjectRateLimitStore('reminders') readonly store: RateLimitStore,
  ) {}
}

function featureModule(): DynamicModule {
  @Module({})
  class Feature {}
  return {
    module: Feature,
    imports: [
      SmsModule.forRootAsync({ useFactory: () => optionsFor(codes) }),
      SmsModule.forRootAsync({ name: 'reminders', useFactory: () => optionsFor(reminders) }),
    ],
    providers: [Senders],
  };
}

describe('An app with two Twilio accounts', () => {
  it('sends from the one that it names, and from the one without a name', async () => {
    const senders = (await start(featureModule())).get(Senders, { strict: false });
    const [one, other] = [newPhone(), newPhone()];
    await senders.codes.sendVerificationCodeSms(one, '111111');
    await senders.reminders.sendVerificationCodeSms(other, '222222');
    expect(codes.inbox.latest(one)).toMatchObject({ from: '+12025550100' });
    expect(reminders.inbox.latest(one)).toBeUndefined();
    expect(reminders.inbox.latest(other)).toMatchObject({ from: '+12025550111' });
  });

  it('has one allowance of a phone, where both count in one store', async () => {
    const senders = (await start(featureModule())).get(Senders, { strict: false });
    const phone = newPhone();
    for (let sent = 0; sent < 10; sent += 1) {
      await senders[sent % 2 ? 'codes' : 'reminders'].sendVerificationCodeSms(phone, '111111');
    }
    await expect(senders.codes.sendVerificationCodeSms(phone, '111111')).rejects.toMatchObject({
      code: 'TODAY_SMS_LIMIT_REACHED',
    });
  });

  it('replaces the client of the one that it names, and of no other', async () => {
    const created: object[] = [];
    const messages = {
      create: async (message: object) => {
        created.push(message);
        return { sid: 'SM1', status: 'queued' };
      },
    };
    const testing = await Test.createTestingModule({ imports: [featureModule()] })
      .overrideProvider(getTwilioClientToken('reminders'))
      .useValue({ messages })
      .compile();
    app = testing.createNestApplication(new FastifyAdapter(), { logger: false });
    const senders = (await app.init()).get(Senders, { strict: false });
    const phone = newPhone();
    await senders.codes.sendVerificationCodeSms(phone, '111111');
    await senders.reminders.sendVerificationCodeSms(phone, '222222');
    expect(codes.inbox.latest(phone)).toBeDefined();
    expect(created).toMatchObject([{ to: phone, from: '+12025550111' }]);
    expect(senders.client).toEqual({ messages });
  });
});

@Injectable()
class OwnStore implements RateLimitStore {
  readonly calls: string[] = [];
  async reserve(): Promise<{ granted: true }> {
    this.calls.push('reserve');
    return { granted: true };
  }
  async keep(): Promise<void> {
    this.calls.push('keep');
  }
  async release(): Promise<void> {
    this.calls.push('release');
  }
  async holds(): Promise<boolean> {
    return false;
  }
}

describe('An app that brings its own', () => {
  it('store needs no storage', async () => {
    const { twilio } = optionsFor(codes);
    const store = new OwnStore();
    await start(SmsModule.forRoot({ twilio, rateLimitStore: { useValue: store } }));
    const phone = newPhone();
    await app!.get(SmsService).sendVerificationCodeSms(phone, '123456');
    expect(codes.inbox.latest(phone)).toBeDefined();
    expect(store.calls).toEqual(['reserve', 'keep']);
  });

  it('store has nothing to do with the storage of another instance, which is global', async () => {
    const { twilio } = optionsFor(codes);
    await start(
      SmsModule.forRoot({ ...optionsFor(codes), isGlobal: true }),
      SmsModule.forRoot({ twilio, name: 'reminders', rateLimitStore: { useClass: OwnStore } }),
    );
    const reminders = app!.get<SmsHealthIndicator>(getSmsHealthIndicatorToken('reminders'), {
      strict: false,
    });
    expect(await reminders.check()).toEqual({ sms: { status: 'up', twilio: 'up' } });
  });

  it('Twilio client needs no credentials', async () => {
    const { storage } = optionsFor(codes);
    const client = { messages: { create: async () => ({ sid: 'SM1', status: 'queued' }) } };
    const twilio = { phoneNumber: '+12025550100' };
    await start(
      SmsModule.forRoot({ twilio, storage, twilioClient: { useValue: client as unknown as TwilioClient } }),
    );
    await expect(app!.get(SmsService).sendVerificationCodeSms(newPhone(), '123456')).resolves.toMatchObject({
      sid: 'SM1',
    });
  });
});

describe('The health of sending', () => {
  const health = async (): Promise<object> => {
    const indicator = app!.get(SmsHealthIndicator);
    const checks = app!.get(HealthCheckService, { strict: false });
    const answer = await checks.check([() => indicator.check('sms')]).catch((error: unknown) => {
      return (error as { getResponse: () => object }).getResponse();
    });
    return answer;
  };

  it('is up while the store answers, and asks Twilio for nothing', async () => {
    await start(SmsModule.forRoot(optionsFor(codes)), TerminusModule.forRoot({ logger: false }));
    const before = codes.requests.length;
    expect(await health()).toMatchObject({
      status: 'ok',
      details: { sms: { status: 'up', store: 'up', twilio: 'up' } },
    });
    expect(codes.requests).toHaveLength(before);
  });

  it('is degraded, and not down, while Twilio does not answer', async () => {
    await start(SmsModule.forRoot(optionsFor(codes)), TerminusModule.forRoot({ logger: false }));
    codes.faults.always({ kind: 'reset', accepted: false });
    while (!app!.get(SmsService).load.isBreakerOpen) {
      await app!
        .get(SmsService)
        .sendVerificationCodeSms(newPhone(), '123456')
        .catch(() => undefined);
    }
    expect(await health()).toMatchObject({
      status: 'degraded',
      details: { sms: { status: 'degraded', store: 'up', twilio: 'down' } },
    });
  });

  it('is down while the store does not answer', async () => {
    const { twilio } = optionsFor(codes);
    const storage = { secret: TEST_SECRET, redisUrl: 'redis://127.0.0.1:1' };
    await start(SmsModule.forRoot({ twilio, storage }), TerminusModule.forRoot({ logger: false }));
    expect(await health()).toMatchObject({
      status: 'error',
      details: { sms: { status: 'down', store: 'down', twilio: 'up' } },
    });
  });
});
