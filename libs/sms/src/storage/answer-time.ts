import { StoreUnavailableError } from '../sms.errors.js';

/** A caller gets an answer of the store within this time in milliseconds, or STORE_UNAVAILABLE. */
export const ANSWER_TIMEOUT_MS = 1_200;

/** What is not answered in time may still be done later; every operation of the stores bears that. */
export function withinAnswerTime<T>(operation: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const tooLate = (): void => reject(new StoreUnavailableError('timeout'));
    // An answer that came while this process was too busy to read it is read first.
    const timer = setTimeout(() => setImmediate(tooLate), ANSWER_TIMEOUT_MS);
    operation.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
