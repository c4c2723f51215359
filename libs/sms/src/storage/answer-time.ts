import { StoreUnavailableError } from '../sms.errors.js';

/** A caller gets an answer of the store within this time in milliseconds, or STORE_UNAVAILABLE. */
export const ANSWER_TIMEOUT_MS = 1_200;

/** What is not answered in time may still be done later; every operation of the stores bears that. */
export async function withinAnswerTime<T>(operation: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    // An answer that came while this process was too busy to read it is read first.
    timer = setTimeout(
      () => setImmediate(() => reject(new StoreUnavailableError('timeout'))),
      ANSWER_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([operation, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
