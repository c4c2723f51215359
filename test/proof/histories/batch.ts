import { setTimeout as sleep } from 'node:timers/promises';
import { newPhone } from '../../support/stores.js';
import { wrongCode } from '../../support/api.js';
import { Chance } from './chance.js';
import type { Deployment, Member } from './deployment.js';
import { disturb, twilioFaults } from './faults.js';
import type { History } from './history.js';
import { HistoryRecorder, type SentCode } from './history.recorder.js';

export interface BatchOptions {
  readonly phones: number;
  readonly seed: number;
  /** Whether the processes and their ways to the store fail now and then. Twilio always does. */
  readonly disturbed: boolean;
  /** Whether Twilio mostly says no, so that what was reserved is given back again and again. */
  readonly mostlyRefused?: boolean;
}

export interface Batch {
  readonly histories: readonly History[];
  /** What went wrong with processes, each time. */
  readonly disturbances: readonly string[];
}

/** Phones whose calls are under way at the same time. */
const PHONES_AT_ONCE = 40;
/** For a message whose sender gave it up to be read by the simulator. */
const LATE_MESSAGE_MS = 200;
const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Histories of many phones at the same time: in each phase some calls for each phone at once, over all processes; then
 * some time passes, often up to the very millisecond at which something ends.
 */
export async function recordBatch(
  deployment: Deployment,
  { phones, seed, disturbed, mostlyRefused }: BatchOptions,
): Promise<Batch> {
  const chance = new Chance(seed);
  const recorders = Array.from({ length: phones }, () => new HistoryRecorder(newPhone(), deployment));
  const byPhone = new Map(recorders.map((recorder) => [recorder.phone, recorder]));
  deployment.simulator.faults.choose(({ to, body }) => {
    const [, process, code] = /^Process (\d+): your code is (\d+)$/.exec(body) ?? [];
    return byPhone.get(to)?.asked(Number(process), code);
  });

  const disturbances: string[] = [];
  const phaseStarts: number[] = [];
  for (let phase = 0, phases = 5 + chance.upTo(2); phase < phases; phase += 1) {
    phaseStarts.push(deployment.clock.nowMs);
    const calls = recorders.map((recorder) =>
      callsOf(recorder, deployment, phase, chance.fork(), mostlyRefused),
    );
    const disturbing = disturbed && chance.of(0.6) ? disturb(deployment, chance.fork()) : undefined;
    const advancing = chance.of(0.5) ? advanceMeanwhile(deployment, chance.fork()) : undefined;
    await inTurns(calls, PHONES_AT_ONCE);
    await advancing;
    const disturbance = await disturbing;
    if (disturbance) disturbances.push(disturbance);
    if (recorders.some(({ isWaiting }) => isWaiting)) await sleep(LATE_MESSAGE_MS);
    await deployment.advance(pause(chance, deployment, phaseStarts));
  }
  deployment.simulator.faults.clear();
  return { histories: recorders.map((recorder) => recorder.history()), disturbances };
}

/** The calls of one phone in one phase, all at once. */
function callsOf(
  recorder: HistoryRecorder,
  { members }: Deployment,
  phase: number,
  chance: Chance,
  mostlyRefused: boolean | undefined,
): () => Promise<void> {
  return async () => {
    const order = chance.shuffled(members.filter(({ isDown }) => !isDown));
    const latest = chance.of(0.75) ? recorder.codes.at(-1) : chance.pick(recorder.codes);
    const calls: Promise<void>[] = [];
    const sends = latest && chance.of(0.45) ? 0 : 1 + (chance.of(0.4) ? chance.upTo(order.length - 1) : 0);
    for (const member of order.slice(0, sends)) {
      calls.push(recorder.send(member, twilioFaults(chance, mostlyRefused)));
    }
    if (latest && phase > 0) calls.push(...guesses(recorder, latest, order, chance));
    await Promise.all(calls);
  };
}

function guesses(
  recorder: HistoryRecorder,
  sent: SentCode,
  members: readonly Member[],
  chance: Chance,
): Promise<void>[] {
  const wrong = (): string => {
    const other = chance.pick(recorder.codes);
    return other !== sent && other.code !== sent.code && chance.of(0.3) ? other.code : wrongCode(sent.code);
  };
  const entered = chance.pick<string[]>([
    [],
    [sent.code],
    [sent.code, sent.code],
    [sent.code, wrong()],
    [wrong()],
    [wrong(), wrong()],
    [wrong(), wrong(), wrong()],
  ]);
  const calls = entered.map((code) => recorder.check(chance.pick(members), sent, code));
  if (chance.of(0.25)) calls.push(recorder.status(chance.pick(members), chance.pick(recorder.codes)));
  return calls;
}

/** Time passes while calls are under way. */
async function advanceMeanwhile(deployment: Deployment, chance: Chance): Promise<void> {
  const { sendMs, cooldownMs } = deployment.options.limits;
  for (let times = 1 + chance.upTo(2); times > 0; times -= 1) {
    await sleep(chance.upTo(300));
    const ms = chance.of(0.8) ? [1, 10, 500] : [sendMs - 1, sendMs, cooldownMs, cooldownMs + sendMs];
    await deployment.advance(chance.pick(ms));
  }
}

/** How long until the next phase: often to the edge of something that began with an earlier one. */
function pause(chance: Chance, { clock, options }: Deployment, phaseStarts: readonly number[]): number {
  const { cooldownMs, sendMs, codeLifeMs } = options.limits;
  const lengths = [cooldownMs, cooldownMs, sendMs + cooldownMs, sendMs + 5_000, codeLifeMs, HOUR_MS, DAY_MS];
  const end = chance.pick(phaseStarts) + chance.pick(lengths) + chance.pick([-1, 0, 1]);
  if (chance.of(0.2) || end < clock.nowMs) return chance.pick([0, 1, cooldownMs, cooldownMs + 1]);
  return end - clock.nowMs;
}

async function inTurns(work: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  const queue = work.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const next of queue) await next();
    }),
  );
}
