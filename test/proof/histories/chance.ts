import { seededRandom } from '../../support/proof.js';

/** Choices that are the same for the same seed. */
export class Chance {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  of(probability: number): boolean {
    return this.random() < probability;
  }

  /** A whole number from 0 to this one. */
  upTo(most: number): number {
    return Math.floor(this.random() * (most + 1));
  }

  pick<T>(some: readonly T[]): T {
    return some[this.upTo(some.length - 1)];
  }

  shuffled<T>(some: readonly T[]): T[] {
    return some
      .map((one) => ({ one, rank: this.random() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ one }) => one);
  }

  /** A stream of choices of its own, so that those of others do not depend on who is faster. */
  fork(): Chance {
    return new Chance(Math.floor(this.random() * 2 ** 31));
  }
}
