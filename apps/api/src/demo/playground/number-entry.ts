import { AsYouType, isSupportedCountry } from 'libphonenumber-js/max';

/** A number while it is typed. */
export interface NumberEntry {
  /** ISO 3166: the country of the number where that can be told, else the one that was chosen. */
  readonly country: string;
  /** As it was typed, with the usual separators. */
  readonly formatted: string;
  /** As it is written inside its country; the same as `formatted` until there is enough to tell. */
  readonly national: string;
  /** Null until there is enough to tell. */
  readonly e164: string | null;
  /** Whether the number has a length that numbers of its country have. */
  readonly possible: boolean;
}

/** @param text national, in the chosen country, or international */
export function readNumberEntry(country: string, text: string): NumberEntry {
  const typed = new AsYouType(isSupportedCountry(country) ? country : undefined);
  const formatted = typed.input(text);
  const number = typed.getNumber();
  return {
    country: typed.getCountry() ?? country,
    formatted,
    national: number?.formatNational() ?? formatted,
    e164: number?.number ?? null,
    possible: typed.isPossible(),
  };
}
