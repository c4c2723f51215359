import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { configurationReference } from './configuration-reference.js';
import { parametersOf } from './parameter.decorator.js';
import { SystemParameters } from './system-parameters.js';

describe('docs/configuration.md', () => {
  it('is what npm run docs:configuration writes; run it after a parameter has changed', () => {
    const document = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
    expect(document).toBe(configurationReference());
  });

  it('has a heading for every parameter, in the order of the class', () => {
    const headings = configurationReference().match(/(?<=^### ).+$/gm);
    expect(headings).toEqual(parametersOf(SystemParameters).map(({ name }) => name));
  });
});
