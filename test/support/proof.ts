import { appendFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { relative } from 'node:path';
import { expect } from '@jest/globals';

/** `npm run prove` runs the long form of the proofs, `npm test` a short one. */
export const isLong = process.env.PROOF === 'long';

/** How often to try. */
export function tries(short: number, long: number): number {
  return isLong ? long : short;
}

/** Of everything that a proof does at random. PROOF_SEED repeats a run; a failing proof has to print it. */
export function newSeed(): number {
  const given = process.env.PROOF_SEED;
  return given === undefined ? randomInt(2 ** 31) : Number(given);
}

/** Numbers from 0 up to, and without, 1: the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Runs a proof on random numbers. What it throws says how to repeat them.
 * @param name of its file, as `npm run prove -- NAME` takes it
 */
export async function seeded(name: string, work: (random: () => number) => Promise<void>): Promise<void> {
  const seed = newSeed();
  try {
    await work(seededRandom(seed));
  } catch (error) {
    throw new Error(`To repeat it: PROOF_SEED=${seed} npm run prove -- ${name}`, { cause: error });
  }
}

/** A whole number from `from` up to, and without, `to`. */
export function between(from: number, to: number, random: () => number): number {
  return from + Math.floor(random() * (to - from));
}

/** What a proof did, for docs/guarantees.md. */
export interface Proof {
  /** Numbers of the guarantees in docs/guarantees.md that it tries to break; none if it is about something else. */
  readonly guarantees: readonly (1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9)[];
  /** What was tried, with its number: `10,000 histories of 4 processes on Redis`. */
  readonly tries: string;
  /** What went wrong meanwhile, on purpose. */
  readonly faults: string;
  /** What came of it, with numbers: `no counterexample; 61,200 calls`. */
  readonly result: string;
}

/** Is called at the end of a test that passed. */
export function proved(proof: Proof): void {
  const { testPath = '', currentTestName: test } = expect.getState();
  const record = { ...proof, file: relative(process.cwd(), testPath), test };
  if (process.env.PROOF_REPORT) appendFileSync(process.env.PROOF_REPORT, `${JSON.stringify(record)}\n`);
}

let toldAtMs = 0;

/** Tells whoever waits for a long form how far it is, every half a minute. */
export function progress(line: string): void {
  if (!isLong || performance.now() < toldAtMs + 30_000) return;
  toldAtMs = performance.now();
  process.stderr.write(`  ${line}\n`);
}

/** 12,345 */
export function counted(number: number): string {
  return number.toLocaleString('en-US');
}
