import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { codeFor } from '../support/api.js';
import { DEMO_ADDRESSES } from '../support/demo.js';
import { ApiProcess, runApi } from '../support/process.js';
import { newPhone, redisUrl, temporaryFolder, TEST_SECRET } from '../support/stores.js';

const CREDENTIALS = ['twilio.sms.account_sid', 'twilio.sms.auth_token', 'twilio.sms.phone_number'];

let simulator: TwilioSimulator;
let folder: string;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

/** Sends, checks, and tries both again. */
async function verifyAPhone(api: ApiProcess): Promise<void> {
  const phone = newPhone();
  const { status, body } = await api.send(phone);
  expect(status).toBe(201);
  const id = String(body.id);
  expect(await api.check(id, codeFor(simulator, phone))).toMatchObject({
    status: 200,
    body: { status: 'approved' },
  });
  expect(await api.check(id, codeFor(simulator, phone))).toMatchObject({
    status: 410,
    body: { reason: 'used' },
  });
  expect(await api.send(phone)).toMatchObject({ status: 429, retryAfter: '60' });
}

describe('The API as an operator starts it', () => {
  it('in production without credentials stops with 78 and names everything that is missing', async () => {
    const { exitCode, output } = await runApi({ NODE_ENV: 'production' }, folder);
    expect(exitCode).toBe(78);
    for (const name of [...CREDENTIALS, 'server.secret']) expect(output).toContain(name);
  });

  it.each(['stream', 'net,HTTP', '*'])(
    'with NODE_DEBUG=%s, which prints what requests hold, stops with 78 and names it',
    async (sections) => {
      const { exitCode, output } = await runApi({ NODE_DEBUG: sections }, folder);
      expect(exitCode).toBe(78);
      expect(output).toMatch(/^NODE_DEBUG {2}.*prints what requests hold/m);
    },
  );

  it('in production with credentials and Redis verifies a phone', async () => {
    const api = await ApiProcess.start(
      {
        NODE_ENV: 'production',
        TWILIO_SMS_ACCOUNT_SID: simulator.accountSid,
        TWILIO_SMS_AUTH_TOKEN: simulator.authToken,
        TWILIO_SMS_PHONE_NUMBER: simulator.phoneNumber,
        TWILIO_SMS_BASE_URL: simulator.url,
        SERVER_ENABLE_MOBILE_REGISTER: 'true',
        SERVER_SECRET: TEST_SECRET,
        REDIS_URL: redisUrl(),
        // All tests call from one address.
        SERVER_SMS_MAX_SENDS_PER_SOURCE: '1000000',
        SERVER_SMS_MAX_FAILED_CHECKS_PER_SOURCE: '1000000',
      },
      folder,
    );
    try {
      await verifyAPhone(api);
      for (const address of DEMO_ADDRESSES) {
        expect({ address, status: (await api.get(address)).status }).toEqual({ address, status: 404 });
      }
      expect((await fetch(`${api.url}/docs`)).status).toBe(200);
      await expect(stat(join(folder, 'data'))).rejects.toThrow('ENOENT');
    } finally {
      expect(await api.stop()).toBe(0);
    }
  });

  it('works with the lines of the manual in .env, with real values in them', async () => {
    const lines = [
      `twilio.sms.account_sid = ${simulator.accountSid}`,
      `twilio.sms.auth_token = ${simulator.authToken}`,
      `twilio.sms.phone_number = ${simulator.phoneNumber}`,
      'twilio.sms.template_message = Your verification code is: %s',
      'server.sms_max_send_count = 10',
      'server.enable_mobile_register = true',
      `twilio.sms.base_url = ${simulator.url}`,
    ];
    await writeFile(join(folder, '.env'), lines.join('\n'));
    const api = await ApiProcess.start({}, folder);
    try {
      await verifyAPhone(api);
    } finally {
      await api.stop();
    }
  });

  it('reports each placeholder of the manual by name, and no value', async () => {
    const lines = [
      'twilio.sms.account_sid=your_account_sid',
      'twilio.sms.auth_token=your_auth_token',
      'twilio.sms.phone_number=your_twilio_phone_number',
    ];
    await writeFile(join(folder, '.env'), lines.join('\n'));
    const { exitCode, output } = await runApi({}, folder);
    expect(exitCode).toBe(78);
    for (const name of CREDENTIALS) expect(output).toContain(name);
    expect(output).not.toContain('your_auth_token');
  });

  it('without any credentials is a demo on loopback that shows its inbox, and remembers limits', async () => {
    let api = await ApiProcess.start({}, folder);
    const phone = newPhone();
    try {
      expect(new URL(api.url).hostname).toBe('127.0.0.1');
      const { body } = await api.send(phone);
      const latest = await fetch(`${api.url}/inbox/messages/latest?to=${encodeURIComponent(phone)}&wait=5`);
      const { code } = (await latest.json()) as { code: string };
      expect(await api.check(String(body.id), code)).toMatchObject({ status: 200 });
      expect(await (await fetch(`${api.url}/inbox`)).text()).toContain(phone);
      for (const file of ['data/limits.mdb', 'data/secret']) {
        expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
      }
      expect(await api.stop()).toBe(0);
      api = await ApiProcess.start({}, folder);
      expect(await api.send(phone)).toMatchObject({ status: 429 });
    } finally {
      await api.stop();
    }
  });

  it('with a Redis that cannot be reached starts, is not ready, and takes no other store', async () => {
    const api = await ApiProcess.start(
      { REDIS_URL: 'redis://127.0.0.1:1', SERVER_SECRET: TEST_SECRET },
      folder,
    );
    try {
      expect((await api.get('/livez')).status).toBe(200);
      expect((await api.get('/readyz')).status).toBe(503);
      expect(await api.send(newPhone())).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });
      await expect(stat(join(folder, 'data'))).rejects.toThrow('ENOENT');
    } finally {
      await api.stop();
    }
  });

  it('with a secret that does not open its store stops with one clear line', async () => {
    const first = await ApiProcess.start({ SERVER_SECRET: 'a'.repeat(32) }, folder);
    await first.stop();
    const { exitCode, output } = await runApi({ SERVER_SECRET: 'b'.repeat(32), PORT: '0' }, folder);
    expect(exitCode).toBe(78);
    expect(output).toContain('server.secret=new,old');
    const rotated = await ApiProcess.start({ SERVER_SECRET: `${'b'.repeat(32)},${'a'.repeat(32)}` }, folder);
    expect(await rotated.stop()).toBe(0);
    const afterwards = await ApiProcess.start({ SERVER_SECRET: 'b'.repeat(32) }, folder);
    expect(await afterwards.stop()).toBe(0);
  });

  it('with a data file that was cut off stops with one clear line', async () => {
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'data/limits.mdb'), 'cut off');
    const { exitCode, output } = await runApi({ PORT: '0' }, folder);
    expect(exitCode).toBe(1);
    expect(output).toContain('damaged');
  });
});
