// What one send and one check ask of Redis, seen from Redis, one operation at a time. A flush is one write by the client
// and so, when nothing else is under way, one read by Redis: `total_reads_processed` counts them. MONITOR shows the
// commands, and tells those of the client from those inside its scripts, which INFO commandstats does not.
import { setTimeout as sleep } from 'node:timers/promises';
import { Contestant } from '../harness/contestant.mjs';
import { closedLoop, times } from '../harness/load.mjs';
import { median } from '../harness/statistics.mjs';

const WARM_UP = 50;
const OPERATIONS = 20;
/** For what follows the answer, and for what MONITOR reports. */
const QUIET_MS = 10;

export async function measureRedisTraffic(kind, world) {
  await world.reset();
  const contestant = await Contestant.start(kind, world);
  const watch = await Watch.start(world.redis);
  try {
    await closedLoop(contestant, times(contestant.sends(), WARM_UP), 1);
    await closedLoop(contestant, contestant.checks(), 1);
    const sends = [];
    for (let index = 0; index < OPERATIONS; index += 1) {
      let untilTwilio;
      const begin = await watch.mark();
      world.twilio.beforeAnswer = async () => (untilTwilio = await watch.mark());
      await closedLoop(contestant, times(contestant.sends(), 1), 1);
      await sleep(QUIET_MS);
      const end = await watch.mark();
      sends.push({
        beforeTwilio: untilTwilio.reads - begin.reads,
        afterTwilio: end.reads - untilTwilio.reads,
        commands: watch.commandsBetween(begin, end),
      });
    }
    const checks = [];
    for (const check of contestant.checks()) {
      const begin = await watch.mark();
      await closedLoop(contestant, [check][Symbol.iterator](), 1);
      await sleep(QUIET_MS);
      const end = await watch.mark();
      checks.push({ flushes: end.reads - begin.reads, commands: watch.commandsBetween(begin, end) });
    }
    return {
      send: {
        flushesBeforeTwilio: median(sends.map(({ beforeTwilio }) => beforeTwilio)),
        flushesAfterTwilio: median(sends.map(({ afterTwilio }) => afterTwilio)),
        ...most(sends.map(({ commands }) => commands)),
      },
      check: {
        flushes: median(checks.map(({ flushes }) => flushes)),
        ...most(checks.map(({ commands }) => commands)),
      },
    };
  } finally {
    watch.stop();
    await contestant.stop();
  }
}

/** Counts reads, and listens to what Redis executes. */
class Watch {
  #seen = [];

  static async start(redis) {
    const watch = new Watch();
    watch.redis = redis;
    watch.ownPort = redis.control.stream.localPort;
    watch.monitor = await redis.control.monitor();
    watch.monitor.on('monitor', (_, args, source) => watch.#see(args, source));
    return watch;
  }

  /** The reads so far without those of the watch itself, and the place in the list of commands. */
  async mark() {
    this.marks = (this.marks ?? 0) + 1;
    const reads = (await this.redis.info('stats', 'total_reads_processed')) - this.marks;
    await sleep(QUIET_MS / 2);
    return { reads, at: this.#seen.length };
  }

  commandsBetween(begin, end) {
    return this.#seen.slice(begin.at, end.at);
  }

  stop() {
    this.monitor.disconnect();
  }

  #see([name], source) {
    if (source.endsWith(`:${this.ownPort}`)) return;
    this.#seen.push({ name: name.toUpperCase(), inScript: source.includes('lua') });
  }
}

/** The commands that operations have most often: now and then one has a timer's command beside its own. */
function most(lists) {
  const described = lists.map((list) => {
    const named = (inScript) =>
      counted(list.filter((command) => command.inScript === inScript).map(({ name }) => name));
    return JSON.stringify({ commands: named(false), inScripts: named(true) });
  });
  const counts = new Map();
  for (const one of described) counts.set(one, (counts.get(one) ?? 0) + 1);
  const [[first]] = [...counts].sort(([, one], [, other]) => other - one);
  return JSON.parse(first);
}

function counted(names) {
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
