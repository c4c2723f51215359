import { byId, chip, element } from './elements.js';
import { call, tell, tellProblem } from './inbox-api.js';
import { whenPressed } from './inbox-press.js';

const FAULTS = '/simulator/faults';
const CALLBACKS = '/simulator/callbacks';
const WIDE = '(min-width: 62rem)';
const LOOK_AGAIN_MS = 2_000;

/** What goes wrong at Twilio, to be chosen. @returns undefined where that cannot be done */
export function startPanel() {
  const panel = byId('panel');
  if (!panel) return undefined;
  const result = byId('panel-result');
  const mode = byId('callback-mode');
  const names = new Map(
    [...panel.querySelectorAll('[data-fault]')].map(({ dataset, firstElementChild }) => [
      dataset.fault,
      firstElementChild.textContent,
    ]),
  );
  let timer;
  panel.open = matchMedia(WIDE).matches;

  whenPressed(panel, '[data-fault]', async (pressed) => {
    const fault = JSON.parse(pressed.dataset.fault);
    const times = JSON.parse(byId('fault-times').value);
    const answer = await call('POST', FAULTS, { fault, ...times });
    if (!tellProblem(result, answer)) result.replaceChildren();
    await refresh();
  });
  whenPressed(panel, '#fault-reset', async () => {
    if (!tellProblem(result, await call('DELETE', FAULTS)))
      tell(result, 'ok', 'Nothing goes wrong any more.');
    await refresh();
  });
  mode.addEventListener('change', () => void chooseMode());

  async function chooseMode() {
    const answer = await call('POST', CALLBACKS, { mode: mode.value });
    if (!tellProblem(result, answer)) result.replaceChildren();
    await refresh();
  }

  async function refresh() {
    clearTimeout(timer);
    const [faults, callbacks] = await Promise.all([call('GET', FAULTS), call('GET', CALLBACKS)]);
    if (!faults.ok || !callbacks.ok) return;
    if (document.activeElement !== mode) mode.value = callbacks.body.mode;
    const pending = [
      ...faults.body.queued.map(nameOf),
      ...faults.body.fetch.map((fault) => `When a message is fetched: ${nameOf(fault)}`),
      ...(faults.body.standing ? [standingOf(faults.body.standing)] : []),
    ];
    show(pending, callbacks.body.mode);
    if (pending.length > 0) timer = setTimeout(() => void refresh(), LOOK_AGAIN_MS);
  }

  function nameOf(fault) {
    return names.get(JSON.stringify(fault)) ?? `${fault.kind} ${fault.status ?? ''}`.trim();
  }

  function standingOf({ fault, endsAt }) {
    const time = new Date(endsAt).toLocaleTimeString('en', { hour12: false });
    return `${nameOf(fault)}, every request until ${time}`;
  }

  function show(pending, callbackMode) {
    const lines = pending.map((text) => element('li', {}, text));
    if (byId('pending').textContent !== pending.join('')) byId('pending').replaceChildren(...lines);
    byId('pending').hidden = pending.length === 0;
    byId('pending-none').hidden = pending.length > 0;
    const isNormal = pending.length === 0 && callbackMode === 'normal';
    const text = pending.length > 0 ? `${pending.length} to come` : 'Callbacks differ';
    if (byId('panel-chip').textContent === (isNormal ? 'Nothing' : text)) return;
    byId('panel-chip').replaceChildren(isNormal ? chip('ok', 'Nothing') : chip('wait', text));
  }

  void refresh();
  return { refresh: () => void refresh() };
}
