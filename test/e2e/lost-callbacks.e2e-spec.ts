import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { SmsStorage } from '@app/sms/internals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { AppModule } from '../../apps/api/src/app.module.js';
import { loadParameters } from '../../apps/api/src/config/load-parameters.js';
import { JsonLogger } from '../../apps/api/src/logging/json.logger.js';
import { CheckingService } from '../../apps/api/src/verification/checking.service.js';
import { SendingService } from '../../apps/api/src/verification/sending.service.js';
import { apiEnvironment, codeFor, STORES, type StoreKind } from '../support/api.js';
import { embeddedUnderTest, newPhone, redisUnderTest, type StorageUnderTest } from '../support/stores.js';

const CALLER = { requestId: 'a request', account: 'test' };
const QUIET_MS = 15_000;

let simulator: TwilioSimulator;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
});
afterAll(() => simulator.close());

const asked = (): number => simulator.requests.filter(({ method }) => method === 'GET').length;

describe.each(STORES)('A message of which nothing is heard, on the %s store', (store: StoreKind) => {
  let app: TestingModule;
  let under: StorageUnderTest & { folder?: string };
  let checking: CheckingService;
  let id: string;
  let sid: string;
  let phone: string;

  beforeEach(async () => {
    under = store === 'redis' ? await redisUnderTest() : await embeddedUnderTest();
    const environment = await apiEnvironment(simulator, 'redis');
    const { parameters } = loadParameters({ environment, envFile: '/nonexistent/.env' });
    app = await Test.createTestingModule({ imports: [AppModule.with(parameters)] })
      .overrideProvider(SmsStorage)
      .useValue(under.storage)
      .setLogger(new JsonLogger('silent'))
      .compile();
    checking = app.get(CheckingService);
    phone = newPhone();
    ({ id } = await app.get(SendingService).start({ phone, purpose: 'login' }, CALLER));
    sid = simulator.inbox.latest(phone)!.id;
  });
  afterEach(async () => {
    await app.close();
    if (under.folder) await rm(under.folder, { recursive: true });
  });

  it('is asked about at Twilio when someone looks, once in a while and not more often', async () => {
    simulator.move(sid, 'sent');
    const before = asked();
    expect(await checking.find(id, CALLER.requestId)).toMatchObject({ delivery: 'queued' });
    await under.advance(QUIET_MS - 1);
    expect(await checking.find(id, CALLER.requestId)).toMatchObject({ delivery: 'queued' });
    expect(asked() - before).toBe(0);
    await under.advance(1);
    const views = await Promise.all(Array.from({ length: 20 }, () => checking.find(id, CALLER.requestId)));
    expect(asked() - before).toBe(1);
    expect(new Set(views.map(({ delivery }) => delivery))).toContain('sent');
    expect(await checking.find(id, CALLER.requestId)).toMatchObject({ delivery: 'sent' });

    simulator.move(sid, 'undelivered', 30005);
    await under.advance(QUIET_MS);
    expect(await checking.find(id, CALLER.requestId)).toMatchObject({
      delivery: 'undelivered',
      deliveryReason: expect.stringContaining('30005'),
    });
    await under.advance(QUIET_MS);
    await checking.find(id, CALLER.requestId);
    expect(asked() - before).toBe(2); // it is at its end
  });

  it('stays as it is known while Twilio does not answer, and its code is as good as before', async () => {
    await under.advance(QUIET_MS);
    simulator.move(sid, 'delivered');
    simulator.faults.nextFetch({ kind: 'status', status: 503 });
    expect(await checking.find(id, CALLER.requestId)).toMatchObject({
      delivery: 'queued',
      status: 'pending',
    });
    simulator.faults.nextFetch({ kind: 'reset', accepted: false });
    await under.advance(QUIET_MS);
    expect(await checking.find(id, CALLER.requestId)).toMatchObject({
      delivery: 'queued',
      status: 'pending',
    });
    await under.advance(QUIET_MS);
    expect(await checking.find(id, CALLER.requestId)).toMatchObject({ delivery: 'delivered' });
    expect(await checking.check(id, codeFor(simulator, phone), CALLER)).toMatchObject({
      status: 'approved',
    });
  });
});
