// Numbers that every contestant takes for mobile phones. Each is used once, so that no limit refuses it.

const FIRST = 10_000_000;
let next = FIRST;

/** One that was not used in this run. */
export function newPhone() {
  return `+86138${next++}`;
}

export function newPhones(count) {
  return Array.from({ length: count }, newPhone);
}
