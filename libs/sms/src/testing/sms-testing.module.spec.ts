import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  getSmsServiceToken,
  InjectSmsService,
  RateLimitStore,
  SmsModule,
  SmsOptionsError,
  SmsService,
  TwilioClient,
} from '@app/sms';
import { SmsStorage } from '@app/sms/internals';
import {
  accepted,
  connectionRefused,
  getSmsTestingToken,
  InjectSmsTesting,
  ManualClock,
  MemoryRateLimitStore,
  noAnswer,
  RecordingTwilioClient,
  rejected,
  SmsTesting,
  SmsTestingModule,
} from '@app/sms/testing';
import { LoggedErrors } from '../../../../test/support/sms-host.js';

const PHONE = '+12025550123';
const SPELLING = '+1 (202) 555-0123';
const DAY_MS = 24 * 60 * 60 * 1_000;

/** A service of a host app, which knows nothing of tests. */
@Injectable()
class SignUp {
  private readonly codes = new Map<string, string>();

  constructor(private readonly sms: SmsService) {}

  async start(phone: string, code = '483915'): Promise<string> {
    const { sid } = await this.sms.sendVerificationCodeSms(phone, code);
    this.codes.set(phone, code);
    return sid;
  }

  finish(phone: string, code: string): boolean {
    return this.codes.get(phone) === code;
  }

  async delivery(sid: string): Promise<string> {
    return (await this.sms.fetchStatus(sid)).status;
  }
}

let app: TestingModule | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(
  imports: (DynamicModule | Type)[],
  providers: Type[] = [SignUp],
): Promise<TestingModule> {
  const testing = await Test.createTestingModule({ imports, providers })
    .setLogger(new LoggedErrors())
    .compile();
  return (app = await testing.init());
}

describe('A sign-up under test', () => {
  let signUp: SignUp;
  let testing: SmsTesting;
  beforeEach(async () => {
    const started = await start([SmsTestingModule.forRoot({ limits: { maxSendsPerDay: 3 } })]);
    signUp = started.get(SignUp);
    testing = started.get(SmsTesting);
  });

  it('sends a code, which the test reads by any spelling of the number', async () => {
    await signUp.start(PHONE);
    expect(testing.lastCodeFor(SPELLING)).toBe('483915');
    expect(signUp.finish(PHONE, testing.lastCodeFor(PHONE))).toBe(true);
    expect(testing.messages).toMatchObject([
      { to: PHONE, from: '+12025550100', body: 'Your verification code is: 483915', code: '483915' },
    ]);
  });

  it('reads the newest code of each number', async () => {
    await signUp.start(PHONE, '111111');
    await signUp.start('+12025550124', '222222');
    testing.clock.advance(60_000);
    await signUp.start(PHONE, '333333');
    expect(testing.lastCodeFor(PHONE)).toBe('333333');
    expect(testing.lastCodeFor('+12025550124')).toBe('222222');
    expect(testing.twilio.sentTo(SPELLING).map(({ code }) => code)).toEqual(['111111', '333333']);
  });

  it('has no code for a number to which nothing has gone out, and says so without the number', () => {
    expect(() => testing.lastCodeFor(PHONE)).toThrow('No message has gone out to +1202*****23.');
    expect(() => testing.lastCodeFor('555-0123')).toThrow('must be in international format');
  });

  it('is in the cooldown until the clock is advanced', async () => {
    await signUp.start(PHONE);
    await expect(signUp.start(PHONE)).rejects.toMatchObject({
      code: 'SMS_SEND_TOO_FREQUENTLY',
      retryAfterSeconds: 60,
    });
    testing.clock.advance(59_999);
    await expect(signUp.start(PHONE)).rejects.toMatchObject({ retryAfterSeconds: 1 });
    testing.clock.advance(1);
    await expect(signUp.start(PHONE)).resolves.toMatch(/^SM[0-9a-f]{32}$/);
  });

  it('uses its allowance of a day, and has it again when the day is over', async () => {
    for (let sent = 0; sent < 3; sent += 1) {
      await signUp.start(PHONE);
      testing.clock.advance(60_000);
    }
    await expect(signUp.start(PHONE)).rejects.toMatchObject({ code: 'TODAY_SMS_LIMIT_REACHED' });
    testing.clock.advance(DAY_MS);
    await expect(signUp.start(PHONE)).resolves.toBeDefined();
  });

  it('meets a number that does not exist, and may try again at once', async () => {
    testing.twilio.next(rejected(400, 21211));
    await expect(signUp.start(PHONE)).rejects.toMatchObject({
      code: 'SMS_SEND_FAILED',
      reason: 'invalid_number',
      twilioCode: 21211,
      mayArrive: false,
    });
    expect(() => testing.lastCodeFor(PHONE)).toThrow('No message has gone out');
    await expect(signUp.start(PHONE)).resolves.toBeDefined();
  });

  it('keeps the unit, and the code, of a message that may have gone out', async () => {
    testing.twilio.next(noAnswer());
    await expect(signUp.start(PHONE)).rejects.toMatchObject({
      code: 'SMS_CONNECTION_FAILED',
      mayArrive: true,
      retryAfterSeconds: 60,
    });
    expect(testing.lastCodeFor(PHONE)).toBe('483915');
    await expect(signUp.start(PHONE)).rejects.toMatchObject({ code: 'SMS_SEND_TOO_FREQUENTLY' });
  });

  it('may try again at once when Twilio was not reached', async () => {
    testing.twilio.next(connectionRefused());
    await expect(signUp.start(PHONE)).rejects.toMatchObject({
      code: 'SMS_CONNECTION_FAILED',
      mayArrive: false,
    });
    await expect(signUp.start(PHONE)).resolves.toBeDefined();
  });

  it('asks how far a message got', async () => {
    const sid = await signUp.start(PHONE);
    expect(await signUp.delivery(sid)).toBe('queued');
    testing.twilio.setStatus(sid, 'undelivered', 30003);
    expect(await app!.get(SmsService).fetchStatus(sid)).toEqual({ status: 'undelivered', twilioCode: 30003 });
    await expect(signUp.delivery('SM00000000000000000000000000000000')).rejects.toMatchObject({
      code: 'SMS_SEND_FAILED',
      twilioCode: 20404,
    });
  });

  it('starts anew after a reset', async () => {
    testing.twilio.always(rejected(401, 20003));
    await expect(signUp.start(PHONE)).rejects.toMatchObject({ reason: 'authentication_failed' });
    testing.twilio.next(noAnswer());
    await expect(signUp.start(PHONE)).rejects.toMatchObject({ mayArrive: true });
    testing.twilio.next(noAnswer());
    testing.reset();
    expect(testing.messages).toEqual([]);
    await expect(signUp.start(PHONE)).resolves.toBeDefined();
    expect(testing.messages).toHaveLength(1);
  });
});

@Injectable()
class Senders {
  constructor(
    readonly codes: SmsService,
    readonly testing: SmsTesting,
    @InjectSmsService('reminders') readonly reminders: SmsService,
    @InjectSmsTesting('reminders') readonly remindersTesting: SmsTesting,
  ) {}
}

describe('The module for tests', () => {
  it('has an instance for each name, with messages and limits of its own', async () => {
    const messagingServiceSid = `MG${'0'.repeat(32)}`;
    const started = await start(
      [
        SmsTestingModule.forRoot(),
        SmsTestingModule.forRoot({
          name: 'reminders',
          message: { template: 'Remember %s', webOrigin: 'example.com' },
          twilio: { messagingServiceSid },
        }),
      ],
      [Senders],
    );
    const { codes, testing, reminders, remindersTesting } = started.get(Senders);
    await codes.sendVerificationCodeSms(PHONE, '111111');
    await reminders.sendVerificationCodeSms(PHONE, 'ab12');
    expect(testing.lastCodeFor(PHONE)).toBe('111111');
    expect(remindersTesting.lastCodeFor(PHONE)).toBe('ab12');
    expect(remindersTesting.messages).toMatchObject([
      { messagingServiceSid, body: 'Remember ab12\n@example.com #ab12' },
    ]);
    expect(started.get(getSmsServiceToken('reminders'))).toBe(reminders);
    expect(started.get(getSmsTestingToken('reminders'))).toBe(remindersTesting);
  });

  it('is there for all modules of the app when it is global', async () => {
    @Module({ providers: [SignUp] })
    class SignUpModule {}
    await start([SmsTestingModule.forRoot({ isGlobal: true }), SignUpModule], []);
    await app!.get(SignUp, { strict: false }).start(PHONE);
    expect(app!.get(SmsTesting).lastCodeFor(PHONE)).toBe('483915');
  });

  it('gives each app its own, though both import the same', async () => {
    const module = SmsTestingModule.forRoot();
    const first = await start([module]);
    await first.get(SignUp).start(PHONE);
    await first.close();
    const second = await start([module]);
    expect(second.get(SmsTesting).messages).toEqual([]);
    await expect(second.get(SignUp).start(PHONE)).resolves.toBeDefined();
  });

  it('refuses a wrong option as the real module does', async () => {
    const starting = start([SmsTestingModule.forRoot({ message: { template: 'no place for the code' } })]);
    await expect(starting).rejects.toThrow(SmsOptionsError);
    await expect(starting).rejects.toThrow('message.template: it must contain %s exactly once');
  });
});

describe('The app as it is, with Twilio and the store replaced', () => {
  /** Nothing listens there. */
  const SOMEWHERE = '127.0.0.1:1';
  const message = { template: 'Shop 2024: %s, 5678' };

  @Module({
    imports: [
      SmsModule.forRoot({
        twilio: {
          accountSid: `AC${'0'.repeat(32)}`,
          authToken: 'token',
          phoneNumber: '+12025550111',
          baseUrl: `http://${SOMEWHERE}`,
        },
        message,
        storage: { secret: 's'.repeat(32), redisUrl: `redis://${SOMEWHERE}` },
      }),
    ],
    providers: [SignUp],
  })
  class AppModule {}

  async function startApp(twilio: RecordingTwilioClient, clock = new ManualClock()): Promise<SignUp> {
    const testing = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(TwilioClient)
      .useValue(twilio)
      .overrideProvider(RateLimitStore)
      .useValue(new MemoryRateLimitStore(clock))
      .setLogger(new LoggedErrors())
      .compile();
    app = await testing.init();
    return app.get(SignUp);
  }

  it('sends nothing, and its code is found between other numbers', async () => {
    const twilio = new RecordingTwilioClient(message);
    const clock = new ManualClock();
    const signUp = await startApp(twilio, clock);
    await signUp.start(PHONE);
    expect(twilio.lastCodeFor(SPELLING)).toBe('483915');
    expect(twilio.sent).toMatchObject([{ from: '+12025550111', body: 'Shop 2024: 483915, 5678' }]);
    await expect(signUp.start(PHONE)).rejects.toMatchObject({ code: 'SMS_SEND_TOO_FREQUENTLY' });
    clock.advance(60_000);
    await expect(signUp.start(PHONE)).resolves.toBeDefined();
  });

  it('tells that it needs the template to find a code', async () => {
    const twilio = new RecordingTwilioClient();
    await (await startApp(twilio)).start(PHONE);
    expect(() => twilio.lastCodeFor(PHONE)).toThrow('Give the option message of the app');
  });

  it('tries again as with Twilio, and each try has an outcome', async () => {
    const twilio = new RecordingTwilioClient(message);
    const signUp = await startApp(twilio);
    twilio.next(connectionRefused(), accepted({ status: 'accepted' }));
    await expect(signUp.start(PHONE)).resolves.toBeDefined();
    expect(twilio.sent.map(({ outcome }) => outcome.kind)).toEqual(['connectionRefused', 'accepted']);
  });
});

describe('Nothing leaves the process', () => {
  const network = (): string[] =>
    process.getActiveResourcesInfo().filter((kind) => /TCP|TLS|UDP|Pipe|GetAddrInfo/.test(kind));
  const connections: unknown[] = [];
  const onSocket = (connection: unknown): void => void connections.push(connection);
  beforeEach(() => {
    connections.length = 0;
    subscribe('net.client.socket', onSocket);
  });
  afterEach(() => void unsubscribe('net.client.socket', onSocket));

  it('when an app is started, sends, fails, asks for a status and is closed', async () => {
    const before = network();
    const started = await start([SmsTestingModule.forRoot()]);
    const signUp = started.get(SignUp);
    const testing = started.get(SmsTesting);
    await signUp.delivery(await signUp.start(PHONE));
    for (const outcome of [rejected(400, 21211), noAnswer(), connectionRefused(), rejected(503)]) {
      testing.twilio.next(outcome);
      await expect(signUp.start('+12025550124')).rejects.toThrow();
      testing.clock.advance(60_000);
    }
    expect(network()).toEqual(before);
    expect(started.get(SmsStorage)).toBeUndefined();
    await started.close();
    expect(connections).toEqual([]);
  });

  it('which would be noticed', async () => {
    const socket = connect(1, '127.0.0.1').on('error', () => undefined);
    socket.destroy();
    expect(connections).toHaveLength(1);
  });
});
