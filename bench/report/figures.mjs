// What is said of one contestant, from all its rounds.
import { ratio, summary } from '../harness/statistics.mjs';

/** The values of one figure, one a round: `valuesOf(contestant, 'send.cpuMicroseconds')`. */
export function valuesOf({ rounds }, path) {
  return rounds.map((round) => path.split('.').reduce((value, field) => value[field], round));
}

export function figure(contestant, path) {
  return summary(valuesOf(contestant, path));
}

export function figureRatio(one, other, path) {
  return ratio(valuesOf(one, path), valuesOf(other, path));
}

export function startsOf({ rounds }) {
  return summary(rounds.flatMap(({ startMs }) => startMs));
}

/** The rival that does best by a figure; `least` or `most` is best. */
export function bestRival(contestants, path, best) {
  const rivals = Object.entries(contestants).filter(([, { kind }]) => kind === 'rival');
  const ranked = rivals.sort(([, one], [, other]) => figure(one, path).median - figure(other, path).median);
  const [name, contestant] = best === 'least' ? ranked[0] : ranked.at(-1);
  return { name, contestant };
}
