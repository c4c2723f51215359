// With a Twilio that takes its time, what counts is how many requests are under way.
import { Contestant } from '../harness/contestant.mjs';
import { closedLoop, during, openLoop, times } from '../harness/load.mjs';

const LATENCY_MS = 200;
const IN_FLIGHT = 200;
const WARM_UP_IN_FLIGHT = 50;
/** A share of what was measured with all places taken. */
const LOAD = 0.8;

/** @param plan `slowWarmUp` sends, then `slowMs` with all places taken; ours also `slowMs` at a part of that */
export async function measureSlowTwilio(kind, world, { slowWarmUp, slowMs }) {
  await world.reset();
  const contestant = await Contestant.start(kind, world);
  try {
    await closedLoop(contestant, times(contestant.sends(), slowWarmUp), WARM_UP_IN_FLIGHT);
    world.twilio.latencyMs = LATENCY_MS;
    await closedLoop(contestant, during(contestant.sends(), slowMs / 4), IN_FLIGHT); // opens the connections to Twilio
    const full = await closedLoop(contestant, during(contestant.sends(), slowMs), IN_FLIGHT);
    if (kind.kind === 'rival') return { latencyMs: LATENCY_MS, inFlight: IN_FLIGHT, full };
    const perSecond = Math.floor(full.perSecond * LOAD);
    const part = await openLoop(contestant, contestant.sends(), perSecond, slowMs, IN_FLIGHT);
    return { latencyMs: LATENCY_MS, inFlight: IN_FLIGHT, full, part: { asked: perSecond, ...part } };
  } finally {
    world.twilio.latencyMs = 0;
    await contestant.stop();
  }
}
