import type { ReadParameters } from '../config/load-parameters.js';

/** Whether nothing is wrong with the parameters whose names begin like that. */
export function isRight({ faults }: ReadParameters, ...beginnings: string[]): boolean {
  return !faults.some(({ name }) => beginnings.some((beginning) => name.startsWith(beginning)));
}
