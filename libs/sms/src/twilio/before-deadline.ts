import type { Deadline } from './deadline.js';
import { noUsableAnswer } from './twilio.failure.js';

const TRANSPORT_GRACE_MS = 250;

/** Our transport keeps the deadline itself; a client of the host app may not, and then the outcome is unknown. */
export async function beforeDeadline<T>(creating: Promise<T>, deadline: Deadline): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(noUsableAnswer()), deadline.remainingMs + TRANSPORT_GRACE_MS);
  });
  try {
    return await Promise.race([creating, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
