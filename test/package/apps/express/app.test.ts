import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Test } from '@nestjs/testing';
import { RateLimitStore, SmsOptionsError, SmsModule, SmsService, TwilioClient } from '@xiaozhi/sms';
import { AppModule } from './app.module.js';

void test('With both tokens overridden, neither Twilio nor Redis is asked', async () => {
  const created: object[] = [];
  const create = async (message: object): Promise<object> => {
    created.push(message);
    return { sid: 'SM1', status: 'queued' };
  };
  const answers = [{ granted: true }, { granted: false, rule: 'cooldown', waitMs: 1_000 }];
  const app = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(TwilioClient)
    .useValue({ messages: { create } })
    .overrideProvider(RateLimitStore)
    .useValue({ reserve: async () => answers.shift(), keep: async () => undefined })
    .compile();
  await app.init();
  const send = (): Promise<object> => app.get(SmsService).sendVerificationCodeSms('+12025550123', '123456');
  assert.deepEqual(await send(), { sid: 'SM1', status: 'queued', to: '+12025550123', segments: 1 });
  await assert.rejects(send(), { code: 'SMS_SEND_TOO_FREQUENTLY', retryAfterSeconds: 1 });
  assert.equal(created.length, 1);
  await app.close();
});

void test('What is wrong with the options is one error, with all of it', async () => {
  const options = {
    twilio: { accountSid: `AC${'0'.repeat(32)}`, phoneNumber: '+12025550123', timeoutMs: 5, timeout: 5 },
    storage: { secret: 'short' },
  };
  const boot = Test.createTestingModule({ imports: [SmsModule.forRoot(options)] }).compile();
  await assert.rejects(boot, (error) => {
    assert.ok(error instanceof SmsOptionsError);
    const [unknown, token, time, secret, ...others] = error.faults;
    assert.match(unknown, /^twilio\.timeout is not an option; there are accountSid, .*timeoutMs/);
    assert.match(token, /^twilio\.authToken must be the auth token .*twilio\.apiKey/);
    assert.equal(time, 'twilio.timeoutMs must be a whole number from 1000 to 30000');
    assert.match(secret, /^storage\.secret must have at least 32 bytes, for example the output of: openssl/);
    assert.deepEqual(others, []);
    return true;
  });
});
