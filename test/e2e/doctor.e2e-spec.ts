import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '@app/sms';
import { EmbeddedStorage, RedisStorage } from '@app/sms/internals';
import { ManualClock, TwilioSimulator } from '@app/twilio-simulator';
import { freePort } from '../../scripts/redis.mjs';
import { apiEnvironment, startApi, type RunningApi, type StoreKind } from '../support/api.js';
import { blocksRunIn } from '../support/documents.js';
import { examineWith, reportOf, runDoctorProcess, type Examined } from '../support/doctor.js';
import { RedisServer } from '../support/redis-server.js';
import { userOfReadme } from '../support/redis-user.js';
import { temporaryFolder, TEST_SECRET } from '../support/stores.js';

const PHONE = '+447400123456';
const STEP_MS = 700;
const API_KEY = { sid: `SK${'0'.repeat(32)}`, secret: 'the-secret-of-the-api-key' };
const SERVICE = `MG${'a'.repeat(32)}`;
/** As the README asks for it. */
const SOUND_REDIS = ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'];

let clock: ManualClock;
let simulator: TwilioSimulator;
let redis: RedisServer;
let folder: string;
let api: RunningApi | undefined;

beforeAll(async () => {
  clock = new ManualClock();
  [simulator, redis] = await Promise.all([
    TwilioSimulator.start({ clock, delivery: { stepMs: STEP_MS }, apiKey: API_KEY }),
    RedisServer.start(SOUND_REDIS),
  ]);
});
afterAll(() => Promise.all([simulator.close(), redis.stop()]));
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await api?.close();
  api = undefined;
  Object.assign(simulator.conditions, {
    status: 'active',
    type: 'Full',
    senderHasSms: true,
    closedRegions: [],
    servicesHaveSenders: true,
  });
  await rm(folder, { recursive: true });
});

/** With a folder of the test's own. */
function sound(store: StoreKind, overrides: Record<string, string> = {}): Promise<Record<string, string>> {
  const place: Record<string, string> =
    store === 'redis' ? { REDIS_URL: redis.url } : { DATA_PATH: join(folder, 'data') };
  return apiEnvironment(simulator, store, { ...place, ...overrides });
}

/** Time passes as it is waited for. */
async function sleep(milliseconds: number): Promise<void> {
  clock.advance(milliseconds);
}

/** No secret and no whole phone number. */
function expectNothingSecret(examined: Examined): void {
  const said = [...examined.lines, examined.aside].join('\n');
  for (const secret of [simulator.authToken, simulator.phoneNumber, TEST_SECRET, API_KEY.secret, PHONE]) {
    expect(said).not.toContain(secret);
  }
}

describe('A sound set-up', () => {
  it.each<StoreKind>(['redis', 'embedded'])(
    'on the %s store is all green without asking anybody',
    async (store) => {
      const asked = simulator.requests.length;
      const examined = await examineWith(await sound(store));
      expect(examined.exitCode).toBe(0);
      expect(examined.lines.filter((line) => /^(warn|FAIL|look here) /.test(line))).toEqual([]);
      expect(examined.of('pass').length).toBeGreaterThanOrEqual(7);
      expect(simulator.requests).toHaveLength(asked);
      expectNothingSecret(examined);
    },
  );

  it('passes what Twilio can tell, and leaves what it cannot tell to a person', async () => {
    const examined = await examineWith(await sound('embedded'), ['--live']);
    expect(examined.exitCode).toBe(0);
    expect(examined.of('pass').join('\n')).toMatch(/twilio account .*active[^]*twilio sender .*can send SMS/);
    const left = examined.of('look here');
    expect(left.map((line) => line.slice('look here'.length).trim().split(/ {2,}/)[0])).toEqual([
      'geo permissions',
      'registration',
      'limits at twilio',
    ]);
    for (const line of left) expect(line).toContain('https://console.twilio.com/');
    expectNothingSecret(examined);
  });

  it('with a Messaging Service passes when that has senders', async () => {
    const environment = await sound('embedded', { TWILIO_SMS_MESSAGING_SERVICE_SID: SERVICE });
    expect((await examineWith(environment, ['--live'])).of('pass').join('\n')).toMatch(
      /twilio sender .*Messaging Service is there, and has senders/,
    );
    simulator.conditions.servicesHaveSenders = false;
    const examined = await examineWith(environment, ['--live']);
    expect(examined.of('FAIL')).toEqual([
      expect.stringMatching(/twilio sender .*no senders.* -> Add a number/),
    ]);
  });

  it('with an API key alone has the status of its account looked up by a person', async () => {
    const { TWILIO_SMS_AUTH_TOKEN: _, ...environment } = await sound('embedded', {
      TWILIO_SMS_API_KEY_SID: API_KEY.sid,
      TWILIO_SMS_API_KEY_SECRET: API_KEY.secret,
    });
    const examined = await examineWith(environment, ['--live']);
    expect(examined).toMatchObject({ exitCode: 0 });
    expect(examined.of('look here')[0]).toMatch(/twilio account .*API key may not ask/);
    expect(examined.of('pass').join('\n')).toMatch(/twilio sender .*can send SMS/);
    expectNothingSecret(examined);
  });

  it('with a public URL passes when the service there accepts the signature', async () => {
    const port = await freePort();
    const publicUrl = { PORT: String(port), SERVER_PUBLIC_URL: `http://127.0.0.1:${port}` };
    const environment = await sound('embedded', publicUrl);
    api = await startApi(simulator, 'embedded', { ...publicUrl, DATA_PATH: environment.DATA_PATH });
    const examined = await examineWith(environment, ['--live']);
    expect(examined.exitCode).toBe(0);
    expect(examined.of('pass').join('\n')).toMatch(/webhook .*signature is accepted/);
    // Beside the service, whose file is in use.
    expect(examined.of('pass').join('\n')).toMatch(/data file .*is sound/);
  });

  it('with the rights of the README alone at Redis is all green', async () => {
    const { name, password, rules } = userOfReadme();
    const storage = new RedisStorage(new Secret(redis.url), [new Secret(TEST_SECRET)]);
    await storage.open();
    await storage.client.call('ACL', 'SETUSER', name, ...rules);
    await storage.close();
    const url = redis.url.replace('//', `//${name}:${password}@`);
    const examined = await examineWith(await sound('redis', { REDIS_URL: url }));
    expect({ exitCode: examined.exitCode, failed: examined.of('FAIL') }).toEqual({ exitCode: 0, failed: [] });
    expect(examined.of('pass').join('\n')).toMatch(/redis set-up /);
    expect(examined.lines.join('\n')).not.toContain(password);
  });

  it('of a demo is told that nothing is sent, and nothing is made in its folder', async () => {
    const examined = await examineWith({ DATA_PATH: join(folder, 'data') }, ['--live']);
    expect(examined.exitCode).toBe(0);
    expect(examined.of('warn')).toEqual([expect.stringMatching(/demo mode .*nobody else.* -> Set twilio/)]);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('A broken set-up is named in one line, with the way to mend it', () => {
  /** The one line that failed. */
  async function failureOf(
    environment: Record<string, string>,
    args: readonly string[] = [],
  ): Promise<string> {
    const examined = await examineWith(environment, args, { sleep });
    expectNothingSecret(examined);
    expect({ exitCode: examined.exitCode, failed: examined.of('FAIL') }).toEqual({
      exitCode: 1,
      failed: [expect.any(String)],
    });
    return examined.of('FAIL')[0];
  }

  it('a wrong auth token', async () => {
    const environment = await sound('embedded', { TWILIO_SMS_AUTH_TOKEN: 'f'.repeat(32) });
    expect(await failureOf(environment, ['--live'])).toMatch(
      /twilio account .*does not accept the credentials \(Twilio error 20003\)\. -> Copy .*auth token.*console\.twilio\.com/,
    );
  });

  it('a suspended account', async () => {
    simulator.conditions.status = 'suspended';
    expect(await failureOf(await sound('embedded'), ['--live'])).toMatch(
      /twilio account .*the account is suspended\. -> Settle .*console\.twilio\.com/,
    );
  });

  it('a sender that is not owned', async () => {
    const environment = await sound('embedded', { TWILIO_SMS_PHONE_NUMBER: '+12025550199' });
    expect(await failureOf(environment, ['--live'])).toMatch(
      /twilio sender .*\+1202\*{5}99 is not a number of this account\. -> Set twilio\.sms\.phone_number .*console/,
    );
  });

  it('a sender without SMS', async () => {
    simulator.conditions.senderHasSms = false;
    expect(await failureOf(await sound('embedded'), ['--live'])).toMatch(
      /twilio sender .*cannot send SMS\. -> Set twilio\.sms\.phone_number .*console/,
    );
  });

  it('geo permissions that are off, by a real message', async () => {
    simulator.conditions.closedRegions = ['+44'];
    expect(await failureOf(await sound('embedded'), ['--send-to', PHONE])).toMatch(
      /test message .*may not send to this country .*21408\)\. -> Switch the country on: .*geo-permissions/,
    );
  });

  it.each([
    ['SK', 'an API key: it belongs into twilio.sms.api_key_sid'],
    ['MG', 'a Messaging Service: it belongs into twilio.sms.messaging_service_sid'],
  ])('an account SID of the wrong kind: %s', async (kind, what) => {
    const environment = await sound('embedded', { TWILIO_SMS_ACCOUNT_SID: `${kind}${'0'.repeat(32)}` });
    const line = await failureOf(environment, ['--live']);
    expect(line).toContain(
      `twilio.sms.account_sid: must be AC and 32 hexadecimal digits; ${kind} is ${what}.`,
    );
    expect(line).toMatch(/ -> Set it to, for example: AC/);
  });

  it('a Redis that is down', async () => {
    const url = `redis://:birdsong@127.0.0.1:${await freePort()}`;
    const line = await failureOf(await sound('redis', { REDIS_URL: url }));
    expect(line).toMatch(/redis .*cannot be reached \(ECONNREFUSED\)\. -> Start Redis/);
    expect(line).not.toContain('birdsong');
  });

  it('a Redis that evicts', async () => {
    const evicting = await RedisServer.start(['--appendonly', 'yes', '--maxmemory-policy', 'allkeys-lru']);
    try {
      expect(await failureOf(await sound('redis', { REDIS_URL: evicting.url }))).toMatch(
        /redis eviction .*forgets limits .*allkeys-lru\)\. -> Set maxmemory-policy noeviction/,
      );
    } finally {
      await evicting.stop();
    }
  });

  it('a data folder that is read-only, by the built command', async () => {
    /** The superuser may write everywhere, unless that right is taken away. */
    const asUser = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];
    const environment = await sound('embedded');
    await mkdir(environment.DATA_PATH, { mode: 0o500 });
    const examined = await runDoctorProcess(environment, folder, ['--json'], asUser);
    const { ok, checks } = reportOf(examined);
    expect({ exitCode: examined.exitCode, ok }).toEqual({ exitCode: 1, ok: false });
    expect(checks.filter(({ result }) => result === 'fail')).toEqual([
      {
        check: 'data folder',
        result: 'fail',
        seen: expect.stringMatching(/data cannot be written to by this user \(EACCES\)/),
        fix: expect.stringContaining('chown'),
      },
    ]);
    expect(await readdir(environment.DATA_PATH)).toEqual([]);
  });

  it('a public URL where another signature is expected', async () => {
    const port = await freePort();
    const publicUrl = { PORT: String(port), SERVER_PUBLIC_URL: `http://127.0.0.1:${port}` };
    api = await startApi(simulator, 'embedded', { ...publicUrl, TWILIO_SMS_AUTH_TOKEN: 'f'.repeat(32) });
    expect(await failureOf(await sound('embedded', publicUrl), ['--live'])).toMatch(
      /webhook .*refuses the signature \(403\).* -> Start it with this twilio\.sms\.auth_token/,
    );
  });

  it('a template with two codes', async () => {
    const environment = await sound('embedded', { TWILIO_SMS_TEMPLATE_MESSAGE: 'Code %s, again %s' });
    expect(await failureOf(environment)).toMatch(
      /twilio\.sms\.template_message: it must contain %s exactly once.*2 times\. -> Set it to, for example: Your verification code is: %s/,
    );
  });

  it('a leftover of Aliyun', async () => {
    const envFile = join(folder, '.env');
    await writeFile(envFile, 'aliyun.sms.access_key_secret=old-secret-of-aliyun\n');
    const examined = await examineWith(await sound('embedded'), [], { envFile });
    expect({ exitCode: examined.exitCode, failed: examined.of('FAIL') }).toEqual({
      exitCode: 1,
      failed: [
        expect.stringMatching(
          /aliyun .*aliyun\.sms\.access_key_secret is left over.* -> Remove it; in its place: twilio\.sms\.auth_token\. .*npm run migrate:aliyun -- FILE/,
        ),
      ],
    });
    expect(examined.lines.join('\n')).not.toContain('old-secret-of-aliyun');
  });

  it('a data file that is damaged, and it is left as it is', async () => {
    const environment = await sound('embedded');
    await mkdir(environment.DATA_PATH);
    const damaged = Buffer.alloc(16_384, 7);
    await writeFile(join(environment.DATA_PATH, 'limits.mdb'), damaged);
    expect(await failureOf(environment)).toMatch(/data file .*is damaged: .* -> Restore it from a backup/);
    expect(await readdir(environment.DATA_PATH)).toEqual(['limits.mdb']);
  });

  it.each<StoreKind>(['redis', 'embedded'])('another secret than that of the %s store', async (store) => {
    const environment = await sound(store);
    const secrets = [new Secret(TEST_SECRET)];
    const storage =
      store === 'redis'
        ? new RedisStorage(new Secret(redis.url), secrets)
        : new EmbeddedStorage(environment.DATA_PATH, secrets);
    await storage.open();
    await storage.close();
    expect((await examineWith(environment)).exitCode).toBe(0);
    expect(
      await failureOf({ ...environment, SERVER_SECRET: 'another-secret-of-at-least-32-bytes-is-this' }),
    ).toMatch(/secret .*set up with another server\.secret.* -> .*server\.secret=new,old/);
  });

  it.each([
    [502, /answers 502, which this service does not\. -> Let the proxy pass POST \/webhooks\/twilio\/status/],
    [301, /sends the caller elsewhere \(301\).* -> Set server\.public_url to the address at the end/],
    [503, /its store is down \(503\)/],
  ])('a public URL that answers %d', async (status, line) => {
    const proxy: Server = createServer((_, response) => response.writeHead(status).end());
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    try {
      const environment = await sound('embedded', { SERVER_PUBLIC_URL: `http://127.0.0.1:${port}` });
      expect(await failureOf(environment, ['--live'])).toMatch(line);
    } finally {
      proxy.close();
    }
  });

  it('a proxy that answers in the place of Twilio', async () => {
    const proxy: Server = createServer((_, response) => response.writeHead(404).end('<h1>Not found</h1>'));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    try {
      const environment = await sound('embedded', { TWILIO_SMS_BASE_URL: `http://127.0.0.1:${port}` });
      expect(await failureOf(environment, ['--live'])).toMatch(
        /twilio account .*gives no answer that can be read\. -> See that twilio\.sms\.base_url is right/,
      );
    } finally {
      proxy.close();
    }
  });

  it('an API key that was taken back, beside an auth token that is right', async () => {
    const environment = await sound('embedded', {
      TWILIO_SMS_API_KEY_SID: API_KEY.sid,
      TWILIO_SMS_API_KEY_SECRET: 'the-secret-of-another-api-key',
    });
    expect(await failureOf(environment, ['--live'])).toMatch(
      /twilio sender .*does not accept the credentials \(Twilio error 20003\)\. -> Copy .*API key/,
    );
  });

  it('a public URL of a wrong format, and Twilio is asked all the same', async () => {
    const environment = await sound('embedded', { SERVER_PUBLIC_URL: 'verify.example.com/path' });
    expect(await failureOf(environment, ['--live'])).toMatch(/configuration .*server\.public_url: must be/);
    const examined = await examineWith(environment, ['--live']);
    expect(examined.of('pass').join('\n')).toMatch(/twilio account .*active[^]*twilio sender .*can send SMS/);
  });

  it('a Twilio that cannot be reached', async () => {
    const environment = await sound('embedded', {
      TWILIO_SMS_BASE_URL: `http://127.0.0.1:${await freePort()}`,
    });
    expect(await failureOf(environment, ['--live'])).toMatch(/twilio account .*cannot be reached from here/);
  });
});

describe('A test message', () => {
  it('is followed to the phone, with a line for each step', async () => {
    const before = simulator.inbox.list().length;
    const examined = await examineWith(await sound('embedded'), ['--send-to', PHONE], { sleep });
    expect(examined.exitCode).toBe(0);
    expect(examined.of('pass').at(-1)).toMatch(/test message .*\+4474\*+56 was delivered/);
    expect(examined.aside).toMatch(/^Test message to \+4474\*+56: accepted, 0 s\n/);
    expect(simulator.inbox.list()).toHaveLength(before + 1);
    expect(simulator.inbox.latest(PHONE)?.body).toMatch(/^This is a test/);
    expectNothingSecret(examined);
  });

  it('that does not arrive fails with the reason of the carrier', async () => {
    const examined = await examineWith(await sound('embedded'), ['--send-to', '+15005550008'], { sleep });
    expect(examined.of('FAIL')).toEqual([
      expect.stringMatching(
        /test message .*unknown or not in service \(Twilio error 30005\)\. -> Try it with/,
      ),
    ]);
  });

  it('that is under way for a minute is left to a person', async () => {
    const examined = await examineWith(await sound('embedded'), ['--send-to', PHONE]); // time stands still
    expect(examined.exitCode).toBe(0);
    expect(examined.of('look here').at(-1)).toMatch(/test message .*after 60 seconds\. -> Look at it/);
  });

  it('of a trial account to a phone that is not verified says where to verify it', async () => {
    simulator.conditions.type = 'Trial';
    const examined = await examineWith(await sound('embedded'), ['--send-to', PHONE], { sleep });
    expect(examined.of('warn')).toEqual([expect.stringMatching(/twilio trial .*verified phones/)]);
    expect(examined.of('FAIL')).toEqual([
      expect.stringMatching(/test message .*21608\).* -> Verify the phone/),
    ]);
  });

  it('is not sent with credentials that are refused', async () => {
    const before = simulator.inbox.list().length;
    const environment = await sound('embedded', { TWILIO_SMS_AUTH_TOKEN: 'f'.repeat(32) });
    const examined = await examineWith(environment, ['--send-to', PHONE], { sleep });
    expect(examined.of('FAIL').at(-1)).toMatch(/test message .*Nothing was sent/);
    expect(simulator.inbox.list()).toHaveLength(before);
  });

  it('is not sent in demo mode, and who asked for it is told', async () => {
    const examined = await examineWith({ DATA_PATH: join(folder, 'data') }, ['--send-to', PHONE]);
    expect(examined.exitCode).toBe(1);
    expect(examined.of('FAIL')).toEqual([
      expect.stringMatching(/test message .*Nothing was sent, since there are no Twilio credentials\. -> /),
    ]);
  });

  it('is not sent while a parameter of Twilio is wrong', async () => {
    const before = simulator.inbox.list().length;
    const environment = await sound('embedded', { TWILIO_SMS_PHONE_NUMBER: '12345' });
    const examined = await examineWith(environment, ['--send-to', PHONE], { sleep });
    expect(examined.of('FAIL').at(-1)).toMatch(/test message .*Nothing was sent/);
    expect(simulator.inbox.list()).toHaveLength(before);
  });
});

describe('The documentation', () => {
  const commands = [...blocksRunIn('test/e2e/doctor.e2e-spec.ts').values()]
    .flat()
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => line !== '')
    .map((line) => line.replace(/ *#.*/, ''));

  it.each([...new Set(commands)])('names a command that works: %s', async (command) => {
    const [program, run, doctor, ...rest] = command.split(' ');
    expect([program, run, doctor, rest[0] ?? '--']).toEqual(['npm', 'run', 'doctor', '--']);
    const examined = await examineWith(await sound('embedded'), rest.slice(1), { sleep });
    expect(examined).toMatchObject({ exitCode: 0 });
  });
});

describe('The built command', () => {
  it('writes one JSON document into a pipe, ends with 0, and changes nothing', async () => {
    const environment = await sound('embedded');
    const examined = await runDoctorProcess(environment, folder, ['--json']);
    expect(examined).toMatchObject({ exitCode: 0, aside: '' });
    expect(reportOf(examined)).toMatchObject({ ok: true, live: false });
    expect(await readdir(folder)).toEqual([]);
  });
});
