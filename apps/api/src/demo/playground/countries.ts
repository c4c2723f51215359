import {
  getCountries,
  getCountryCallingCode,
  isSupportedCountry,
  type CountryCode,
} from 'libphonenumber-js/max';

export interface Country {
  /** ISO 3166, such as `GB`. */
  readonly code: CountryCode;
  /** In English. */
  readonly name: string;
  /** Such as `44`. */
  readonly callingCode: string;
}

/**
 * Countries by their names.
 * @param codes ISO 3166; empty means all
 */
export function countriesByName(codes: readonly string[] = []): Country[] {
  const names = new Intl.DisplayNames('en', { type: 'region' });
  const chosen = codes.length === 0 ? getCountries() : codes.filter((code) => isSupportedCountry(code));
  return chosen
    .map((code) => ({ code, name: names.of(code) ?? code, callingCode: getCountryCallingCode(code) }))
    .toSorted((one, other) => one.name.localeCompare(other.name, 'en'));
}
