import { byId, chip } from '/pages/elements.js';
import { STATUSES } from '/pages/message-statuses.js';
import { call } from './exchanges.js';

const FIRST_PAUSE_MS = 1_500;
const PAUSE_MS = 3_000;
const STATES = { ...STATUSES, unknown: ['info', 'Unknown'] };
const FINAL = ['delivered', 'undelivered', 'failed'];

/**
 * Shows how far the message of a verification got, until the end of that or of its code. A page that nobody looks at
 * asks for nothing, and neither does one whose API key is refused, until that changes.
 * @param headers gives those of each request
 * @returns a function that ends it
 */
export function followDelivery({ id, untilMs, headers }) {
  let timer;
  let isStopped = false;
  let shown;

  const lookSoon = () => void look();

  async function look() {
    if (document.hidden) {
      document.addEventListener('visibilitychange', lookSoon, { once: true });
      return;
    }
    const answer = await call('GET', `/v1/verifications/${id}`, undefined, {
      headers: headers(),
      isShown: ({ ok, status, body }) => !isStopped && (ok ? body.delivery !== shown : status === 401),
    }).catch(() => undefined);
    if (isStopped) return;
    if (answer?.ok) show(answer.body);
    if (answer?.status === 401) {
      tell(chip('bad', 'Not allowed to ask'), answer.body.detail);
      byId('api-key').addEventListener('change', lookSoon, { once: true });
      return;
    }
    if (answer?.status !== 404 && !FINAL.includes(shown) && Date.now() < untilMs) {
      timer = setTimeout(lookSoon, PAUSE_MS);
    }
  }

  function show({ delivery, deliveryReason }) {
    shown = delivery;
    tell(chip(...STATES[delivery]), deliveryReason);
  }

  function tell(state, reason) {
    byId('delivery').hidden = false;
    byId('delivery-chip').replaceChildren(state);
    byId('delivery-reason').textContent = reason;
  }

  timer = setTimeout(lookSoon, FIRST_PAUSE_MS);
  return () => {
    isStopped = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', lookSoon);
    byId('api-key')?.removeEventListener('change', lookSoon);
    byId('delivery').hidden = true;
  };
}
