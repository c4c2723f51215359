// npm run bench: this service beside the floor and its rivals.
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { start } from '../harness/children.mjs';
import { CONTESTANTS, contestantCalled, usesRedis } from '../harness/contestants.mjs';
import { onMeasuredCore } from '../harness/cores.mjs';
import { makeFolder, removeFolder } from '../harness/folders.mjs';
import { World } from '../harness/world.mjs';
import { measureBytesPerPhone } from './bytes-per-phone.mjs';
import { measureRedisTraffic } from './redis-traffic.mjs';
import { measureRound } from './round.mjs';
import { measureSlowTwilio } from './slow-twilio.mjs';

const PLAN = {
  rounds: 3,
  starts: 3,
  warmUp: 16_000,
  operations: 8_000,
  slowWarmUp: 4_000,
  slowMs: 10_000,
  phones: 2_000,
  reservations: 20_000,
};
const QUICK = {
  ...PLAN,
  rounds: 1,
  starts: 1,
  warmUp: 3_000,
  operations: 3_000,
  slowWarmUp: 1_000,
  slowMs: 2_500,
  phones: 500,
};

/**
 * @param wanted `quick`, and numbers that replace those of the plan
 * @param say told what happens
 */
export async function compare({ quick, only, ...numbers }, say) {
  const plan = { ...(quick ? QUICK : PLAN), ...numbers };
  const kinds = only ? only.map(contestantCalled) : CONTESTANTS;
  const world = await World.start();
  const contestants = Object.fromEntries(
    kinds.map(({ name, kind, what }) => [name, { kind, what, rounds: [] }]),
  );
  try {
    for (let round = 1; round <= plan.rounds; round += 1) {
      for (const kind of kinds) {
        const result = await measureRound(kind, world, plan);
        contestants[kind.name].rounds.push(result);
        const [send, check] = [result.send, result.check].map(({ cpuMicroseconds }) =>
          cpuMicroseconds.toFixed(0),
        );
        say(`round ${round} of ${plan.rounds}, ${kind.name}: ${send} us per send, ${check} us per check`);
      }
    }
    for (const kind of kinds.filter(usesRedis)) {
      say(`what it asks of Redis, ${kind.name}`);
      contestants[kind.name].redis = await measureRedisTraffic(kind, world);
    }
    for (const kind of kinds.filter(usesRedis)) {
      const slow = await measureSlowTwilio(kind, world, plan);
      contestants[kind.name].slowTwilio = slow;
      say(`Twilio at ${slow.latencyMs} ms, ${kind.name}: ${slow.full.perSecond.toFixed(0)} sends/s`);
    }
    const ours = contestantCalled('ours-redis');
    say(`room in Redis, ${ours.name}`);
    const bytesPerPhone = await measureBytesPerPhone(ours, world, plan.phones);
    say('the embedded store');
    const embeddedStore = await measureEmbeddedStore(plan.reservations);
    return { plan, redisVersion: await world.redis.version(), contestants, bytesPerPhone, embeddedStore };
  } finally {
    await world.stop();
  }
}

async function measureEmbeddedStore(reservations) {
  const folder = makeFolder('embedded');
  try {
    const program = fileURLToPath(new URL('./embedded-store.mjs', import.meta.url));
    const command = onMeasuredCore(process.execPath, [program, folder, String(reservations)]);
    const child = start(...command, { env: { PATH: process.env.PATH }, stdout: 'pipe' });
    const printed = await text(child.stdout);
    if (printed === '') throw new Error(`The embedded store could not be measured: ${child.printed}`);
    return JSON.parse(printed);
  } finally {
    removeFolder(folder);
  }
}
