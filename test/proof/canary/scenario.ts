import { createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Redis } from 'ioredis';
import { Secret } from '@app/sms';
import { EmbeddedStorage, RedisStorage, unseal } from '@app/sms/internals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { freePort } from '../../../scripts/redis.mjs';
import { loadParameters } from '../../../apps/api/src/config/load-parameters.js';
import { createApp } from '../../../apps/api/src/create-app.js';
import { apiEnvironment, type StoreKind } from '../../support/api.js';
import { Canaries } from '../../support/canaries.js';
import { printedDeep, printedFlat } from '../../support/printed.js';
import { ApiProcess } from '../../support/process.js';
import { RedisServer } from '../../support/redis-server.js';
import { ReflectingGateway } from '../../support/reflecting-gateway.js';
import { dumpOfFolder, dumpOfRedis } from '../../support/store-dump.js';
import { newPhone, temporaryFolder } from '../../support/stores.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

/** Everything that prints more when it is asked to. */
export const LOUD = {
  LOG_LEVEL: 'trace',
  DEBUG: '*',
  NODE_DEBUG: 'https,net,tls,undici,fetch', // http and stream print what requests hold, and are refused
  TWILIO_LOG_LEVEL: 'debug',
};
/** For one answer. */
const PATIENCE_MS = 20_000;
const UNKNOWN_ID = 'A'.repeat(44);

type Answer = { status: number; body: Record<string, unknown> };
export type Sent = { phone: string; id: string; code: string };

/** An API whose every secret is a canary, one fault after another, and all that came out of it. */
export class CanaryScenario {
  readonly canaries = new Canaries();
  /** By the place where it came out. */
  readonly outputs = new Map<string, (string | Buffer)[]>();
  /** The error codes of the answers. */
  readonly codes = new Set<unknown>();
  faults = 0;
  readonly secrets = makeSecrets();
  private readonly printed = new Set<unknown>();
  private readonly cleanUps: (() => Promise<unknown>)[] = [];
  simulator: TwilioSimulator;
  gateway: ReflectingGateway;
  twilio: TcpProxy & { url: string };
  redisServer?: RedisServer;
  redis?: TcpProxy & { url: string };
  admin?: Redis;
  folder: string;
  environment: Record<string, string>;
  api?: ApiProcess;
  url: string;

  private constructor(readonly store: StoreKind) {
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

  async send(headers: Record<string, string> = {}): Promise<Sent> {
    const phone = this.newPhone();
    const { body } = await this.ask('POST', '/v1/verifications', { phone }, headers);
    const code = this.simulator.inbox.latest(phone)?.code ?? '';
    if (code !== '') this.canaries.addCode(code, phone);
    return { phone, id: typeof body.id === 'string' ? body.id : UNKNOWN_ID, code };
  }

  async allowRedis(): Promise<void> {
    const { 'Redis user': user, 'Redis password': password } = this.secrets;
    await this.admin!.acl('SETUSER', user, 'reset', 'on', `>${password}`, '~*', '&*', '+@all');
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
    const key = unseal(createSecretKey(wrapping), Buffer.from(dataKey.wrap(secret), 'base64url'))!;
    await storage.close();
    for (const bytes of [key, wrapping, dataKey.derive('lookup tag').export()])
      this.canaries.addBytes('data key', bytes);
  }

  // How they are asked and heard.

  async check(id: string, code: string): Promise<Answer> {
    return this.ask('POST', `/v1/verifications/${id}/check`, { code });
  }

  async ask(
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

  keep(place: string, text: string | Buffer): void {
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
