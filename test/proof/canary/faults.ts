import { randomBytes } from 'node:crypto';
import type { Fault } from '@app/twilio-simulator';
import { freePort } from '../../../scripts/redis.mjs';
import { preload, runApi } from '../../support/process.js';
import { isLong } from '../../support/proof.js';
import { ReflectingGateway } from '../../support/reflecting-gateway.js';
import { damageKeys, damageRecords } from '../../support/store-dump.js';
import { until } from '../../support/until.js';
import { publishedPages } from './requests.js';
import type { CanaryScenario, Sent } from './scenario.js';

export async function twilioFaults(scenario: CanaryScenario): Promise<void> {
  const phone = scenario.newPhone();
  for (const fault of quickFaults(phone)) {
    scenario.faults += 1;
    await goodSends(scenario);
    scenario.simulator.faults.always(fault);
    const sent = await scenario.send();
    scenario.simulator.faults.clear();
    if (sent.code !== '') await scenario.check(sent.id, sent.code);
  }
  await goodSends(scenario);
  for (const fault of SLOW_FAULTS) scenario.simulator.faults.next(fault);
  await Promise.all(SLOW_FAULTS.map(() => scenario.send()));
  scenario.faults += SLOW_FAULTS.length;
}

/** So that faults remain the exception, and the circuit breaker lets them happen. */
async function goodSends(scenario: CanaryScenario): Promise<void> {
  await Promise.all(Array.from({ length: 4 }, () => scenario.send()));
}

export async function reflectingGateway(scenario: CanaryScenario): Promise<void> {
  await goodSends(scenario);
  scenario.twilio.switchTo(scenario.gateway.url);
  scenario.twilio.resetConnections();
  for (let way = 0; way < ReflectingGateway.ways; way += 1) {
    scenario.faults += 1;
    await scenario.send();
  }
  for (const { to, body } of scenario.gateway.messages)
    scenario.canaries.addCode(/\d{10}/.exec(body)![0], to);
  scenario.twilio.switchTo(scenario.simulator.url);
  scenario.twilio.recover();
}

export async function twilioConnectionFaults(scenario: CanaryScenario): Promise<void> {
  for (const fault of ['refuse', 'blackhole'] as const) {
    scenario.faults += 1;
    await goodSends(scenario);
    scenario.twilio[fault]();
    await scenario.send();
    scenario.twilio.recover();
  }
  scenario.faults += 1;
  scenario.twilio.refuse();
  await until('the circuit breaker opens', async () => {
    await Promise.all(Array.from({ length: 20 }, () => scenario.send()));
    return scenario.api!.output().includes('"event":"twilio.breaker_opened"');
  });
  scenario.twilio.recover();
  await untilSent(scenario);
}

/** Readiness alone does not say so: the API may not have noticed yet that its connection was cut. */
async function untilSent(scenario: CanaryScenario): Promise<void> {
  await until('a message is sent again', async () => (await scenario.send()).code !== '');
}

export async function redisFaults(scenario: CanaryScenario): Promise<void> {
  const { admin, redis, redisServer, secrets } = scenario;
  if (!admin || !redis || !redisServer) return;
  const user = secrets['Redis user'];
  const silences: (() => unknown)[] = [
    () => redis.blackhole(),
    ...(isLong ? [() => redis.swallowAnswers(), () => redisServer.freeze()] : []),
  ];
  const errors: (() => unknown)[] = [
    () => redis.refuse(),
    () => redis.delayAnswers(100),
    () => admin.acl('SETUSER', user, '-@scripting'),
    () => admin.acl('SETUSER', user, '-@write'),
    () => admin.config('SET', 'maxmemory', '1'),
    () => admin.replicaof('127.0.0.1', '1'),
    async () => {
      await admin.acl('SETUSER', user, 'resetpass', '>another-password');
      redis.resetConnections();
    },
    () => damageKeys(admin, 'value'),
    () => damageKeys(admin, 'type'),
  ];
  for (const fault of [...silences, ...errors]) {
    const pending = await scenario.send();
    scenario.faults += 1;
    await fault();
    await Promise.all([
      scenario.send({ 'idempotency-key': randomBytes(8).toString('hex') }),
      scenario.send(),
      scenario.check(pending.id, pending.code),
      scenario.ask('GET', `/v1/verifications/${pending.id}`),
      scenario.ask('GET', '/readyz'),
    ]);
    await recoverRedis(scenario);
  }
}

async function recoverRedis(scenario: CanaryScenario): Promise<void> {
  scenario.redisServer!.thaw();
  await scenario.admin!.config('SET', 'maxmemory', '0');
  await scenario.admin!.replicaof('NO', 'ONE');
  await scenario.allowRedis();
  for (const key of await scenario.admin!.keys('*'))
    if (key !== 'sms:data-key') await scenario.admin!.del(key);
  scenario.redis!.recover();
  await untilSent(scenario);
}

/** It ends while a message is on its way. */
export async function stopInTheMiddle(scenario: CanaryScenario): Promise<void> {
  scenario.faults += 1;
  scenario.simulator.faults.next({ kind: 'hang', accepted: true });
  const asked = scenario.simulator.requests.length;
  let answered: unknown;
  const sending = scenario.ask('POST', '/v1/verifications', { phone: scenario.newPhone() }).then(
    (answer) => (answered = answer),
    () => undefined, // its connection may be cut
  );
  await until('Twilio is asked', () => {
    if (answered) throw new Error(`answered ${JSON.stringify(answered)}`);
    return scenario.simulator.requests.length > asked;
  });
  await scenario.stop();
  await sending;
}

/** Starts that cannot succeed: secrets in the place of others, another secret than the store's, a wrong address. */
export async function startsThatFail(scenario: CanaryScenario): Promise<void> {
  const { secrets } = scenario;
  const phone = scenario.newPhone();
  const { 'server.secret': secret, 'auth token': token, 'Redis password': password } = secrets;
  const misplaced = {
    TWILIO_SMS_ACCOUNT_SID: token,
    TWILIO_SMS_PHONE_NUMBER: `${phone} ${token}`,
    TWILIO_SMS_TEMPLATE_MESSAGE: token,
    TWILIO_SMS_BASE_URL: `https://${token}:${secret}@localhost`,
    TWILIO_SMS_TIMEOUT_MS: token,
    SERVER_PUBLIC_URL: secret,
    SERVER_TRUST_PROXY: token,
    SERVER_SMS_ALLOWED_COUNTRIES: phone,
    SERVER_CORS_ORIGINS: `https://x:${secret}@y`,
    SERVER_ENABLE_MOBILE_REGISTER: token,
    SERVER_SECRET: secret.slice(0, 31),
    'server.api_key': token,
    REDIS_URL: `redis://${secrets['Redis user']}:${password}@localhost:99999`,
    PORT: token,
    HOST: secret,
    LOG_LEVEL: token,
  };
  const wrong: Record<string, string>[] = [{ SERVER_SECRET: secrets['another server.secret'], PORT: '0' }];
  if (scenario.store === 'embedded')
    wrong.push(misplaced, { NODE_DEBUG: 'http,stream' }, { HOST: '198.51.100.1' });
  const ends = await Promise.all(
    wrong.map((environment) => runApi({ ...scenario.environment, ...environment }, scenario.folder)),
  );
  for (const { exitCode, output } of ends) {
    scenario.faults += 1;
    scenario.keep('starts that fail', `${exitCode}\n${output}`);
  }
}

/**
 * A store whose records were damaged while no process had it open; Twilio behind a port that speaks no TLS, or where
 * nothing listens; in the end, errors that nobody catches.
 */
export async function damagedStoreAndUnreachableTwilio(scenario: CanaryScenario, sent: Sent): Promise<void> {
  const nowhere = `127.0.0.1:${await freePort()}`;
  const withoutTls = scenario.twilio.url.replace('http:', 'https:');
  const origins = {
    redis: [`http://${nowhere}`],
    embedded: [withoutTls, ...(isLong ? [`https://${nowhere}`] : [])],
  };
  for (const origin of origins[scenario.store]) {
    scenario.faults += 3;
    if (scenario.admin) await damageKeys(scenario.admin, 'value');
    else await damageRecords(scenario.folder);
    const base = { TWILIO_SMS_BASE_URL: new URL(origin).origin };
    await scenario.start({ ...base, NODE_OPTIONS: preload('throw-on-signal') });
    await scenario.check(sent.id, sent.code);
    await scenario.ask('GET', `/v1/verifications/${sent.id}`);
    await scenario.ask('POST', '/v1/verifications', { phone: sent.phone });
    await scenario.send();
    await publishedPages(scenario);
    scenario.api!.kill('SIGUSR2');
    await scenario.api!.ended();
    await scenario.stop();
  }
}

/** Those whose answer, or end, comes at once. */
function quickFaults(phone: string): Fault[] {
  return [
    { kind: 'status', status: 500, accepted: true },
    { kind: 'status', status: 503, body: `<h1>${phone}</h1>` },
    { kind: 'status', status: 401, code: 20003 },
    { kind: 'status', status: 400, code: 21211, message: `The 'To' number ${phone} is not valid` },
    { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
    { kind: 'status', status: 200, body: phone, contentType: 'application/json' },
    { kind: 'redirect', location: `/${phone}` },
    { kind: 'reset', accepted: true },
    { kind: 'reset', accepted: false },
    { kind: 'truncate' },
    { kind: 'truncate', lyingLength: false },
    { kind: 'messageStatus', status: 'failed', errorCode: 30008 },
    { kind: 'messageStatus', status: 'undelivered' },
    { kind: 'callbacks', mode: 'before_answer' },
    { kind: 'callbacks', mode: 'unsigned' },
  ];
}

/** Those that last as long as a send may. */
const SLOW_FAULTS: readonly Fault[] = [
  { kind: 'hang', accepted: true },
  { kind: 'hang', accepted: false },
  { kind: 'drip', everyMs: 20 },
  { kind: 'delay', ms: 2_000 },
  { kind: 'delay', ms: 100 },
];
