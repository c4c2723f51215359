import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TwilioSimulator } from '@app/twilio-simulator';
import { STORES, type StoreKind } from '../support/api.js';
import { counted, isLong, newSeed, progress, proved, tries } from '../support/proof.js';
import { VirtualClock } from '../support/virtual-clock.js';
import { recordBatch, type BatchOptions } from './histories/batch.js';
import { describeCounterexample } from './histories/counterexample.js';
import { Deployment, type DeploymentOptions } from './histories/deployment.js';
import type { History } from './histories/history.js';
import { checkHistory, isCounterexample, isUndecided, type Verdict } from './histories/history.check.js';
import type { Limits } from './histories/phone.model.js';
import { Tally } from './histories/tally.js';

const LIMITS: readonly Limits[] = [
  { sendsPerDay: 3, cooldownMs: 60_000, guessesPerCode: 3, wrongGuessesPerDay: 6 },
  { sendsPerDay: 2, cooldownMs: 0, guessesPerCode: 5, wrongGuessesPerDay: 4 },
  { sendsPerDay: 5, cooldownMs: 5_000, guessesPerCode: 1, wrongGuessesPerDay: 3 },
  { sendsPerDay: 1, cooldownMs: 0, guessesPerCode: 3, wrongGuessesPerDay: 6 },
].map((limits) => ({ ...limits, sendMs: 1_000, codeLifeMs: 600_000 }));
/** With these Twilio mostly says no. */
const OFTEN_RETURNED = LIMITS[3];

const HISTORIES = tries(80, 10_000);
const PHONES_PER_BATCH = tries(40, 400);
/** Of the first batch of the short form, which is the same each time. */
const FIXED_SEED = 5;
const COMMAND = isLong ? 'npm run prove -- histories' : 'npm test -- histories.proof';

let simulator: TwilioSimulator;
let clock: VirtualClock;
beforeAll(async () => {
  simulator = await TwilioSimulator.start();
  clock = await VirtualClock.start();
});
afterAll(async () => {
  await clock.close();
  await simulator.close();
});

async function withDeployment(
  options: DeploymentOptions,
  work: (deployment: Deployment) => Promise<void>,
): Promise<void> {
  const deployment = await Deployment.start(options, simulator, clock);
  try {
    await work(deployment);
  } finally {
    await deployment.stop();
  }
}

/** Histories that the model of a phone does not explain. */
async function counterexamples(
  deployment: Deployment,
  options: BatchOptions,
  tally: Tally,
): Promise<{ history: History; verdict: Verdict }[]> {
  const { histories, disturbances } = await recordBatch(deployment, options);
  tally.count(histories, disturbances);
  const checked = histories.map((history) => ({ history, verdict: checkHistory(history) }));
  return checked.filter(({ verdict }) => isCounterexample(verdict));
}

describe.each(STORES)('4 processes on a %s store', (store) => {
  it(
    'give no phone a history that its limits and the life of its codes do not allow',
    async () => {
      const seed = newSeed();
      const tally = new Tally();
      // The short form takes one of them, the long form all.
      const limitsInTurn = isLong ? LIMITS : [LIMITS[seed % LIMITS.length]];
      for (const [turn, limits] of limitsInTurn.entries()) {
        await withDeployment({ store, processes: 4, limits }, async (deployment) => {
          const until = Math.ceil((HISTORIES * (turn + 1)) / limitsInTurn.length);
          while (tally.histories < until) {
            const phones = Math.min(PHONES_PER_BATCH, until - tally.histories);
            const isFixed = !isLong && tally.histories === 0;
            const batch = {
              phones,
              seed: isFixed ? FIXED_SEED : seed + tally.histories,
              disturbed: true,
              mostlyRefused: limits === OFTEN_RETURNED,
            };
            const [found] = await counterexamples(deployment, batch, tally);
            progress(`histories on ${nameOf(store)}: ${counted(tally.histories)} of ${counted(HISTORIES)}`);
            if (!found) continue;
            const described = describeCounterexample(found.history, found.verdict);
            throw new Error(`${described}\nRun it again:      PROOF_SEED=${seed} ${COMMAND}`);
          }
        });
      }
      if (limitsInTurn.includes(OFTEN_RETURNED)) expect(tally.returnsUsedUp).toBeGreaterThan(0);
      expect(tally.answers).toEqual(
        expect.arrayContaining([
          'send 201',
          'send 422 SMS_SEND_FAILED',
          'send 502 SMS_SEND_FAILED',
          'send 503 SMS_CONNECTION_FAILED',
          'check 200',
          'check 410 SMS_CODE_EXPIRED',
          'check 422 SMS_CODE_ERROR',
          'status 200',
        ]),
      );
      proved({
        guarantees: [1, 2, 3, 4, 5, 6, 7, 9],
        tries: `${counted(tally.histories)} histories of one phone each, made by 4 processes on ${nameOf(store)}, with time standing still or passing up to the millisecond at which something ends`,
        faults: tally.faults,
        result: `no counterexample; ${tally.told}`,
      });
    },
    isLong ? 1_200_000 : 120_000,
  );
});

function nameOf(store: StoreKind): string {
  return store === 'redis' ? 'one Redis' : 'one embedded store';
}

const BROKEN: readonly { store: StoreKind; name: string; broken: string }[] = [
  { store: 'redis', name: 'reads a limit, decides, and writes it back', broken: 'read-then-write' },
  { store: 'redis', name: 'gives any unit back after a failed send', broken: 'any-unit-returned' },
  { store: 'redis', name: 'compares a code, and uses it up later', broken: 'compare-then-consume' },
  { store: 'embedded', name: 'has transactions that are not isolated', broken: 'without-isolation' },
];

/** Whether two processes meet in the few histories of the short form is a matter of luck. */
const MOST_BATCHES = 5;

describe('2 processes on a store', () => {
  // The short form takes one for each kind of store.
  it.each(isLong ? BROKEN : [BROKEN[0], BROKEN[3]])(
    'that $name ($store) are found out by their histories',
    async ({ store, broken }) => {
      const tally = new Tally();
      await withDeployment(
        { store, processes: 2, limits: LIMITS[0], patches: [`broken-stores/${broken}`] },
        async (deployment) => {
          let found: unknown[] = [];
          for (let batches = 0; batches < MOST_BATCHES && found.length === 0; batches += 1) {
            const batch = { phones: tries(40, 1_200), seed: newSeed(), disturbed: false };
            const all = await counterexamples(deployment, batch, tally);
            found = all.filter(({ verdict }) => !isUndecided(verdict));
          }
          expect(found.length).toBeGreaterThan(0);
          proved({
            guarantees: [],
            tries: `${counted(tally.histories)} histories of a store that is broken on purpose`,
            faults: tally.faults,
            result: `${counted(found.length)} counterexamples, as there should be`,
          });
        },
      );
    },
    120_000,
  );
});
