// One contestant, once: a fresh process on an empty store, warmed up, then sends and checks.
import { setTimeout as sleep } from 'node:timers/promises';
import { Contestant } from '../harness/contestant.mjs';
import { closedLoop, times } from '../harness/load.mjs';

const IN_FLIGHT = 50;
const SETTLE_MS = 100;

/** @param plan how many operations, and how many starts */
export async function measureRound(kind, world, plan) {
  const startMs = [];
  for (let start = 1; start < plan.starts; start += 1) {
    await world.reset();
    const started = await Contestant.start(kind, world);
    startMs.push(started.startMs);
    await started.stop();
  }
  await world.reset();
  const contestant = await Contestant.start(kind, world);
  startMs.push(contestant.startMs);
  try {
    return { startMs, ...(await measureLoad(contestant, plan)) };
  } finally {
    await contestant.stop();
  }
}

/** Sends, then checks of the same codes. Without the warm-up the compiler of V8 would be what is measured. */
export async function measureLoad(contestant, { warmUp, operations }) {
  await closedLoop(contestant, times(contestant.sends(), warmUp), IN_FLIGHT);
  await closedLoop(contestant, contestant.checks(), IN_FLIGHT);
  await sleep(SETTLE_MS);
  const send = await measured(contestant, times(contestant.sends(), operations));
  const check = await measured(contestant, contestant.checks());
  return { send, check, residentBytes: contestant.residentBytes };
}

async function measured(contestant, requests) {
  const { redis } = contestant.world;
  let cpuBefore, redisBefore;
  const times = await closedLoop(contestant, requests, IN_FLIGHT, {
    before: async () => {
      redisBefore = await redis.usage();
      cpuBefore = contestant.cpuMicroseconds;
    },
  });
  await sleep(SETTLE_MS); // what goes on after the last answer belongs to it
  const cpuAfter = contestant.cpuMicroseconds;
  const redisAfter = await redis.usage();
  const { operations, perSecond, p50Ms, p99Ms } = times;
  return {
    perSecond,
    p50Ms,
    p99Ms,
    cpuMicroseconds: (cpuAfter - cpuBefore) / operations,
    redisCpuMicroseconds: (redisAfter.cpuMicroseconds - redisBefore.cpuMicroseconds) / operations,
    redisBytes: (redisAfter.usedBytes - redisBefore.usedBytes) / operations,
  };
}
