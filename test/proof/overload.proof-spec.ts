import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { apiEnvironment, STORES } from '../support/api.js';
import { LoadClient, openLoop, type LoadAnswer } from '../support/load.js';
import { ReceivedMessages } from '../support/messages.js';
import { ApiProcess } from '../support/process.js';
import { counted, proved, tries } from '../support/proof.js';
import { newPhone, temporaryFolder } from '../support/stores.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const SENDS_AT_ONCE = 10;
const TWILIO_MS = 200;
const CAPACITY = (SENDS_AT_ONCE * 1_000) / TWILIO_MS;
const TIMES_CAPACITY = tries(5, 10);
const LOAD_MS = tries(3_000, 30_000);
/** A server that let calls pile up would need more, and die. */
const HEAP_MIB = 80;
const PROBE_INTERVAL_MS = 100;

let simulator: TwilioSimulator;
let way: TcpProxy & { url: string };
let folder: string;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  way = await TcpProxy.start(simulator.url);
  folder = await temporaryFolder();
});
afterAll(async () => {
  await way.close();
  await simulator.close();
  await rm(folder, { recursive: true });
});

/** Asks for the health of a server again and again. @returns the statuses of the answers */
async function probe(api: ApiProcess, until: Promise<unknown>): Promise<number[]> {
  let over = false;
  void until.finally(() => (over = true));
  const statuses: number[] = [];
  while (!over) {
    for (const path of ['/livez', '/readyz']) statuses.push((await api.get(path)).status);
    await sleep(PROBE_INTERVAL_MS);
  }
  return statuses;
}

describe.each(STORES)('A server that is asked for more than it can send, with a %s store', (store) => {
  it('sheds sends before they touch a limit, answers its probes, needs no more memory, and recovers', async () => {
    const environment = await apiEnvironment(simulator, store, {
      TWILIO_SMS_BASE_URL: new URL(way.url).origin,
      TWILIO_SMS_MAX_CONCURRENCY: String(SENDS_AT_ONCE),
      SERVER_SMS_MAX_SEND_COUNT: '1',
      NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`,
    });
    const api = await ApiProcess.start(environment, folder);
    const client = new LoadClient(api.url, 2_000);
    const [received, connections] = [new ReceivedMessages(simulator), way.connections];
    try {
      simulator.faults.always({ kind: 'delay', ms: TWILIO_MS });
      const began = performance.now();
      const load = openLoop(CAPACITY * TIMES_CAPACITY, LOAD_MS, () => client.send(newPhone()));
      const [answers, probes] = await Promise.all([load, probe(api, load)]);
      const seconds = (performance.now() - began) / 1_000;
      simulator.faults.clear();

      const sent = answers.filter(({ status }) => status === 201);
      const shed = answers.filter(({ code }) => code === 'SERVER_BUSY');
      expect(othersThan(sent, shed, answers)).toEqual([]);
      expect(shed.length).toBeGreaterThan(sent.length);
      expect(probes.filter((status) => status !== 200)).toEqual([]);
      expect(sent.filter(({ phone }) => received.to(phone).length !== 1)).toEqual([]);
      expect(received.count).toBe(sent.length);
      expect(way.connections - connections).toBeLessThanOrEqual(SENDS_AT_ONCE);

      const again = await Promise.all(shed.slice(0, SENDS_AT_ONCE).map(({ phone }) => client.send(phone)));
      expect(again.filter(({ status }) => status !== 201)).toEqual([]);
      const memory = await api.metric('process_resident_memory_bytes');
      const perSecond = Math.round(sent.length / seconds);
      proved({
        guarantees: [3],
        tries: `${counted(answers.length)} calls, ${TIMES_CAPACITY} times what can be sent (${store})`,
        faults: `Twilio takes ${TWILIO_MS} ms, ${SENDS_AT_ONCE} sends at a time; a heap of ${HEAP_MIB} MiB`,
        result:
          `${counted(sent.length)} sent (${perSecond} a second of ${CAPACITY} possible), ${counted(shed.length)} shed with SERVER_BUSY; ` +
          `of those ${again.length} tried afterwards, ${again.length} could be sent; ${probes.length} probes answered; ` +
          `${Math.round(memory / 2 ** 20)} MiB in memory at the end`,
      });
    } finally {
      await client.close();
      await api.stop();
      if (environment.DATA_PATH) await rm(environment.DATA_PATH, { recursive: true });
    }
  }, 120_000);
});

/** Answers of neither kind. */
function othersThan(sent: LoadAnswer[], shed: LoadAnswer[], answers: LoadAnswer[]): LoadAnswer[] {
  const known = new Set([...sent, ...shed]);
  return answers.filter((answer) => !known.has(answer));
}
