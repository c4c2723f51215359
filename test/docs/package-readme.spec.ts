import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { withOptions } from '../../scripts/sms-options.mjs';
import { root } from '../support/documents.js';

const readme = readFileSync(join(root, 'libs/sms/README.md'), 'utf8');
const source = (file: string): string => readFileSync(join(root, 'libs/sms/src', file), 'utf8');
const namesIn = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, name]) => name).toSorted();

interface Package {
  readonly license: string;
  readonly version: string;
  readonly engines: object;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}
const packageIn = (folder: string): Package =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Package;

describe('The README of the package', () => {
  it('has the options as npm run docs:configuration writes them from their types', () => {
    expect(readme).toBe(withOptions(readme));
  });

  it('has a line for each error code', () => {
    const [, union] = /SmsErrorCode =([^;]+);/.exec(source('sms.errors.ts'))!;
    const rows = readme.slice(readme.indexOf('## Errors'), readme.indexOf('## Events'));
    expect(namesIn(rows, /^\| `(\w+)`/gm)).toEqual(namesIn(union, /'(\w+)'/g));
  });

  it('has a line for each event', () => {
    expect(namesIn(readme, /^\| `(sms\.\w+)`/gm)).toEqual(
      namesIn(source('sms.events.ts'), /^ {2}'([\w.]+)': /gm),
    );
  });
});

describe('The package of the library', () => {
  it('asks for the versions with which it is tested', () => {
    const library = packageIn('libs/sms');
    const project = packageIn('.');
    const tested = { ...project.devDependencies, ...project.dependencies };
    const { dependencies, optionalDependencies, peerDependencies } = library;
    const asked = { ...dependencies, ...optionalDependencies, ...peerDependencies };
    expect(asked).toEqual(Object.fromEntries(Object.keys(asked).map((name) => [name, tested[name]])));
    expect(library).toMatchObject({
      license: project.license,
      version: project.version,
      engines: project.engines,
    });
  });
});
