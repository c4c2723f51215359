import type { MessageRecord } from './message.record.js';

const STOP = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT']);
const START = new Set(['START', 'UNSTOP', 'YES']);

/** Which phones want nothing more from which sender: a number, or a messaging service as a whole. */
export class OptOuts {
  private readonly pairs = new Set<string>();

  has(sender: string, phone: string): boolean {
    return this.pairs.has(`${sender} ${phone}`);
  }

  /** Follows the word that a phone sent in answer to a message; any other text changes nothing. */
  follow(text: string, message: MessageRecord): void {
    const word = text.trim().toUpperCase();
    const pair = `${message.messagingServiceSid ?? message.from} ${message.to}`;
    if (STOP.has(word)) this.pairs.add(pair);
    if (START.has(word)) this.pairs.delete(pair);
  }

  list(): string[] {
    return [...this.pairs];
  }

  load(pairs: readonly string[]): void {
    for (const pair of pairs) this.pairs.add(pair);
  }
}
