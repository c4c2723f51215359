import type { Clock } from './clock.js';

/** A phone that wants nothing more from a sender. */
export interface OptOut {
  readonly phone: string;
  /** A number, or a messaging service as a whole. */
  readonly sender: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

const STOP = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT']);
const START = new Set(['START', 'UNSTOP', 'YES']);
const CAPACITY = 500;
const MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;

/** Which phones want nothing more from which sender: the newest 500 of the last 7 days. */
export class OptOuts {
  private readonly byPair = new Map<string, OptOut>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly clock: Clock) {}

  has(sender: string, phone: string): boolean {
    this.dropOld();
    return this.byPair.has(pairOf(sender, phone));
  }

  /** Follows the word that a phone sent to a sender; any other text changes nothing. */
  follow(text: string, sender: string, phone: string): void {
    const word = text.trim().toUpperCase();
    if (STOP.has(word)) this.add(sender, phone);
    if (START.has(word)) this.remove(sender, phone);
  }

  /** @returns whether there was one */
  remove(sender: string, phone: string): boolean {
    const removed = this.byPair.delete(pairOf(sender, phone));
    if (removed) this.tell();
    return removed;
  }

  clear(): void {
    this.byPair.clear();
    this.tell();
  }

  /** Oldest first. */
  list(): OptOut[] {
    this.dropOld();
    return [...this.byPair.values()];
  }

  /** Puts back what was kept somewhere, oldest first, without telling anybody. */
  load(optOuts: readonly OptOut[]): void {
    for (const optOut of optOuts) this.byPair.set(pairOf(optOut.sender, optOut.phone), optOut);
    this.dropOld();
  }

  /** Tells of every change. */
  subscribe(listener: () => void): void {
    this.listeners.add(listener);
  }

  private add(sender: string, phone: string): void {
    const pair = pairOf(sender, phone);
    this.byPair.delete(pair); // so that the newest stays last
    this.byPair.set(pair, { phone, sender, since: new Date(this.clock.now()).toISOString() });
    this.dropOld();
    this.tell();
  }

  private dropOld(): void {
    const oldestAllowed = this.clock.now() - MAX_AGE_MS;
    for (const [pair, { since }] of this.byPair) {
      if (this.byPair.size <= CAPACITY && Date.parse(since) >= oldestAllowed) return;
      this.byPair.delete(pair);
    }
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

function pairOf(sender: string, phone: string): string {
  return `${sender} ${phone}`;
}
