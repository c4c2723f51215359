// What has to come out, and what did. Each target is a value with a bound; most are ratios of one run.
import { ratio, summary } from '../harness/statistics.mjs';
import { bestRival, figureRatio, startsOf, valuesOf } from './figures.mjs';

/** @returns `{ what, value, bound, sense, met }` for all that was measured */
export function targetsOf({ comparison, growth }) {
  return [...(comparison ? ofComparison(comparison) : []), ...(growth ? ofGrowth(growth) : [])];
}

function ofComparison({ contestants, bytesPerPhone, embeddedStore }) {
  const ours = contestants['ours-redis'];
  const { floor } = contestants;
  const nest = contestants['nest-throttler'];
  const isComplete = ours && floor && nest && contestants['express-rlf'] && contestants['better-auth'];
  return [
    ...(isComplete ? againstOthers(contestants, ours, floor, nest) : []),
    ...(ours ? ofRedis(ours) : []),
    atMost(
      'bytes of Redis per active phone: 10 sends in 24 hours, one live code',
      single(bytesPerPhone.spreadTenSends),
      500,
    ),
    ...(ours?.slowTwilio.part ? [ofAnswers(ours.slowTwilio)] : []),
    atLeast(
      'reservations/s of the embedded store, by one transaction at a time',
      ratio(embeddedStore.perSecond, embeddedStore.oneAtATimePerSecond),
      20,
    ),
  ];
}

function againstOthers(contestants, ours, floor, nest) {
  const cpuOfSend = bestRival(contestants, 'send.cpuMicroseconds', 'least');
  const cpuOfCheck = bestRival(contestants, 'check.cpuMicroseconds', 'least');
  const sends = bestRival(contestants, 'send.perSecond', 'most');
  const checks = bestRival(contestants, 'check.perSecond', 'most');
  const rivals = Object.values(contestants).filter(({ kind }) => kind === 'rival');
  const slowRival = Math.max(...rivals.map(({ slowTwilio }) => slowTwilio.full.perSecond));
  const by = (rival, path) => figureRatio(ours, rival.contestant, path);
  return [
    atMost('CPU per send, by the floor', figureRatio(ours, floor, 'send.cpuMicroseconds'), 2),
    atMost('CPU per check, by the floor', figureRatio(ours, floor, 'check.cpuMicroseconds'), 2),
    atMost(`CPU per send, by the best rival (${cpuOfSend.name})`, by(cpuOfSend, 'send.cpuMicroseconds'), 0.4),
    atMost(
      `CPU per check, by the best rival (${cpuOfCheck.name})`,
      by(cpuOfCheck, 'check.cpuMicroseconds'),
      0.75,
    ),
    atLeast(`sends/s, by the best rival (${sends.name})`, by(sends, 'send.perSecond'), 2.5),
    atLeast(`checks/s, by the best rival (${checks.name})`, by(checks, 'check.perSecond'), 1.4),
    atLeast(
      `sends/s with Twilio at ${ours.slowTwilio.latencyMs} ms, by the best rival`,
      single(ours.slowTwilio.full.perSecond / slowRival),
      8,
    ),
    atMost('start-up, by the Nest rival', single(startsOf(ours).median / startsOf(nest).median), 1.25),
  ];
}

function ofRedis({ redis: { send, check } }) {
  return [
    atMost('flushes to Redis before Twilio is asked', single(send.flushesBeforeTwilio), 1),
    atMost('flushes to Redis after Twilio has answered', single(send.flushesAfterTwilio), 1),
    atMost('flushes to Redis for a check', single(check.flushes), 1),
  ];
}

function ofAnswers({ latencyMs, part }) {
  return atMost(
    `p99 of the answer in ms over Twilio's ${latencyMs}, at 80 % of capacity`,
    single(part.p99Ms - latencyMs),
    50,
  );
}

function ofGrowth({ phones }) {
  const [few, many] = [phones[0], phones.at(-1)];
  const grown = `at ${many.phones.toLocaleString('en-US')} phones, by that at ${few.phones.toLocaleString('en-US')}`;
  const memory =
    summary(valuesOf(many, 'residentBytes')).median / summary(valuesOf(few, 'residentBytes')).median;
  return [
    atMost(`CPU per send ${grown}`, figureRatio(many, few, 'send.cpuMicroseconds'), 1.2),
    atMost(`CPU per check ${grown}`, figureRatio(many, few, 'check.cpuMicroseconds'), 1.2),
    atMost(`CPU of Redis per send ${grown}`, figureRatio(many, few, 'send.redisCpuMicroseconds'), 1.2),
    atMost(`CPU of Redis per check ${grown}`, figureRatio(many, few, 'check.redisCpuMicroseconds'), 1.2),
    atMost(`memory of the process ${grown}`, single(memory), 1.1),
  ];
}

function single(value) {
  return { median: value, least: value, most: value };
}

function atMost(what, value, bound) {
  return { what, value, bound, sense: 'at most', met: value.median <= bound };
}

function atLeast(what, value, bound) {
  return { what, value, bound, sense: 'at least', met: value.median >= bound };
}
