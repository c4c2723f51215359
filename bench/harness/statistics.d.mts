export interface Summary {
  median: number;
  least: number;
  most: number;
}
export function quantile(values: readonly number[], share: number): number;
export function median(values: readonly number[]): number;
export function summary(values: readonly number[]): Summary;
export function ratio(numerators: readonly number[], denominators: readonly number[]): Summary;
