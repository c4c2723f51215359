import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { parametersOf } from '../../apps/api/src/config/parameter.decorator.js';
import { SystemParameters } from '../../apps/api/src/config/system-parameters.js';
import { root } from '../support/documents.js';

function defaultOf(name: string): number {
  return Number(parametersOf(SystemParameters).find((parameter) => parameter.name === name)?.default);
}

it('docs/security.md names the odds of guessing that follow from the defaults', () => {
  const codes = 10 ** defaultOf('server.sms_code_length');
  const perCode = defaultOf('server.sms_max_check_attempts');
  const perDay = defaultOf('server.sms_max_failed_checks');
  const perSourceAndHour = defaultOf('server.sms_max_failed_checks_per_source');
  const oneIn = (guesses: number): string => `1 in ${(codes / guesses).toLocaleString('en')}`;
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

  const document = readFileSync(join(root, 'docs/security.md'), 'utf8');
  for (const odds of [
    oneIn(perCode),
    oneIn(perDay),
    `with ${perDay / perCode} codes`,
    percent(1 - (1 - perDay / codes) ** 365),
    percent((24 * perSourceAndHour) / codes),
  ]) {
    expect(document).toContain(odds);
  }
});
