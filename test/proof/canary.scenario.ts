import { hkdfSync, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Redis } from 'ioredis';
import { EmbeddedStorage, RedisStorage, Secret, unseal } from '@app/sms';
import { TwilioSimulator, type Fault } from '@app/twilio-simulator';
import { freePort } from '../../scripts/redis.mjs';
import { loadParameters } from '../../apps/api/src/config/load-parameters.js';
import { createApp } from '../../apps/api/src/create-app.js';
import { apiEnvironment, wrongCode, type StoreKind } from '../support/api.js';
import { Canaries } from '../support/canaries.js';
import { isLong } from '../support/proof.js';
import { printedDeep, printedFlat } from '../support/printed.js';
import { ApiProcess, preload, runApi } from '../support/process.js';
import { speak } from '../support/raw-http.js';
import { RedisServer } from '../support/redis-server.js';
import { ReflectingGateway } from '../support/reflecting-gateway.js';
import { damageKeys, damageRecords, dumpOfFolder, dumpOfRedis } from '../support/store-dump.js';
import { newPhone, temporaryFolder } from '../support/stores.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

/** Everything that prints more when it is asked to. */
export const LOUD = {
  LOG_LEVEL: 'trace',
  DEBUG: '*',
  NODE_DEBUG: 'https,net,tls,undici,fetch', // http and stream print what requests hold, and are refused
  TWILIO_LOG_LEVEL: 'debug',
};
/** For one answer. */
const PATIENCE_MS = 20_000;
const CALLBACK_PATH = '/webhooks/twilio/status';
const UNKNOWN_ID = 'A'.repeat(44);

type Answer = { status: number; body: Record<string, unknown> };
type Sent = { phone: string; id: string; code: string };

/** An API whose every secret is a canary, one fault after another, and all that came out of it. */
export class CanaryScenario {
  readonly canaries = new Canaries();
  /** By the place where it came out. */
  readonly outputs = new Map<string, (string | Buffer)[]>();
  /** The error codes of the answers. */
  readonly codes = new Set<unknown>();
  faults = 0;
  private readonly secrets = makeSecrets();
  private readonly printed = new Set<unknown>();
  private readonly cleanUps: (() => Promise<unknown>)[] = [];
  private simulator: TwilioSimulator;
  private gateway: ReflectingGateway;
  private twilio: TcpProxy & { url: string };
  private redisServer?: RedisServer;
  private redis?: TcpProxy & { url: string };
  private admin?: Redis;
  private folder: string;
  private environment: Record<string, string>;
  private api?: ApiProcess;
  private url: string;

  private constructor(private readonly store: StoreKind) {
    for (const [name, value] of Object.entries(this.secrets)) this.canaries.add(name, value);
  }

  static async create(store: StoreKind, overrides: Record<string, string> = LOUD): Promise<CanaryScenario> {
    const scenario = new CanaryScenario(store);
    await scenario.setUp(overrides);
    return scenario;
  }

  private async setUp(overrides: Record<string, string>): Promise<void> {
    const { secrets, store } = this;
    const { 'auth token': authToken, 'API key secret': secret } = secrets;
    const apiKey = { sid: `SK${hex(16)}`, secret };
    this.simulator = await TwilioSimulator.start({ authToken, apiKey });
    this.gateway = await ReflectingGateway.start();
    this.twilio = await TcpProxy.start(this.simulator.url);
    this.folder = await temporaryFolder();
    this.canaries.add('account and token', `${this.simulator.accountSid}:${authToken}`);
    this.canaries.add('API key and secret', `${apiKey.sid}:${secret}`);
    if (store === 'redis') await this.setUpRedis();
    const port = await freePort();
    this.environment = await apiEnvironment(this.simulator, 'embedded', {
      PORT: `${port}`,
      SERVER_PUBLIC_URL: `http://127.0.0.1:${port}`,
      TWILIO_SMS_BASE_URL: new URL(this.twilio.url).origin,
      TWILIO_SMS_AUTH_TOKEN: `${authToken},${secrets['former auth token']}`,
      TWILIO_SMS_TIMEOUT_MS: '1000',
      SERVER_SECRET: `${secrets['server.secret']},${secrets['former server.secret']}`,
      SERVER_API_KEY: `${secrets['server.api_key']},${secrets['former server.api_key']}`,
      SERVER_SMS_CODE_LENGTH: '10', // short ones are found by chance
      LOG_LEVEL: 'info',
      DATA_PATH: this.folder,
      ...(store === 'redis' && {
        REDIS_URL: this.redisUrl(),
        TWILIO_SMS_API_KEY_SID: apiKey.sid,
        TWILIO_SMS_API_KEY_SECRET: apiKey.secret,
      }),
      ...overrides,
    });
    this.cleanUps.push(
      () => this.twilio.close(),
      () => this.gateway.close(),
      () => this.simulator.close(),
      () => rm(this.folder, { recursive: true }),
    );
  }

  private async setUpRedis(): Promise<void> {
    const server = (this.redisServer = await RedisServer.start());
    const proxy = (this.redis = await TcpProxy.start(server.url));
    const admin = (this.admin = new Redis(server.url));
    await this.allowRedis();
    this.canaries.add('Redis URL', this.redisUrl());
    this.cleanUps.push(
      async () => admin.disconnect(),
      () => proxy.close(),
      () => server.stop(),
    );
  }

  async cleanUp(): Promise<void> {
    await this.api?.stop('SIGKILL');
    for (const cleanUp of this.cleanUps) await cleanUp();
  }

  /** Where something came out that holds canaries, and their names. */
  findings(): Record<string, string[]> {
    const found = [...this.outputs].map(
      ([place, texts]) =>
        [
          place,
          this.canaries.foundIn(Buffer.concat(texts.map((text) => Buffer.from(text as string)))),
        ] as const,
    );
    return Object.fromEntries(found.filter(([, names]) => names.length > 0));
  }

  /** How much came out. */
  get bytes(): number {
    return [...this.outputs.values()].flat().reduce((total, text) => total + Buffer.byteLength(text), 0);
  }

  /** Lines of the log that a request has written, or that do something to a terminal. */
  forgedLines(): string[] {
    const lines = this.outputs
      .get('standard output and error')!
      .flatMap((text) => text.toString().split('\n'));
    return lines.filter(
      (line) => line.includes('\u001b') || line.startsWith('{"level":"fatal","event":"forged"'),
    );
  }

  async start(environment: Record<string, string> = {}): Promise<void> {
    this.api = await ApiProcess.start({ ...this.environment, ...environment }, this.folder);
    this.url = this.api.url;
  }

  async stop(): Promise<void> {
    await this.api!.stop();
    this.keep('standard output and error', this.api!.output());
  }

  /** The same API in this process, where its objects can be looked at. */
  async startHere(): Promise<NestFastifyApplication> {
    const { parameters } = loadParameters({ environment: this.environment, envFile: '/nonexistent/.env' });
    const app = await createApp(parameters);
    this.cleanUps.unshift(() => app.close());
    await app.listen(parameters.port, parameters.host);
    this.url = await app.getUrl();
    return app;
  }

  print(place: string, printed: unknown): void {
    this.keep(place, [...printedDeep(printed, this.printed), ...printedFlat(printed)].join('\n'));
  }

  // What callers do.

  async verification(): Promise<Sent> {
    const sent = await this.send();
    await this.check(sent.id, wrongCode(sent.code));
    await this.check(sent.id, sent.code);
    await this.check(sent.id, sent.code);
    await this.ask('GET', `/v1/verifications/${sent.id}`);
    await this.ask('POST', '/v1/verifications', { phone: sent.phone });
    return sent;
  }

  async send(headers: Record<string, string> = {}): Promise<Sent> {
    const phone = this.newPhone();
    const { body } = await this.ask('POST', '/v1/verifications', { phone }, headers);
    const code = this.simulator.inbox.latest(phone)?.code ?? '';
    if (code !== '') this.canaries.addCode(code, phone);
    return { phone, id: typeof body.id === 'string' ? body.id : UNKNOWN_ID, code };
  }

  async idempotentSends(): Promise<void> {
    const key = { 'idempotency-key': this.newPhone() };
    const { phone } = await this.send(key);
    await this.ask('POST', '/v1/verifications', { phone }, key);
    await this.ask('POST', '/v1/verifications', { phone, purpose: 'login' }, key);
  }

  async wrongApiKeys(): Promise<void> {
    const { phone, id, code } = await this.send();
    for (const key of [`${this.secrets['server.api_key']}x`, this.secrets['wrong API key'], code, phone]) {
      await this.ask('GET', `/v1/verifications/${id}`, undefined, { authorization: `Bearer ${key}` });
      await this.ask(
        'POST',
        '/v1/verifications',
        { phone },
        { authorization: `Basic ${btoa(`${phone}:${key}`)}` },
      );
    }
  }

  /** Numbers and codes where they do not belong, and texts that would write lines of their own into a log. */
  async hostileRequests(): Promise<void> {
    const { phone, id, code } = await this.send();
    const line = `\r\n{"level":"fatal","event":"forged","phone":"${phone}"}\u001b[31m\u202e`;
    for (const path of [
      `/v1/verifications?phone=${encodeURIComponent(phone)}&code=${code}`,
      `/v1/verifications/${phone}`,
      `/v1/verifications/${id}?code=${code}`,
      `/${phone}/${code}${encodeURIComponent(line)}`,
      `/v1/config?${code}`,
      `/%zz${phone}`,
    ]) {
      for (const method of ['GET', 'POST', 'PUT'])
        await this.ask(method, path, method === 'GET' ? undefined : {});
    }
    for (const body of [
      { phone: Number(phone) },
      { phone: [phone, phone] },
      { phone: { [phone]: code } },
      { phone: phone + line },
      { phone, purpose: phone },
      { phone, purpose: line },
      { phone, code },
      { [phone]: code },
      { [line]: line },
      `{"phone":"${phone}`,
      `${phone}${line}`,
      `"${phone}"`,
      `{"phone":"${phone}","__proto__":{"${phone}":"${code}"}}`,
      `{"phone":"${phone.repeat(1_000)}"}`,
    ]) {
      await this.ask('POST', '/v1/verifications', body);
    }
    for (const wrong of [Number(code), [code], { code }, `${code}${line}`, `${code} `, phone, null]) {
      await this.ask('POST', `/v1/verifications/${id}/check`, { code: wrong });
    }
    await this.ask('POST', `/v1/verifications/${phone}/check`, { code });
    for (const name of [
      'idempotency-key',
      'x-request-id',
      'x-client-address',
      'x-forwarded-for',
      'user-agent',
      'content-type',
      'traceparent',
      'origin',
      'cookie',
      `x-${code}`,
    ]) {
      await this.ask('POST', '/v1/verifications', { phone: `${phone}x` }, { [name]: `${phone} ${code}` });
    }
    for (const request of [
      `${phone} / HTTP/1.1\r\n\r\n`,
      `GET /${phone} HTTP/9.9\r\n\r\n`,
      `GET / HTTP/1.1\r\nhost: ${phone}:${code}\r\n${phone}\r\n\r\n`,
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${phone.repeat(2_000)}\r\n\r\n`,
      `POST /v1/verifications HTTP/1.1\r\nhost: x\r\ncontent-length: ${phone}\r\n\r\n${phone}`,
      `POST /v1/verifications HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${phone}\r\n`,
      `POST /v1/verifications HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"phone":"${phone}"`,
    ]) {
      this.keep('answers', await speak(this.url, request));
    }
  }

  async callbacks(): Promise<void> {
    const { phone, code } = await this.send();
    const { id: sid } = this.simulator.inbox.latest(phone)!;
    const callback = new URL(this.simulator.statusCallbackOf(sid)!);
    await this.simulator.report(sid, 'sent');
    await this.simulator.report(sid, 'undelivered', 30006, this.secrets['former auth token']);
    const form = new URLSearchParams({
      To: phone,
      Body: code,
      MessageStatus: `${phone}\n`,
      MessageSid: phone,
    });
    for (const [path, signature] of [
      [callback.pathname + callback.search, this.secrets['auth token']],
      [`${CALLBACK_PATH}?id=${phone}&id=${code}`, btoa(phone)],
      [CALLBACK_PATH, ''],
    ]) {
      await this.ask('POST', path, form.toString(), {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': signature,
      });
    }
  }

  /** What anybody may read. */
  async publishedPages(): Promise<void> {
    for (const path of [
      '/metrics',
      '/openapi.json',
      '/docs',
      '/livez',
      '/readyz',
      '/v1/config',
      '/.well-known/jwks.json',
    ]) {
      await this.ask('GET', path);
    }
  }

  // What goes wrong.

  async twilioFaults(): Promise<void> {
    const phone = this.newPhone();
    for (const fault of quickFaults(phone)) {
      this.faults += 1;
      await this.goodSends();
      this.simulator.faults.always(fault);
      const sent = await this.send();
      this.simulator.faults.clear();
      if (sent.code !== '') await this.check(sent.id, sent.code);
    }
    await this.goodSends();
    for (const fault of SLOW_FAULTS) this.simulator.faults.next(fault);
    await Promise.all(SLOW_FAULTS.map(() => this.send()));
    this.faults += SLOW_FAULTS.length;
  }

  /** So that faults remain the exception, and the circuit breaker lets them happen. */
  private async goodSends(): Promise<void> {
    await Promise.all(Array.from({ length: 4 }, () => this.send()));
  }

  async reflectingGateway(): Promise<void> {
    await this.goodSends();
    this.twilio.switchTo(this.gateway.url);
    this.twilio.resetConnections();
    for (let way = 0; way < ReflectingGateway.ways; way += 1) {
      this.faults += 1;
      await this.send();
    }
    for (const { to, body } of this.gateway.messages) this.canaries.addCode(/\d{10}/.exec(body)![0], to);
    this.twilio.switchTo(this.simulator.url);
    this.twilio.recover();
  }

  async twilioConnectionFaults(): Promise<void> {
    for (const fault of ['refuse', 'blackhole'] as const) {
      this.faults += 1;
      await this.goodSends();
      this.twilio[fault]();
      await this.send();
      this.twilio.recover();
    }
    this.faults += 1;
    this.twilio.refuse();
    await until('the circuit breaker opens', async () => {
      await Promise.all(Array.from({ length: 20 }, () => this.send()));
      return this.api!.output().includes('"event":"twilio.breaker_opened"');
    });
    this.twilio.recover();
    await this.untilSent();
  }

  /** Readiness alone does not say so: the API may not have noticed yet that its connection was cut. */
  private async untilSent(): Promise<void> {
    await until('a message is sent again', async () => (await this.send()).code !== '');
  }

  async redisFaults(): Promise<void> {
    const { admin, redis, redisServer, secrets } = this;
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
      const pending = await this.send();
      this.faults += 1;
      await fault();
      await Promise.all([
        this.send({ 'idempotency-key': randomBytes(8).toString('hex') }),
        this.send(),
        this.check(pending.id, pending.code),
        this.ask('GET', `/v1/verifications/${pending.id}`),
        this.ask('GET', '/readyz'),
      ]);
      await this.recoverRedis();
    }
  }

  private async recoverRedis(): Promise<void> {
    this.redisServer!.thaw();
    await this.admin!.config('SET', 'maxmemory', '0');
    await this.admin!.replicaof('NO', 'ONE');
    await this.allowRedis();
    for (const key of await this.admin!.keys('*')) if (key !== 'sms:data-key') await this.admin!.del(key);
    this.redis!.recover();
    await this.untilSent();
  }

  private async allowRedis(): Promise<void> {
    const { 'Redis user': user, 'Redis password': password } = this.secrets;
    await this.admin!.acl('SETUSER', user, 'reset', 'on', `>${password}`, '~*', '&*', '+@all');
  }

  /** It ends while a message is on its way. */
  async stopInTheMiddle(): Promise<void> {
    this.faults += 1;
    this.simulator.faults.next({ kind: 'hang', accepted: true });
    const asked = this.simulator.requests.length;
    let answered: unknown;
    const sending = this.ask('POST', '/v1/verifications', { phone: this.newPhone() }).then(
      (answer) => (answered = answer),
      () => undefined, // its connection may be cut
    );
    await until('Twilio is asked', () => {
      if (answered) throw new Error(`answered ${JSON.stringify(answered)}`);
      return this.simulator.requests.length > asked;
    });
    await this.stop();
    await sending;
  }

  /** Starts that cannot succeed: secrets in the place of others, another secret than the store's, a wrong address. */
  async startsThatFail(): Promise<void> {
    const { secrets } = this;
    const phone = this.newPhone();
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
    if (this.store === 'embedded')
      wrong.push(misplaced, { NODE_DEBUG: 'http,stream' }, { HOST: '198.51.100.1' });
    const ends = await Promise.all(
      wrong.map((environment) => runApi({ ...this.environment, ...environment }, this.folder)),
    );
    for (const { exitCode, output } of ends) {
      this.faults += 1;
      this.keep('starts that fail', `${exitCode}\n${output}`);
    }
  }

  /**
   * A store whose records were damaged while no process had it open; Twilio behind a port that speaks no TLS, or where
   * nothing listens; in the end, errors that nobody catches.
   */
  async damagedStoreAndUnreachableTwilio(sent: Sent): Promise<void> {
    const nowhere = `127.0.0.1:${await freePort()}`;
    const withoutTls = this.twilio.url.replace('http:', 'https:');
    const origins = {
      redis: [`http://${nowhere}`],
      embedded: [withoutTls, ...(isLong ? [`https://${nowhere}`] : [])],
    };
    for (const origin of origins[this.store]) {
      this.faults += 3;
      if (this.admin) await damageKeys(this.admin, 'value');
      else await damageRecords(this.folder);
      const base = { TWILIO_SMS_BASE_URL: new URL(origin).origin };
      await this.start({ ...base, NODE_OPTIONS: preload('throw-on-signal') });
      await this.check(sent.id, sent.code);
      await this.ask('GET', `/v1/verifications/${sent.id}`);
      await this.ask('POST', '/v1/verifications', { phone: sent.phone });
      await this.send();
      await this.publishedPages();
      this.api!.kill('SIGUSR2');
      await this.api!.ended();
      await this.stop();
    }
  }

  async dumpStore(): Promise<void> {
    this.keep('store', this.admin ? await dumpOfRedis(this.admin) : await dumpOfFolder(this.folder));
  }

  /** The key under which the store keeps phones and codes, and what is derived from it. */
  async learnDataKey(): Promise<void> {
    const secret = new Secret(this.secrets['server.secret']);
    const storage =
      this.store === 'redis'
        ? new RedisStorage(new Secret(this.redisServer!.url), [secret])
        : new EmbeddedStorage(this.folder, [secret]);
    await storage.open();
    const dataKey = await storage.dataKey();
    const wrapping = Buffer.from(hkdfSync('sha256', secret.reveal(), '', 'phone verification: data key', 32));
    const key = unseal(wrapping, Buffer.from(dataKey.wrap(secret), 'base64url'))!;
    await storage.close();
    for (const bytes of [key, wrapping, dataKey.derive('lookup tag')])
      this.canaries.addBytes('data key', bytes);
  }

  // How they are asked and heard.

  private async check(id: string, code: string): Promise<Answer> {
    return this.ask('POST', `/v1/verifications/${id}/check`, { code });
  }

  private async ask(
    method: string,
    path: string,
    body?: object | string,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: {
        authorization: `Bearer ${this.secrets['server.api_key']}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: typeof body === 'object' ? JSON.stringify(body) : body,
    });
    const text = await response.text();
    const parsed = /json/.test(response.headers.get('content-type') ?? '')
      ? (JSON.parse(text) as Record<string, unknown>)
      : {};
    const { token } = parsed;
    if (typeof token === 'string') this.canaries.add('proof token', token.split('.')[2]);
    // The token names the phone to whoever has proved to hold it.
    const own = typeof token === 'string' ? text.replace(token, '') : text;
    this.keep('answers', `${response.status} ${JSON.stringify([...response.headers])}\n${own}\n`);
    if (parsed.code !== undefined) this.codes.add(parsed.code);
    return { status: response.status, body: parsed };
  }

  newPhone(): string {
    const phone = newPhone();
    this.canaries.addPhone(phone);
    return phone;
  }

  private keep(place: string, text: string | Buffer): void {
    this.outputs.set(place, [...(this.outputs.get(place) ?? []), text]);
  }

  private redisUrl(): string {
    const url = new URL(this.redis!.url);
    url.username = this.secrets['Redis user'];
    url.password = this.secrets['Redis password'];
    return url.toString();
  }
}

function makeSecrets() {
  return {
    'auth token': hex(16),
    'former auth token': hex(16),
    'API key secret': hex(16),
    'server.secret': hex(24),
    'former server.secret': hex(24),
    'another server.secret': hex(24),
    'server.api_key': hex(24),
    'former server.api_key': hex(24),
    'wrong API key': hex(24),
    'Redis user': hex(8),
    'Redis password': hex(16),
  };
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
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
