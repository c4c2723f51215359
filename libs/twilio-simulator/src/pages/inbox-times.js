const STEPS = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', Infinity],
];
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false };
const JUST_NOW_MS = 10_000;

/** Shows the times below an element as the reader's: how long ago, or the time of the clock; the exact one in the title. */
export function showTimes(root) {
  for (const time of root.querySelectorAll('time[data-show]')) {
    const at = new Date(time.dateTime);
    time.title = at.toLocaleString('en', { dateStyle: 'full', timeStyle: 'long' });
    const text = time.dataset.show === 'ago' ? ago(Date.now() - at) : at.toLocaleTimeString('en', CLOCK);
    if (time.textContent !== text) time.textContent = text;
  }
}

function ago(ms) {
  if (ms < JUST_NOW_MS) return 'just now';
  let count = ms / 1_000;
  for (const [unit, size] of STEPS) {
    if (count < size) return RELATIVE.format(-Math.floor(count), unit);
    count /= size;
  }
  return '';
}
