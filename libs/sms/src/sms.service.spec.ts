import { beforeEach, describe, expect, it } from '@jest/globals';
import { captureLog, type LogEvent } from '../../../test/support/log.js';
import type { RateLimitStore } from './rate-limit/rate-limit.store.js';
import type { SmsEventBus } from './sms.events.js';
import type { MessageOptions } from './sms.options.js';
import { resolveSmsOptions } from './sms.settings.js';
import { SmsService } from './sms.service.js';
import type { TwilioClient } from './twilio/twilio.client.js';

const events: LogEvent[] = captureLog();
beforeEach(() => void events.splice(0));

/** What is logged when the service is made; nothing is asked of Twilio or of the store for it. */
function loggedWith(message: MessageOptions): LogEvent[] {
  const settings = resolveSmsOptions({
    twilio: {
      accountSid: 'AC0123456789abcdef0123456789abcdef',
      authToken: 'token',
      phoneNumber: '+12025550123',
    },
    message,
    storage: { secret: 'a secret of the tests with 32 bytes' },
  });
  new SmsService({} as TwilioClient, {} as RateLimitStore, settings, {} as SmsEventBus);
  return events;
}

describe('At the start, the service', () => {
  it('tells in one line what each code costs', () => {
    expect(loggedWith({ codeLength: 8, webOrigin: 'example.com' })).toEqual([
      {
        level: 'log',
        event: 'sms.template',
        codeLength: 8,
        encoding: 'GSM-7',
        segmentsPerCode: 1,
        charactersOutsideGsm7: [],
        webOriginLine: true,
        androidHashLine: false,
      },
    ]);
  });

  it('warns of characters that leave less room, and names them', () => {
    expect(loggedWith({ template: '您的验证码：%s' })).toMatchObject([
      { level: 'log', event: 'sms.template', encoding: 'UCS-2', segmentsPerCode: 1 },
      {
        level: 'warn',
        event: 'sms.template_not_gsm7',
        charactersOutsideGsm7: ['您', '的', '验', '证', '码', '：'],
      },
    ]);
  });

  it('warns of a message that is billed more than once', () => {
    expect(loggedWith({ template: `${'a'.repeat(160)}%s` })).toMatchObject([
      { level: 'log', event: 'sms.template', segmentsPerCode: 2 },
      {
        level: 'warn',
        event: 'sms.template_long',
        segmentsPerCode: 2,
        consequence: expect.stringContaining('2 times the price'),
      },
    ]);
  });
});
