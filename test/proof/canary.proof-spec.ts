import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import * as library from '@app/sms';
import { Secret, SmsService } from '@app/sms';
import { STORES } from '../support/api.js';
import { Canaries } from '../support/canaries.js';
import { printedDeep } from '../support/printed.js';
import { patch } from '../support/process.js';
import { counted, proved } from '../support/proof.js';
import {
  damagedStoreAndUnreachableTwilio,
  redisFaults,
  reflectingGateway,
  startsThatFail,
  stopInTheMiddle,
  twilioConnectionFaults,
  twilioFaults,
} from './canary/faults.js';
import {
  callbacks,
  hostileRequests,
  idempotentSends,
  publishedPages,
  verification,
  wrongApiKeys,
} from './canary/requests.js';
import { CanaryScenario } from './canary/scenario.js';

const scenarios: CanaryScenario[] = [];
afterEach(async () => {
  for (const scenario of scenarios.splice(0)) await scenario.cleanUp();
});

async function scenarioOn(...given: Parameters<typeof CanaryScenario.create>): Promise<CanaryScenario> {
  const scenario = await CanaryScenario.create(...given);
  scenarios.push(scenario);
  return scenario;
}

/** Error codes that the faults and the requests have to provoke, else they were not what they are meant to be. */
const PROVOKED = [
  'SMS_SEND_FAILED',
  'SMS_CONNECTION_FAILED',
  'SMS_SEND_TOO_FREQUENTLY',
  'SMS_CODE_ERROR',
  'SMS_CODE_EXPIRED',
  'PHONE_FORMAT_ERROR',
  'VERIFICATION_NOT_FOUND',
  'IDEMPOTENCY_KEY_REUSED',
  'VALIDATION_FAILED',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
];

it('no log line, answer, metric or byte of the store holds a code, a credential or a full number, whatever goes wrong', async () => {
  const ran = await Promise.all(STORES.map((store) => scenarioOn(store)));
  await Promise.all(
    ran.map(async (scenario, index) => {
      await scenario.start();
      await verification(scenario);
      await idempotentSends(scenario);
      await wrongApiKeys(scenario);
      await hostileRequests(scenario);
      await callbacks(scenario);
      await twilioFaults(scenario);
      await reflectingGateway(scenario);
      await twilioConnectionFaults(scenario);
      await publishedPages(scenario);
      await scenario.dumpStore();
      await redisFaults(scenario);
      const pending = await scenario.send();
      await stopInTheMiddle(scenario);
      await startsThatFail(scenario);
      await damagedStoreAndUnreachableTwilio(scenario, pending);
      await scenario.dumpStore();
      await scenario.learnDataKey();

      expect(scenario.findings()).toEqual({});
      const expected = STORES[index] === 'redis' ? [...PROVOKED, 'STORE_UNAVAILABLE'] : PROVOKED;
      expect([...scenario.codes]).toEqual(expect.arrayContaining(expected));
      expect(scenario.forgedLines()).toEqual([]);
    }),
  );
  const sum = (of: (scenario: CanaryScenario) => number): number =>
    ran.reduce((total, one) => total + of(one), 0);
  proved({
    guarantees: [8],
    tries: `${counted(sum(({ canaries }) => canaries.size))} secrets, codes and numbers, searched for raw, in hex, in base64 at any place, URL-encoded and hashed, in ${counted(sum(({ bytes }) => bytes))} bytes of logs, answers, metrics and store, with every switch for debugging on`,
    faults: `${counted(sum(({ faults }) => faults))} on Redis and on the embedded store: Twilio, a gateway that reflects what it is sent, Redis, damaged records, hostile requests, forged callbacks, wrong configuration, an end in the middle, an error that nobody catches`,
    result: `found ${sum((one) => Object.keys(one.findings()).length)}`,
  });
}, 240_000);

it.each(STORES)(
  'no object of the API or of the library prints a code, a credential or a full number (%s)',
  async (store) => {
    const scenario = await scenarioOn(store, { LOG_LEVEL: 'silent' });
    const app = await scenario.startHere();
    await verification(scenario);
    await idempotentSends(scenario);
    await callbacks(scenario);
    await twilioFaults(scenario);
    await reflectingGateway(scenario);

    let objects = 0;
    const print = (name: string, object: unknown): void => {
      objects += 1;
      scenario.print(name, object);
    };
    for (const { name: module, providers, controllers, injectables } of app.get(ModulesContainer).values()) {
      for (const { name, instance } of [providers, controllers, injectables].flatMap((kind) => [
        ...kind.values(),
      ])) {
        print(`${module} ${String(name)}`, instance);
      }
    }
    for (const [name, exported] of Object.entries(library)) print(`export ${name}`, exported);
    const service = app.get(SmsService);
    const phone = scenario.newPhone();
    for (const [given, code] of [
      [phone, 'no code'],
      [`${phone} `, '0123456789'],
      [phone, '0123456789'],
      [`${phone}x`, '0123456789'],
    ]) {
      const error = await service.sendVerificationCodeSms(given, code).then(
        (receipt) => ({ ...receipt, to: '' }), // its caller knows the number
        (thrown: unknown) => thrown,
      );
      print('receipts and errors', error);
    }

    expect(scenario.findings()).toEqual({});
    proved({
      guarantees: [8],
      tries: `${counted(objects)} objects of a running API on the ${store} store, as text, as JSON and as a debugger shows them, after sends and failures: every provider and controller of Nest, and every export of the library`,
      faults: `${counted(scenario.faults)} of Twilio and of a gateway that reflects what it is sent`,
      result: `none of ${counted(scenario.canaries.size)} secrets, codes and numbers in ${counted(scenario.bytes)} bytes`,
    });
  },
  60_000,
);

describe('The search', () => {
  it('finds what the error object of an HTTP client would print, were it logged', async () => {
    const scenario = await scenarioOn('embedded', { NODE_OPTIONS: patch('print-http-errors') });
    await scenario.start();
    await twilioFaults(scenario);
    await scenario.stop();
    expect(scenario.findings()).toEqual({
      'standard output and error': ['account and token', 'auth token', 'code', 'phone'],
    });
  });

  it('finds the code, were a message logged', async () => {
    const scenario = await scenarioOn('embedded', { NODE_OPTIONS: patch('print-messages') });
    await scenario.start();
    await verification(scenario);
    await scenario.stop();
    expect(scenario.findings()).toEqual({ 'standard output and error': ['code'] });
  });

  it('finds what an object holds at any depth, unless the object prints otherwise', () => {
    const canaries = new Canaries();
    canaries.add('password', 'p/s+w:rd?!');
    const holder = { password: 'p/s+w:rd?!' };
    const hidden = Object.defineProperty({}, 'hidden', { value: holder, enumerable: false });
    const bySymbol = { [Symbol('client')]: holder };
    for (const printed of [
      new Map([['client', new Set([bySymbol])]]),
      hidden,
      new Error('x', { cause: Object.assign(() => undefined, holder) }),
      Buffer.from('xp/s+w:rd?!'),
    ]) {
      const shown = printedDeep({ deep: { down: [printed] } }).join('\n');
      expect(canaries.foundIn(shown)).toEqual(['password']);
    }
    expect(canaries.foundIn(printedDeep(new Secret('p/s+w:rd?!')).join('\n'))).toEqual([]);
  });

  it('finds a value in each form that programs print, at any place of a longer text', () => {
    const canaries = new Canaries();
    canaries.add('password', 'p/s+w:rd?!');
    canaries.addPhone('+8613012345678');
    canaries.addCode('0123456789', '+8613012345678');
    for (const before of ['', 'x', 'xy', 'xyz']) {
      for (const [name, value] of [
        ['password', 'p/s+w:rd?!'],
        ['phone', '+8613012345678'],
        ['phone', '13012345678'],
        ['code', '0123456789'],
      ]) {
        const bytes = Buffer.from(`${before}${value}${before}`);
        for (const printed of [
          bytes.toString(),
          encodeURIComponent(bytes.toString()),
          bytes.toString('hex'),
          bytes.toString('hex').toUpperCase(),
          inspect(bytes),
          bytes.toString('base64'),
          bytes.toString('base64url'),
        ]) {
          expect([printed, canaries.foundIn(`before ${printed} after`)]).toEqual([printed, [name]]);
        }
      }
    }
    const hash = createHash('sha256').update('+86130123456780123456789').digest();
    for (const printed of [hash, hash.toString('hex'), hash.toString('base64')]) {
      expect(canaries.foundIn(printed)).toEqual(['hash of a code']);
    }
    expect(canaries.foundIn('13012345679 012345678 p/s+w:rd?')).toEqual([]);
  });
});
