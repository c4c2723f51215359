import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { SmsService, type SmsError } from '@app/sms';
import {
  accepted,
  connectionRefused,
  noAnswer,
  RecordingTwilioClient,
  rejected,
  SmsTesting,
  SmsTestingModule,
  type TwilioOutcome,
} from '@app/sms/testing';
import { TwilioSimulator, type Fault } from '@app/twilio-simulator';
import { LoggedErrors, SmsHost } from '../../../../test/support/sms-host.js';
import { newPhone } from '../../../../test/support/stores.js';

async function errorOf(sms: SmsService): Promise<object | undefined> {
  try {
    await sms.sendVerificationCodeSms(newPhone(), '483915');
    return undefined;
  } catch (error) {
    const { name, message } = error as SmsError;
    // Nothing that Twilio has not answered has an id of Twilio's.
    return { ...(error as SmsError), name, message, twilioRequestId: undefined };
  }
}

describe('A scripted outcome', () => {
  let simulator: TwilioSimulator;
  let host: SmsHost;
  let unreachable: SmsHost;
  let app: TestingModule;
  beforeAll(async () => {
    simulator = await TwilioSimulator.start();
    host = await SmsHost.start(simulator, { twilio: { maxAttempts: 1 } });
    unreachable = await SmsHost.start(simulator, {
      twilio: { maxAttempts: 1, baseUrl: 'http://127.0.0.1:1' },
    });
    const imports = [SmsTestingModule.forRoot()];
    app = await Test.createTestingModule({ imports }).setLogger(new LoggedErrors()).compile();
    await app.init();
  });
  afterAll(async () => {
    for (const started of [host, unreachable, app, simulator]) await started.close();
  });

  const status = (httpStatus: number, code: number, headers?: Record<string, string>): Fault => ({
    kind: 'status',
    status: httpStatus,
    code,
    headers,
  });

  it.each<[string, TwilioOutcome, Fault]>([
    ['a number that does not exist', rejected(400, 21211), status(400, 21211)],
    ['a number that is not mobile', rejected(400, 21614), status(400, 21614)],
    ['a person who has opted out', rejected(400, 21610), status(400, 21610)],
    ['a code of Twilio that is not known', rejected(400, 29999), status(400, 29999)],
    ['wrong credentials', rejected(401, 20003), status(401, 20003)],
    ['too many requests', rejected(429, 20429), status(429, 20429)],
    [
      'too many requests, and the time to wait',
      rejected(429, 20429, { retryAfterSeconds: 7 }),
      status(429, 20429, { 'retry-after': '7' }),
    ],
    ['a fault of Twilio', rejected(500, 20500), status(500, 20500)],
    ['no answer', noAnswer(), { kind: 'reset', accepted: true }],
    [
      'a message that has failed at once',
      accepted({ status: 'failed', errorCode: 30003 }),
      { kind: 'messageStatus', status: 'failed', errorCode: 30003 },
    ],
  ])('is the error that Twilio causes: %s', async (_, outcome, fault) => {
    simulator.faults.next(fault);
    const real = await errorOf(host.sms);
    app.get(SmsTesting).twilio.next(outcome);
    expect(real).toBeDefined();
    expect(await errorOf(app.get(SmsService))).toEqual(real);
  });

  it('is the error that Twilio causes: it cannot be reached', async () => {
    const real = await errorOf(unreachable.sms);
    app.get(SmsTesting).twilio.next(connectionRefused());
    expect(real).toMatchObject({ code: 'SMS_CONNECTION_FAILED', mayArrive: false });
    expect(await errorOf(app.get(SmsService))).toEqual(real);
  });

  it('is one that Twilio can give', () => {
    expect(() => rejected(200)).toThrow('an HTTP status from 400 to 599, for example rejected(400, 21211)');
  });
});

describe('The recording client', () => {
  const to = '+12025550123';
  const send = (client: RecordingTwilioClient, body: string) => client.messages.create({ to, body });

  it.each([
    ['Your code is %s', 'Your code is 123456', '123456'],
    ['%s is your code, good for 10 minutes', '4821 is your code, good for 10 minutes', '4821'],
    ['%sis it, 100%%', 'ABC123is it, 100%', 'ABC123'],
    ['Room 1234, code %s, call 5678', 'Room 1234, code 9012, call 5678', '9012'],
  ])('finds the code where the template has it: %s', async (template, body, code) => {
    const client = new RecordingTwilioClient({ template });
    await send(client, body);
    expect(client.lastCodeFor(to)).toBe(code);
  });

  it('finds the code of a text with lines for phones and browsers', async () => {
    const client = new RecordingTwilioClient({ webOrigin: 'example.com', androidAppHash: 'FA+9qCX9VSu' });
    await send(client, 'Your verification code is: 123456\nFA+9qCX9VSu\n@example.com #123456');
    expect(client.lastCodeFor(to)).toBe('123456');
  });

  it('records a message of the host app that is no code', async () => {
    const client = new RecordingTwilioClient();
    await send(client, 'Your parcel has arrived');
    expect(client.sent).toMatchObject([{ to, body: 'Your parcel has arrived', code: undefined }]);
  });

  it('answers as it was told, and then as before', async () => {
    const client = new RecordingTwilioClient();
    const sid = `SM${'1'.repeat(32)}`;
    client.next(accepted({ sid, status: 'accepted' }));
    expect(await send(client, 'one')).toMatchObject({ sid, status: 'accepted' });
    expect(await send(client, 'two')).toMatchObject({ status: 'queued' });
    expect(await client.messages(sid).fetch()).toMatchObject({ sid, status: 'accepted', errorCode: null });
  });
});
