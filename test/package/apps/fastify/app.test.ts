import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Test } from '@nestjs/testing';
import { RateLimitStore, SmsService, TwilioClient } from '@xiaozhi/sms';
import { ManualClock, MemoryRateLimitStore, RecordingTwilioClient, rejected } from '@xiaozhi/sms/testing';
import { AppModule } from './app.module.js';

void test('The doubles of the package take the place of Twilio and of the store', async () => {
  const clock = new ManualClock();
  const twilio = new RecordingTwilioClient();
  const app = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(TwilioClient)
    .useValue(twilio)
    .overrideProvider(RateLimitStore)
    .useValue(new MemoryRateLimitStore(clock))
    .compile();
  await app.init();
  const sms = app.get(SmsService, { strict: false });
  await sms.sendVerificationCodeSms('+12025550123', '123456');
  assert.equal(twilio.lastCodeFor('+1 202 555 0123'), '123456');
  await assert.rejects(sms.sendVerificationCodeSms('+12025550123', '654321'), {
    code: 'SMS_SEND_TOO_FREQUENTLY',
  });
  clock.advance(60_000);
  twilio.next(rejected(400, 21211));
  await assert.rejects(sms.sendVerificationCodeSms('+12025550123', '654321'), { reason: 'invalid_number' });
  await app.close();
});
