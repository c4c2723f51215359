import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { apiEnvironment } from '../support/api.js';
import { Callers, type Call } from '../support/callers.js';
import { ReceivedMessages } from '../support/messages.js';
import { violationsOf, type LimitsInForce } from '../support/oracle.js';
import { ApiProcess, runApi } from '../support/process.js';
import { between, counted, isLong, progress, proved, seeded, tries } from '../support/proof.js';
import { temporaryFolder } from '../support/stores.js';

/** The send that a crash interrupts counts for this long, and then the cooldown. */
const TIMEOUT_MS = 1_000;
const LIMITS: LimitsInForce = { cooldownMs: 3_000, sends: 3, attempts: 3, failedChecks: 5 };
const CALLERS = 8;
const LONGEST_PAUSE_MS = 60;
/** Calls that are all asked a moment before a kill. */
const BURST = 10;
const LONGEST_BURST_MS = 30;
const LONGEST_START_MS = 1_500;

let simulator: TwilioSimulator;
let received: ReceivedMessages;
let folder: string;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  received = new ReceivedMessages(simulator);
  folder = await temporaryFolder();
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

/** Processes on one data folder that are under load, and killed again and again. */
class Deployment {
  readonly callers: Callers;
  kills = 0;
  killsWhileStarting = 0;
  inFlight = 0;
  private apis: ApiProcess[] = [];
  private closed = false;

  constructor(
    private readonly environment: Record<string, string>,
    private readonly processes: number,
    private readonly random: () => number,
  ) {
    this.callers = new Callers(received, random);
  }

  async killUpTo(kills: number): Promise<void> {
    await this.startMissing();
    const load = Array.from({ length: CALLERS }, () => this.call());
    while (this.kills < kills) {
      progress(`kills: ${this.kills} of ${kills}, in each of several places`);
      await sleep(between(20, 400, this.random));
      await this.killSome();
      if (this.random() < 0.4) await this.killWhileStarting();
      const [started] = await this.startMissing();
      await this.callers.askAgain(started, Date.now() - LIMITS.cooldownMs);
    }
    this.closed = true;
    await Promise.all(load);
    await this.callers.checkAll(this.apis[0]);
    await Promise.all(this.apis.map((api) => api.stop()));
  }

  /** One caller after the other, for as long as there is somebody to call. */
  private async call(): Promise<void> {
    while (!this.closed) {
      const api = this.apis[between(0, this.apis.length, this.random)];
      if (api) await this.callers.act(api);
      await sleep(between(0, LONGEST_PAUSE_MS, this.random));
    }
  }

  /** All of them, or one while the others go on. */
  private async killSome(): Promise<void> {
    const all = this.processes === 1 || this.random() < 0.3;
    const victims = all ? this.apis : [this.apis[between(0, this.apis.length, this.random)]];
    const burst = victims.flatMap((api) => Array.from({ length: BURST }, () => this.callers.act(api)));
    // An answer that comes before what it says is kept would be caught by a kill at that moment.
    if (this.random() < 0.5) await Promise.race(burst);
    else await sleep(between(0, LONGEST_BURST_MS, this.random));
    this.apis = this.apis.filter((api) => !victims.includes(api));
    for (const victim of victims) {
      this.inFlight += this.callers.inFlightAt(victim);
      this.kills += 1;
    }
    await Promise.all(victims.map((victim) => victim.stop('SIGKILL')));
    await Promise.all(burst);
  }

  private async killWhileStarting(): Promise<void> {
    const killAfterMs = between(0, LONGEST_START_MS, this.random);
    const environment = { PORT: '0', ...this.environment }; // the other deployments start some, too
    const { signal, output } = await runApi(environment, folder, { killAfterMs });
    if (signal !== 'SIGKILL') throw new Error(`It ended by itself:\n${output}`);
    this.kills += 1;
    this.killsWhileStarting += 1;
  }

  private async startMissing(): Promise<ApiProcess[]> {
    const started = await ApiProcess.startAll(this.processes - this.apis.length, this.environment, folder);
    this.apis.push(...started);
    return started;
  }
}

/** One deployment for each number of processes, all at the same time. */
async function killed(
  processes: readonly number[],
  kills: number,
  random: () => number,
): Promise<Deployment[]> {
  return Promise.all(
    processes.map(async (count) => {
      const environment = await apiEnvironment(simulator, 'embedded', {
        LOG_LEVEL: 'info',
        TWILIO_SMS_TIMEOUT_MS: String(TIMEOUT_MS),
        SERVER_SMS_COOLDOWN_SECONDS: String(LIMITS.cooldownMs / 1_000),
        SERVER_SMS_MAX_SEND_COUNT: String(LIMITS.sends),
        SERVER_SMS_MAX_CHECK_ATTEMPTS: String(LIMITS.attempts),
        SERVER_SMS_MAX_FAILED_CHECKS: String(LIMITS.failedChecks),
      });
      const deployment = new Deployment(environment, count, random);
      await deployment.killUpTo(Math.ceil(kills / processes.length));
      await rm(environment.DATA_PATH, { recursive: true });
      return deployment;
    }),
  );
}

function callsOf(deployments: readonly Deployment[]): Call[] {
  return deployments.flatMap(({ callers }) => callers.calls);
}

describe('An API on the embedded store that is killed at random moments, under load', () => {
  it(
    'starts again each time, forgets no limit, and accepts no code twice',
    () =>
      seeded('kills', async (random) => {
        const kills = tries(6, 300);
        const deployments = await killed(isLong ? [1, 1, 2] : [1, 2], kills, random);
        const calls = callsOf(deployments);
        expect(violationsOf(calls, received, LIMITS)).toEqual([]);
        const answered = (status: number): number =>
          calls.filter(({ answer }) => answer?.status === status).length;
        const sum = (of: (deployment: Deployment) => number): number =>
          deployments.reduce((total, deployment) => total + of(deployment), 0);
        const unanswered = calls.filter(({ answer }) => !answer).length;
        expect(sum(({ kills: done }) => done)).toBeGreaterThanOrEqual(kills);
        expect(unanswered).toBeGreaterThan(kills / 2); // the kills hit calls that were under way
        proved({
          guarantees: [1, 2, 6],
          tries: `${counted(sum((one) => one.kills))} SIGKILLs, ${counted(sum((one) => one.killsWhileStarting))} of them during start-up, with ${counted(sum((one) => one.inFlight))} calls in flight; one process on a folder, and two`,
          faults: 'SIGKILL at a random moment or upon an answer, of one process or of all',
          result: `every start-up worked; ${counted(calls.length)} calls, ${counted(answered(201))} sent, ${counted(answered(429))} refused by a limit, ${counted(answered(200))} codes accepted, none twice; ${counted(unanswered)} calls lost their answer; no limit forgotten`,
        });
      }),
    tries(120_000, 1_800_000),
  );
});
