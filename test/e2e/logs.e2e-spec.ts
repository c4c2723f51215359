import { rm } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TwilioSimulator, type Fault } from '@app/twilio-simulator';
import { apiEnvironment, codeFor, STORES, wrongCode } from '../support/api.js';
import { ApiProcess } from '../support/process.js';
import { newPhone, redisUrl, temporaryFolder, TEST_SECRET } from '../support/stores.js';

const PASSWORD = 'canary-password-0123456789';

const FAULTS: readonly Fault[] = [
  { kind: 'status', status: 500, accepted: true },
  { kind: 'status', status: 401, code: 20003 },
  { kind: 'status', status: 400, code: 21211, message: 'Invalid phone number' },
  { kind: 'reset', accepted: true },
  { kind: 'truncate' },
  { kind: 'hang', accepted: true },
];

let simulator: TwilioSimulator;
let folder: string;
let redis: Redis;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  folder = await temporaryFolder();
  redis = new Redis(redisUrl());
  await redis.acl('SETUSER', 'canary', 'on', `>${PASSWORD}`, '~*', '&*', '+@all');
});
afterAll(async () => {
  await redis.acl('DELUSER', 'canary');
  await redis.quit();
  await simulator.close();
  await rm(folder, { recursive: true });
});

it.each(STORES)(
  'no line that the API prints holds a code, a credential or a full number, whatever goes wrong (%s)',
  async (store) => {
    const secret = TEST_SECRET;
    const environment = await apiEnvironment(simulator, store, {
      LOG_LEVEL: 'trace',
      DEBUG: '*',
      SERVER_SECRET: secret,
      ...(store === 'redis' && { REDIS_URL: withPassword(redisUrl()) }),
      TWILIO_SMS_TIMEOUT_MS: '1000',
    });
    const api = await ApiProcess.start(environment, folder);
    const secrets = [secret, PASSWORD, simulator.authToken, `${simulator.accountSid}:${simulator.authToken}`];
    try {
      for (const fault of [undefined, ...FAULTS]) {
        const phone = newPhone();
        if (fault) simulator.faults.always(fault);
        const { body } = await api.send(phone);
        simulator.faults.clear();
        secrets.push(phone, phone.slice(1));
        if (typeof body.id !== 'string') continue;
        const code = codeFor(simulator, phone);
        secrets.push(code);
        await api.check(body.id, wrongCode(code));
        await api.check(body.id, code);
        await api.send(phone);
      }
      await api.get(`/v1/verifications?phone=${encodeURIComponent(secrets[4])}`);
    } finally {
      await api.stop();
      if (environment.DATA_PATH) await rm(environment.DATA_PATH, { recursive: true });
    }
    const output = api.output();
    const events = eventsIn(output);
    const outcomes = new Set(events.flatMap(({ outcome }) => (outcome ? [outcome] : [])));
    expect(outcomes).toEqual(
      new Set([
        'sent',
        'approved',
        'SMS_CODE_ERROR',
        'SMS_SEND_FAILED',
        'SMS_CONNECTION_FAILED',
        'SMS_SEND_TOO_FREQUENTLY',
      ]),
    );
    for (const { event, requestId, durationMs, phone } of events) {
      if (!event?.startsWith('verification.')) continue;
      expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
      expect(phone).toMatch(/^\+8613\*{7}\d\d$/);
      expect(durationMs).toEqual(expect.any(Number));
    }
    for (const value of secrets) {
      for (const form of [
        value,
        Buffer.from(value).toString('base64').replace(/=+$/, ''),
        encodeURIComponent(value),
      ]) {
        expect(output.includes(form)).toBe(false);
      }
    }
  },
);

it('the log warns once of a proxy that is not trusted, and has an error when the cap of all sends is reached', async () => {
  const environment = await apiEnvironment(simulator, 'embedded', {
    LOG_LEVEL: 'info',
    SERVER_SMS_MAX_SENDS_TOTAL: '1',
  });
  const api = await ApiProcess.start(environment, folder);
  try {
    const forwarded = { 'x-forwarded-for': '198.51.100.1' };
    expect(await api.send(newPhone(), {}, forwarded)).toMatchObject({ status: 201 });
    expect(await api.send(newPhone(), {}, forwarded)).toMatchObject({ status: 429 });
  } finally {
    await api.stop();
    await rm(environment.DATA_PATH, { recursive: true });
  }
  const events = eventsIn(api.output());
  expect(events.filter(({ event }) => event === 'caller.proxy_not_trusted')).toEqual([
    expect.objectContaining({ level: 'warn', warning: expect.stringContaining('server.trust_proxy') }),
  ]);
  expect(events.filter(({ outcome }) => outcome === 'TODAY_SMS_LIMIT_REACHED')).toEqual([
    expect.objectContaining({ level: 'error', event: 'verification.send', limit: 'total' }),
  ]);
  expect(api.output()).not.toContain('198.51.100.1');
});

function eventsIn(output: string): LogLine[] {
  return output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));
}

/** A Redis without users takes any name and no password; this one has a user with a password. */
function withPassword(url: string): string {
  const target = new URL(url);
  target.username = 'canary';
  target.password = PASSWORD;
  return target.toString();
}

interface LogLine {
  event?: string;
  outcome?: string;
  requestId?: string;
  durationMs?: number;
  phone?: string;
}
