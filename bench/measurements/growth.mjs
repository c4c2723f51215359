// npm run bench -- growth: what becomes of the cost as phones, requests under way and processes grow.
import { contestantCalled } from '../harness/contestants.mjs';
import { Contestant } from '../harness/contestant.mjs';
import { measuredCores } from '../harness/cores.mjs';
import { closedLoop, during, times } from '../harness/load.mjs';
import { World } from '../harness/world.mjs';
import { fill, recordsOfOnePhone } from './many-phones.mjs';
import { measureLoad } from './round.mjs';

const PLAN = {
  rounds: 3,
  warmUp: 8_000,
  operations: 8_000,
  slowMs: 3_000,
  phones: [1_000, 100_000, 1_000_000],
  latenciesMs: [0, 100, 500],
  inFlight: [1, 10, 100, 500, 1_000, 2_000],
  processes: [1, 2, 4],
};
const QUICK = {
  ...PLAN,
  rounds: 1,
  warmUp: 2_000,
  operations: 2_000,
  slowMs: 1_000,
  phones: [1_000, 100_000],
};
const CALLERS = 50;
/** So that the first and the last answers, when fewer are under way, hardly count. */
const LATENCIES = 20;

/** @param say told what happens */
export async function measureGrowth({ quick, phones, ...numbers }, say) {
  const plan = { ...(quick ? QUICK : PLAN), ...(phones && { phones: [1_000, phones] }), ...numbers };
  const kind = contestantCalled('ours-redis');
  const world = await World.start();
  try {
    return {
      plan,
      contestant: kind.what,
      redisVersion: await world.redis.version(),
      measuredCores,
      phones: await byPhones(kind, world, plan, say),
      inFlight: await byInFlight(kind, world, plan, say),
      processes: await byProcesses(kind, world, plan, say),
    };
  } finally {
    await world.stop();
  }
}

/** Each round fills the same Redis further and further, with a fresh process for each step. */
async function byPhones(kind, world, plan, say) {
  const results = plan.phones.map((phones) => ({ phones, rounds: [] }));
  for (let round = 1; round <= plan.rounds; round += 1) {
    const records = await recordsOfOnePhone(kind, world);
    await world.reset();
    let filled = 0;
    for (const result of results) {
      await fill(world.redis, records, filled, result.phones);
      filled = result.phones;
      const { usedBytes } = await world.redis.usage();
      const contestant = await Contestant.start(kind, world);
      try {
        result.rounds.push({ ...(await measureLoad(contestant, plan)), redisBytes: usedBytes });
      } finally {
        await contestant.stop();
      }
      const [send, check] = [result.rounds.at(-1).send, result.rounds.at(-1).check];
      say(
        `round ${round} of ${plan.rounds}, ${result.phones} phones: ${send.cpuMicroseconds.toFixed(0)} us per send, ` +
          `${check.cpuMicroseconds.toFixed(0)} us per check`,
      );
    }
  }
  return results;
}

async function byInFlight(kind, world, plan, say) {
  const most = Math.max(...plan.inFlight);
  const results = [];
  for (const latencyMs of plan.latenciesMs) {
    await world.reset();
    const contestant = await Contestant.start(kind, world, { TWILIO_SMS_MAX_CONCURRENCY: String(most) });
    try {
      await closedLoop(contestant, times(contestant.sends(), plan.warmUp), CALLERS);
      world.twilio.latencyMs = latencyMs;
      for (const inFlight of plan.inFlight) {
        const forMs = Math.max(plan.slowMs, LATENCIES * latencyMs);
        const load = (milliseconds) =>
          closedLoop(contestant, during(contestant.sends(), milliseconds), inFlight, { mayRefuse: true });
        await load(forMs / 4); // opens the connections to Twilio
        const result = await load(forMs);
        results.push({ latencyMs, inFlight, ...result });
        say(`Twilio at ${latencyMs} ms, ${inFlight} in flight: ${result.perSecond.toFixed(0)} sends/s`);
      }
    } finally {
      await contestant.stop();
    }
  }
  return results;
}

async function byProcesses(kind, world, plan, say) {
  const results = [];
  for (const processes of plan.processes) {
    await world.reset();
    const contestants = await Promise.all(
      Array.from({ length: processes }, (_, core) => Contestant.start(kind, world, {}, core)),
    );
    const each = async (requestsOf) => {
      const cpuBefore = cpuOf(contestants);
      const began = performance.now();
      const loops = contestants.map((contestant) => closedLoop(contestant, requestsOf(contestant), CALLERS));
      const operations = (await Promise.all(loops)).reduce((sum, loop) => sum + loop.operations, 0);
      return {
        perSecond: operations / ((performance.now() - began) / 1_000),
        cpuMicroseconds: (cpuOf(contestants) - cpuBefore) / operations,
      };
    };
    try {
      await each((contestant) => times(contestant.sends(), plan.warmUp));
      await each((contestant) => contestant.checks());
      const send = await each((contestant) => times(contestant.sends(), plan.operations));
      const check = await each((contestant) => contestant.checks());
      results.push({ processes, send, check });
      say(
        `${processes} processes: ${send.perSecond.toFixed(0)} sends/s, ${check.perSecond.toFixed(0)} checks/s`,
      );
    } finally {
      await Promise.all(contestants.map((contestant) => contestant.stop()));
    }
  }
  return results;
}

function cpuOf(contestants) {
  return contestants.reduce((sum, { cpuMicroseconds }) => sum + cpuMicroseconds, 0);
}
