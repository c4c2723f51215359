// Numbers as people read them.

/** With as many digits as mean something. */
export function number(value) {
  if (!Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A median and, in brackets, what the rounds were between. */
export function withRange({ median, least, most }) {
  return least === most ? number(median) : `${number(median)} (${number(least)}-${number(most)})`;
}

export function megabytes(bytes) {
  return number(bytes / 1_048_576);
}

/** A count, in full. */
export function count(value) {
  return value.toLocaleString('en-US');
}
