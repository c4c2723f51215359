import { StoreUnavailableError } from '../sms.errors.js';
import { end, startChildSpan } from '../sms.tracing.js';
import { STORE_FAULTS, type SmsObserver, type StoreFault, type StoreOperationEnd } from '../sms.observer.js';

const KNOWN_FAULTS: ReadonlySet<string> = new Set(STORE_FAULTS);

/** Tells the observer, and the trace, how long an operation of the store took, and what was wrong. */
export async function observed<T>(
  observer: SmsObserver,
  store: StoreOperationEnd['store'],
  operation: Promise<T>,
): Promise<T> {
  const beganAt = performance.now();
  const span = startChildSpan('store.operation');
  const ended = (fault?: StoreFault): void => {
    observer.storeOperation({ store, durationMs: performance.now() - beganAt, ...(fault && { fault }) });
    end(span, { 'sms.store': store }, fault);
  };
  try {
    const result = await operation;
    ended();
    return result;
  } catch (error) {
    ended(faultOf(error));
    throw error;
  }
}

/** Redis has more error words than an operator wants to tell apart, and modules and scripts have their own. */
function faultOf(error: unknown): StoreFault {
  const fault = error instanceof StoreUnavailableError ? error.fault : '';
  return KNOWN_FAULTS.has(fault) ? (fault as StoreFault) : 'other';
}
