import { StoreUnavailableError } from '../sms.errors.js';
import { STORE_FAULTS, type SmsObserver, type StoreFault, type StoreOperationEnd } from '../sms.observer.js';

const KNOWN_FAULTS: ReadonlySet<string> = new Set(STORE_FAULTS);

/** Tells the observer how long an operation of the store took, and what was wrong. */
export async function observed<T>(
  observer: SmsObserver,
  store: StoreOperationEnd['store'],
  operation: Promise<T>,
): Promise<T> {
  const beganAt = performance.now();
  try {
    const result = await operation;
    observer.storeOperation({ store, durationMs: performance.now() - beganAt });
    return result;
  } catch (error) {
    observer.storeOperation({ store, durationMs: performance.now() - beganAt, fault: faultOf(error) });
    throw error;
  }
}

/** Redis has more error words than an operator wants to tell apart, and modules and scripts have their own. */
function faultOf(error: unknown): StoreFault {
  const fault = error instanceof StoreUnavailableError ? error.fault : '';
  return KNOWN_FAULTS.has(fault) ? (fault as StoreFault) : 'other';
}
