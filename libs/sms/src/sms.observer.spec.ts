import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator, type Fault } from '@app/twilio-simulator';
import { CODE, SmsHost } from '../../../test/support/sms-host.js';
import { newPhone, redisUrl, temporaryFolder, TEST_SECRET } from '../../../test/support/stores.js';
import { Secret } from './secret.js';
import type { SendEnd, SmsObserver, StoreOperationEnd, TwilioRequestEnd } from './sms.observer.js';
import type { SmsModuleOptions } from './sms.options.js';
import { EmbeddedStorage } from './storage/embedded.storage.js';
import { RedisStorage } from './storage/redis.storage.js';

let simulator: TwilioSimulator;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  simulator.faults.clear();
  for (const close of closers.splice(0)) await close();
});

class Recorder implements SmsObserver {
  readonly sends: SendEnd[] = [];
  readonly requests: TwilioRequestEnd[] = [];
  readonly operations: StoreOperationEnd[] = [];

  send(end: SendEnd): void {
    this.sends.push(end);
  }

  twilioRequest(request: TwilioRequestEnd): void {
    this.requests.push(request);
  }

  storeOperation(operation: StoreOperationEnd): void {
    this.operations.push(operation);
  }
}

async function startWith(
  observer: SmsObserver,
  twilio: Partial<SmsModuleOptions['twilio']> = {},
): Promise<SmsHost> {
  const host = await SmsHost.start(simulator, { observer, twilio: { timeoutMs: 1_000, ...twilio } });
  closers.push(() => host.close());
  return host;
}

describe('The observer of sends', () => {
  it.each<[string, Fault | undefined, SendEnd['outcome']]>([
    ['accepts', undefined, 'accepted'],
    ['refuses', { kind: 'status', status: 400, code: 21211 }, 'failed'],
    ['may have accepted', { kind: 'reset', accepted: true }, 'unconfirmed'],
  ])('is told once, with country and segments, of a message that Twilio %s', async (_, fault, outcome) => {
    const recorder = new Recorder();
    const host = await startWith(recorder);
    if (fault) simulator.faults.always(fault);
    await host.send(newPhone());
    expect(recorder.sends).toEqual([{ outcome, country: 'CN', segments: 1 }]);
  });

  it('is told of one send, however often it was tried', async () => {
    const recorder = new Recorder();
    const host = await startWith(recorder, { timeoutMs: 10_000 });
    simulator.faults.next({ kind: 'status', status: 503, accepted: true }, 2);
    await host.send('+1234567890');
    expect(recorder.sends).toEqual([{ outcome: 'accepted', country: undefined, segments: 1 }]);
  });

  it('is told of nothing that a limit refused', async () => {
    const recorder = new Recorder();
    const host = await startWith(recorder);
    const phone = newPhone();
    await host.send(phone);
    expect(await host.send(phone)).toBe('SMS_SEND_TOO_FREQUENTLY');
    expect(recorder.sends).toHaveLength(1);
  });
});

describe('The observer of requests to Twilio', () => {
  it.each<[string, Fault | undefined, Partial<TwilioRequestEnd>]>([
    ['accepts', undefined, { answer: '2xx', reason: undefined }],
    [
      'refuses the number',
      { kind: 'status', status: 400, code: 21211 },
      { answer: '4xx', reason: 'invalid_number' },
    ],
    ['is busy', { kind: 'status', status: 429 }, { answer: '4xx', reason: 'rate_limited' }],
    [
      'fails inside',
      { kind: 'status', status: 500, accepted: true },
      { answer: '5xx', reason: 'provider_error' },
    ],
    [
      'accepts, with status failed',
      { kind: 'messageStatus', status: 'failed' },
      { answer: '2xx', reason: 'provider_error' },
    ],
    [
      'redirects',
      { kind: 'redirect', location: 'http://127.0.0.1:1/' },
      { answer: '3xx', reason: undefined },
    ],
    ['never answers', { kind: 'hang', accepted: true }, { answer: 'no_answer', reason: undefined }],
    ['cuts its answer off', { kind: 'truncate' }, { answer: 'no_answer', reason: undefined }],
  ])('is told once when Twilio %s', async (_, fault, expected) => {
    const recorder = new Recorder();
    const host = await startWith(recorder, { maxAttempts: 1 });
    if (fault) simulator.faults.always(fault);
    await host.send(newPhone());
    expect(recorder.requests).toEqual([{ attempt: 1, durationMs: expect.any(Number), ...expected }]);
    expect(recorder.requests[0].durationMs).toBeGreaterThan(0);
  });

  it('is told when Twilio was not reached', async () => {
    const recorder = new Recorder();
    const host = await startWith(recorder, { maxAttempts: 1, baseUrl: 'http://127.0.0.1:1' });
    await host.send(newPhone());
    expect(recorder.requests).toMatchObject([{ attempt: 1, answer: 'unreachable' }]);
  });

  it('is told of every try of a send', async () => {
    const recorder = new Recorder();
    const host = await startWith(recorder, { timeoutMs: 10_000 });
    simulator.faults.next({ kind: 'status', status: 503, accepted: true }, 2);
    expect(await host.send(newPhone())).toBe('sent');
    expect(recorder.requests.map(({ attempt, answer }) => [attempt, answer])).toEqual([
      [1, '5xx'],
      [2, '5xx'],
      [3, '2xx'],
    ]);
  });

  it('learns of no phone and no code', async () => {
    const recorder = new Recorder();
    const host = await startWith(recorder);
    const phone = newPhone();
    await host.send(phone);
    await host.send(phone);
    expect(recorder.operations.length).toBeGreaterThan(1);
    const told = JSON.stringify([recorder.sends, recorder.requests, recorder.operations]);
    expect(told).not.toContain(phone.slice(1));
    expect(told).not.toContain(CODE);
  });
});

async function openRedis(observer: SmsObserver): Promise<RedisStorage> {
  const storage = new RedisStorage(new Secret(redisUrl()), [new Secret(TEST_SECRET)], observer);
  closers.push(() => storage.close());
  await storage.open();
  return storage;
}

async function openEmbedded(observer: SmsObserver): Promise<EmbeddedStorage> {
  const folder = await temporaryFolder();
  const storage = new EmbeddedStorage(folder, [new Secret(TEST_SECRET)], Date.now, observer);
  closers.push(async () => {
    await storage.close();
    await rm(folder, { recursive: true });
  });
  await storage.open();
  return storage;
}

describe('The observer of the store', () => {
  it('is told of a command to Redis that succeeds', async () => {
    const recorder = new Recorder();
    const storage = await openRedis(recorder);
    recorder.operations.length = 0;
    await storage.run((client) => client.ping());
    expect(recorder.operations).toEqual([{ store: 'redis', durationMs: expect.any(Number) }]);
  });

  it.each([
    ['READONLY', 'READONLY', 'READONLY'],
    ['OOM', 'OOM', 'OOM'],
    ['a word of its own', 'CANARY', 'other'],
  ])('is told the fault that Redis reports, from a closed set: %s', async (_, word, fault) => {
    const recorder = new Recorder();
    const storage = await openRedis(recorder);
    recorder.operations.length = 0;
    const script = `return redis.error_reply('${word} and more')`;
    // The caller and the log learn the word itself.
    await expect(storage.run((client) => client.eval(script, 0))).rejects.toMatchObject({ fault: word });
    expect(recorder.operations).toEqual([{ store: 'redis', durationMs: expect.any(Number), fault }]);
  });

  it('is told of a step of the embedded store, and of one that could not be written', async () => {
    const recorder = new Recorder();
    const storage = await openEmbedded(recorder);
    recorder.operations.length = 0;
    await storage.transact(({ now }) => now);
    const failing = storage.transact(() => {
      throw new Error('canary');
    });
    await expect(failing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(recorder.operations).toEqual([
      { store: 'embedded', durationMs: expect.any(Number) },
      { store: 'embedded', durationMs: expect.any(Number), fault: 'write failed' },
    ]);
  });
});

describe('An observer that fails', () => {
  const thrower = (): void => {
    throw new TypeError('canary');
  };
  /** An async method fits where one that returns nothing is asked for. */
  const rejecter = (): void => Promise.reject(new TypeError('canary')) as unknown as void;

  it.each([
    ['throws', thrower],
    ['rejects', rejecter],
  ])('(it %s) changes nothing about a send, and is logged once, without its text', async (_, fail) => {
    const host = await startWith({ send: fail, twilioRequest: fail, storeOperation: fail });
    expect(await host.send(newPhone())).toBe('sent');
    const phone = newPhone();
    expect(await host.send(phone)).toBe('sent');
    expect(await host.send(phone)).toBe('SMS_SEND_TOO_FREQUENTLY');
    expect(host.logger.errors).toEqual([{ event: 'sms.observer_failed', error: 'TypeError' }]);
  });
});
