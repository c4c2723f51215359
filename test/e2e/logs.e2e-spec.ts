import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TwilioSimulator, type Fault } from '@app/twilio-simulator';
import { apiEnvironment, codeFor, STORES, wrongCode } from '../support/api.js';
import { ApiProcess } from '../support/process.js';
import { newPhone, temporaryFolder } from '../support/stores.js';

const FAULTS: readonly Fault[] = [
  { kind: 'status', status: 400, code: 21211 },
  { kind: 'reset', accepted: true },
];

let simulator: TwilioSimulator;
let folder: string;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  folder = await temporaryFolder();
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

it.each(STORES)(
  'a line about a send or a check has its outcome, its request, how long it took and the masked phone (%s)',
  async (store) => {
    const environment = await apiEnvironment(simulator, store, {
      LOG_LEVEL: 'info',
      TWILIO_SMS_TIMEOUT_MS: '1000',
    });
    const api = await ApiProcess.start(environment, folder);
    try {
      for (const fault of [undefined, ...FAULTS]) {
        const phone = newPhone();
        if (fault) simulator.faults.always(fault);
        const { body } = await api.send(phone);
        simulator.faults.clear();
        if (typeof body.id !== 'string') continue;
        const code = codeFor(simulator, phone);
        await api.check(body.id, wrongCode(code));
        await api.check(body.id, code);
        await api.send(phone);
      }
    } finally {
      await api.stop();
      if (environment.DATA_PATH) await rm(environment.DATA_PATH, { recursive: true });
    }
    const events = eventsIn(api.output());
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

interface LogLine {
  event?: string;
  outcome?: string;
  requestId?: string;
  durationMs?: number;
  phone?: string;
}
