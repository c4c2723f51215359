import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { configurationReference } from './configuration-reference.js';

const document = new URL('../../../../docs/configuration.md', import.meta.url);

it('docs/configuration.md says what the class of the parameters says', () => {
  if (process.env.WRITE_DOCS) writeFileSync(document, configurationReference());
  expect(readFileSync(document, 'utf8')).toBe(configurationReference());
});
