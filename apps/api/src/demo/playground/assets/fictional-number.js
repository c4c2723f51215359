const KEY = 'playground.fictional-number';
/** Numbers that are set aside for fiction: 555-0100 to 555-0199 of any area. */
const AREAS = ['202', '212', '305', '312', '415', '512', '617', '702'];
const PER_AREA = 100;
const COUNT = AREAS.length * PER_AREA;

/** In turn, from a random one on, so that none comes again before all others did and its cooldown is long over. */
export function nextFictionalNumber() {
  const last = Number(localStorage.getItem(KEY) ?? Math.floor(Math.random() * COUNT));
  const next = (last + 1) % COUNT;
  localStorage.setItem(KEY, String(next));
  const line = String(next % PER_AREA).padStart(2, '0');
  return `+1${AREAS[Math.floor(next / PER_AREA)]}55501${line}`;
}
