import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { after, test } from 'node:test';
import type { DynamicModule, INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import {
  SmsModule,
  SmsService,
  TwilioClient,
  type RateLimitStore,
  type SmsModuleOptions,
  type SmsObserver,
} from '@xiaozhi/sms';
import { MemoryRateLimitStore } from '@xiaozhi/sms/testing';

// The snippets are put beside this file, and compiled with it. No snippet is to be left out.

const loaded = new Set<string>();
async function load<Exports>(file: string): Promise<Exports> {
  loaded.add(file);
  return (await import(new URL(`./${file}.js`, import.meta.url).href)) as Exports;
}

const apps: INestApplication[] = [];
async function boot(metadata: ModuleMetadata): Promise<INestApplication> {
  const testing = await Test.createTestingModule(metadata).compile();
  const app = testing.createNestApplication({ logger: false });
  apps.push(app);
  return app.init();
}
after(async () => {
  for (const app of apps) await app.close();
});

function newPhone(): string {
  return `+8613${randomInt(1_000_000_000).toString().padStart(9, '0')}`;
}

async function lastMessageTo(phone: string): Promise<string> {
  const url = `${process.env.TWILIO_BASE_URL}/inbox/messages/latest?to=${encodeURIComponent(phone)}`;
  const answer = await fetch(url);
  return ((await answer.json()) as { body: string }).body;
}

type Options = Record<'fromFactory' | 'fromClass' | 'fromExisting', DynamicModule>;
const options = await load<Options & { SmsOptions: new () => { create(): SmsModuleOptions } }>(
  'async-options',
);

for (const server of ['express', 'fastify']) {
  void test(`The app on ${server} sends a code, and says why there is no other one`, async () => {
    await load('app.module');
    const { SignUpService } = await load<{
      SignUpService: Type<{ sendCode(phone: string): Promise<string | undefined> }>;
    }>('sign-up.service');
    const { app } = await load<{ app: INestApplication }>(`main.${server}`);
    apps.push(app);
    const phone = newPhone();
    assert.equal(await app.get(SignUpService).sendCode(phone), undefined);
    assert.match(await lastMessageTo(phone), /^Your verification code is: \d{6}$/);
    assert.match((await app.get(SignUpService).sendCode(phone)) ?? '', /^A code was sent .* a moment ago/);
  });
}

for (const from of ['fromFactory', 'fromClass', 'fromExisting'] as const) {
  void test(`The options ${from} are used`, async () => {
    const app = await boot({ imports: [options[from]] });
    const phone = newPhone();
    await app.get(SmsService, { strict: false }).sendVerificationCodeSms(phone, '123456');
    assert.equal(await lastMessageTo(phone), 'Your verification code is: 123456');
  });
}

void test('The listener is told of a send that failed', async () => {
  const { FailedSends } = await load<{ FailedSends: Type<{ seen: string[] }> }>('failed-sends');
  const app = await boot({
    imports: [EventEmitterModule.forRoot(), options.fromFactory],
    providers: [FailedSends],
  });
  await assert.rejects(app.get(SmsService).sendVerificationCodeSms('+15005550001', '123456'));
  assert.deepEqual(app.get(FailedSends).seen, ['no code for +1500*****01: invalid_number']);
});

void test('Both accounts send', async () => {
  const { Senders, SendersModule } = await load<{
    Senders: Type<Record<'codes' | 'reminders', SmsService>>;
    SendersModule: Type;
  }>('reminders');
  const app = await boot({ imports: [SendersModule] });
  const senders = app.get(Senders, { strict: false });
  for (const sender of [senders.codes, senders.reminders]) {
    const phone = newPhone();
    await sender.sendVerificationCodeSms(phone, '123456');
    assert.match(await lastMessageTo(phone), /123456/);
  }
  assert.notEqual(senders.codes, senders.reminders);
});

void test('The client of the app itself is the one that is used', async () => {
  const { sms } = await load<{ sms: DynamicModule }>('own-client');
  const app = await boot({ imports: [sms] });
  const client = app.get<TwilioClient & { accountSid: string }>(TwilioClient, { strict: false });
  assert.equal(client.accountSid, process.env.TWILIO_ACCOUNT_SID);
});

void test('The raw client sends what is no code', async () => {
  const { ReceiptsService } = await load<{
    ReceiptsService: Type<{ send(phone: string, text: string): Promise<string> }>;
  }>('receipts.service');
  const app = await boot({ imports: [options.fromFactory], providers: [ReceiptsService] });
  const phone = newPhone();
  assert.match(await app.get(ReceiptsService).send(phone, 'Thank you'), /^SM/);
  assert.equal(await lastMessageTo(phone), 'Thank you');
});

void test('The health check answers', async () => {
  const { HealthController } = await load<{ HealthController: Type<{ check(): Promise<object> }> }>(
    'health.controller',
  );
  const app = await boot({ imports: [TerminusModule, options.fromFactory], controllers: [HealthController] });
  assert.deepEqual(await app.get(HealthController).check(), {
    status: 'ok',
    info: { sms: { status: 'up', store: 'up', twilio: 'up' } },
    error: {},
    details: { sms: { status: 'up', store: 'up', twilio: 'up' } },
  });
});

void test('The observer counts', async () => {
  const { observer, counts } = await load<{ observer: SmsObserver; counts: Map<string, number> }>('metrics');
  const app = await boot({
    imports: [SmsModule.forRoot({ ...new options.SmsOptions().create(), observer })],
  });
  await app.get(SmsService).sendVerificationCodeSms(newPhone(), '123456');
  assert.equal(counts.get('send accepted'), 1);
  assert.equal(counts.get('twilio 2xx'), 1);
  assert.ok((counts.get('redis ok') ?? 0) >= 2);
});

void test('The store that wraps another one counts its calls', async () => {
  const { CountedStore } = await load<{
    CountedStore: new (store: RateLimitStore) => RateLimitStore & { calls: number };
  }>('counted.store');
  const store = new CountedStore(new MemoryRateLimitStore());
  const { twilio } = new options.SmsOptions().create();
  const app = await boot({ imports: [SmsModule.forRoot({ twilio, rateLimitStore: { useValue: store } })] });
  await app.get(SmsService).sendVerificationCodeSms(newPhone(), '123456');
  assert.equal(store.calls, 2);
});

void test('No snippet is left out', () => {
  const files = readdirSync(new URL('.', import.meta.url));
  const snippets = files.filter((file) => file.endsWith('.js') && !file.endsWith('.test.js'));
  assert.deepEqual(snippets.map((file) => file.slice(0, -3)).toSorted(), [...loaded].toSorted());
});
