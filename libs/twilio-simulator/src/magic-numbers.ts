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
