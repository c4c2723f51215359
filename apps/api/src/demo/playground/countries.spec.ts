import { describe, expect, it } from '@jest/globals';
import { countriesByName } from './countries.js';

describe('The countries to choose from', () => {
  it('are all of them, by their names', () => {
    const names = countriesByName().map(({ name }) => name);
    expect(names.length).toBeGreaterThan(200);
    expect(names).toEqual(names.toSorted((one, other) => one.localeCompare(other, 'en')));
  });

  it('are those that are served, if not all are', () => {
    expect(countriesByName(['US', 'GB'])).toEqual([
      { code: 'GB', name: 'United Kingdom', callingCode: '44' },
      { code: 'US', name: 'United States', callingCode: '1' },
    ]);
  });
});
