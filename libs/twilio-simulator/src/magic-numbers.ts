/** Twilio's test numbers as a sender, and the error each one gives. */
export const MAGIC_FROM: ReadonlyMap<string, number> = new Map([
  ['+15005550001', 21212],
  ['+15005550007', 21606],
  ['+15005550008', 21611],
]);

/** Twilio's test numbers as a recipient, and the error each one gives. */
export const MAGIC_TO: ReadonlyMap<string, number> = new Map([
  ['+15005550001', 21211],
  ['+15005550002', 21612],
  ['+15005550003', 21408],
  ['+15005550004', 21610],
  ['+15005550009', 21614],
]);

/** A number of the simulator's own: its messages are accepted at once, and answered after `SLOW_ANSWER_MS`. */
export const SLOW_TO = '+15005550005';
export const SLOW_ANSWER_MS = 3000;

/** A number of the simulator's own: its messages are accepted, and end as undelivered with 30005. */
export const UNDELIVERABLE_TO = '+15005550008';
