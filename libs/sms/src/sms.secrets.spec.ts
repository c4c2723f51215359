import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { CODE, SmsHost, type SmsHostOptions } from '../../../test/support/sms-host.js';
import { newPhone, redisUrl, TEST_SECRET } from '../../../test/support/stores.js';
import { PhoneNumber } from './phone/phone-number.js';
import { RateLimitStore } from './rate-limit/rate-limit.store.js';
import { SmsError } from './sms.errors.js';
import { SmsModule } from './sms.module.js';
import { SmsSettings } from './sms.settings.js';
import { SmsStorage } from './storage/storage.js';
import { TwilioClient } from './twilio/twilio.client.js';
import { TwilioTransport } from './twilio/twilio.transport.js';

let simulator: TwilioSimulator;
beforeAll(async () => {
  simulator = await TwilioSimulator.start({ authToken: 'canary-auth-token' });
});
afterAll(() => simulator.close());

const hosts: SmsHost[] = [];
afterEach(async () => {
  simulator.faults.clear();
  for (const host of hosts.splice(0)) await host.close();
});

async function startHost(options: SmsHostOptions = {}): Promise<SmsHost> {
  const host = await SmsHost.start(simulator, options);
  hosts.push(host);
  return host;
}

async function errorOf(sending: Promise<unknown>): Promise<unknown> {
  return sending.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('Nothing that can be printed', () => {
  const PHONE = '+12025550147';

  /** What a careless log line could make of it. */
  function printed(value: unknown): string {
    const plain = inspect(value, {
      depth: 20,
      showHidden: true,
      maxStringLength: Infinity,
      maxArrayLength: Infinity,
    });
    return [plain, json(value), String((value as Error).stack)].join('\n');
  }

  function json(value: unknown): string {
    try {
      return JSON.stringify(value) ?? '';
    } catch (error) {
      return String(error); // refers to itself
    }
  }

  async function expectNoSecrets(values: Record<string, unknown>, phone: string): Promise<void> {
    const secrets = [
      simulator.authToken,
      Buffer.from(`${simulator.accountSid}:${simulator.authToken}`).toString('base64'),
      'canary',
      TEST_SECRET,
      CODE,
      phone.slice(1),
    ];
    for (const [name, value] of Object.entries(values)) {
      const text = printed(value);
      for (const secret of secrets) {
        const at = text.indexOf(secret);
        expect({ name, found: at < 0 ? '' : text.slice(Math.max(0, at - 200), at + 50) }).toEqual({
          name,
          found: '',
        });
      }
    }
  }

  it.each(['embedded', 'Redis'])(
    'holds a credential, a code or a whole number, with the %s store',
    async (store) => {
      const withPassword = redisUrl().replace('redis://', 'redis://default:canary-redis-password@');
      const { app, sms } = await startHost(store === 'Redis' ? { redisUrl: withPassword } : {});
      const phone = newPhone();
      const receipt = await sms.sendVerificationCodeSms(phone, CODE);
      const refusal = await errorOf(sms.sendVerificationCodeSms(phone, CODE));
      expect(refusal).toBeInstanceOf(SmsError);

      const other = PhoneNumber.parse(newPhone());
      const reservation = await sms.reserve(other);
      simulator.faults.always({ kind: 'delay', ms: 200 });
      const sending = sms.deliver(reservation, CODE);
      const provided = {
        service: sms,
        client: app.get(TwilioClient),
        messages: app.get<TwilioClient>(TwilioClient).messages,
        limits: app.get(RateLimitStore),
        storage: app.get(SmsStorage),
        settings: app.get(SmsSettings),
        transport: app.get(TwilioTransport),
        module: app.get(SmsModule),
        reservation,
        phone: other,
        refusal,
      };
      await expectNoSecrets(provided, other.e164); // while the send is under way
      await sending;
      await expectNoSecrets(provided, phone);
      expect(receipt.to).toBe(phone); // the caller's own
    },
  );

  it.each([
    ['a wrong code', PHONE, '12'],
    ['a phone without a plus', PHONE.slice(1), CODE],
    ['a phone that is not served', '+44 70 1234 5678', CODE],
  ])('holds what was entered: %s', async (_, phone, code) => {
    const { sms } = await startHost();
    const error = await errorOf(sms.sendVerificationCodeSms(phone, code));
    await expectNoSecrets({ error }, phone.replaceAll(' ', ''));
  });

  it.each([
    ['refuses', { kind: 'status', status: 400, code: 21211, message: `canary ${PHONE}` }],
    ['does not know the credentials', { kind: 'status', status: 401, code: 20003 }],
    ['repeats the request in its answer', { kind: 'status', status: 502, body: 'canary' }],
    ['resets the connection', { kind: 'reset', accepted: true }],
    ['cuts its answer off', { kind: 'truncate' }],
    ['says that the message failed', { kind: 'messageStatus', status: 'failed' }],
  ] as const)('is in the error when Twilio %s', async (_, fault) => {
    const { sms } = await startHost({ twilio: { maxAttempts: 1 } });
    simulator.faults.always(fault);
    const phone = newPhone();
    const error = await errorOf(sms.sendVerificationCodeSms(phone, CODE));
    expect(error).toBeInstanceOf(SmsError);
    await expectNoSecrets({ error }, phone);
  });

  it('is in the error when another client fails with its request attached', async () => {
    const { app, sms } = await startHost();
    const failure = Object.assign(new Error(`canary ${PHONE}`), {
      isAxiosError: true,
      config: { headers: { Authorization: 'Basic canary' }, data: CODE },
    });
    jest.spyOn(app.get<TwilioClient>(TwilioClient).messages, 'create').mockRejectedValue(failure);
    const error = await errorOf(sms.sendVerificationCodeSms(PHONE, CODE));
    expect(error).toBeInstanceOf(SmsError);
    await expectNoSecrets({ error }, PHONE);
  });

  it('is in the error when the store fails with its command attached', async () => {
    const { sms } = await startHost({ redisUrl: 'redis://default:canary@127.0.0.1:1' });
    const error = await errorOf(sms.sendVerificationCodeSms(PHONE, CODE));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', fault: expect.any(String) });
    await expectNoSecrets({ error }, PHONE);
  });
});
