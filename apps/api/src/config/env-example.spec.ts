import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { loadParameters } from './load-parameters.js';
import { parametersOf, type ParameterDescription } from './parameter.decorator.js';
import { SystemParameters } from './system-parameters.js';

const path = fileURLToPath(new URL('../../../../.env.example', import.meta.url));

/** A parameter in the file: a comment, then its default, or an example that is commented out. */
function entryOf({ description, environmentName, default: value, example }: ParameterDescription): string {
  return `# ${description}\n${value === undefined ? `# ${environmentName}=${example}` : `${environmentName}=${value}`}`;
}

describe('.env.example', () => {
  const [, ...entries] = readFileSync(path, 'utf8').trim().split('\n\n');

  it('has every parameter, with its description and default, and nothing else', () => {
    expect(entries).toEqual(parametersOf(SystemParameters).map(entryOf));
  });

  it('is a configuration that starts the demo as it is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'env-example-'));
    const { parameters } = loadParameters({ environment: { DATA_PATH: folder }, envFile: path });
    rmSync(folder, { recursive: true });
    expect(parameters).toMatchObject({ demo: true, host: '127.0.0.1', port: 3000 });
  });
});
