import { StoreUnavailableError } from '../sms.errors.js';
import { end, startChildSpan } from '../sms.tracing.js';
import { STORE_FAULTS, type SmsObserver, type StoreFault, type StoreOperationEnd } from '../sms.observer.js';

/** A caller gets an answer of the store within this time in milliseconds, or STORE_UNAVAILABLE. */
export const ANSWER_TIMEOUT_MS = 1_200;

const KNOWN_FAULTS: ReadonlySet<string> = new Set(STORE_FAULTS);

/**
 * An operation of a store as its caller sees it: it ends within the answer time, and the observer and the trace are told
 * how long it took and what was wrong. What is not answered in time may still be done later; every operation bears that.
 * @throws StoreUnavailableError when there is no answer in time
 */
export function storeOperation<T>(
  observer: SmsObserver,
  store: StoreOperationEnd['store'],
  operation: Promise<T>,
): Promise<T> {
  const beganAt = performance.now();
  const span = startChildSpan('store.operation');
  return new Promise((resolve, reject) => {
    let isOver = false;
    /** What comes later than the first is nobody's any more. */
    const finish = (tellCaller: () => void, fault?: StoreFault): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      tellCaller();
      observer.storeOperation({ store, durationMs: performance.now() - beganAt, ...(fault && { fault }) });
      end(span, { 'sms.store': store }, fault);
    };
    const fail = (error: unknown): void => finish(() => reject(error as Error), faultOf(error));
    // An answer that came while this process was too busy to read it is read first.
    const tooLate = (): unknown => setImmediate(fail, new StoreUnavailableError('timeout'));
    const timer = setTimeout(tooLate, ANSWER_TIMEOUT_MS);
    operation.then((result) => finish(() => resolve(result)), fail);
  });
}

/** Redis has more error words than an operator wants to tell apart, and modules and scripts have their own. */
function faultOf(error: unknown): StoreFault {
  const fault = error instanceof StoreUnavailableError ? error.fault : '';
  return KNOWN_FAULTS.has(fault) ? (fault as StoreFault) : 'other';
}
