import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { ConfigurationError } from '../../apps/api/src/config/configuration.error.js';
import { loadParameters } from '../../apps/api/src/config/load-parameters.js';
import { parametersOf } from '../../apps/api/src/config/parameter.decorator.js';
import { SystemParameters } from '../../apps/api/src/config/system-parameters.js';
import { ERROR_CODES } from '../../apps/api/src/errors/error-status.js';
import { Document, root, type CodeBlock, type Piece } from '../support/documents.js';
import { temporaryFolder } from '../support/stores.js';

const SHELL = ['bash', 'sh'];
const ENVIRONMENT = ['env', 'dotenv', 'ini'];
/** To be looked at: output, diagrams, data of others. */
const SHOWN = ['text', 'diff', 'csv', 'sql', 'properties', 'http', 'promql'];
/** All else says where it runs: the shell's in a spec beside this one or in a script, TypeScript in a spec beside it. */
const READ_HERE = ['json', 'yaml', ...ENVIRONMENT, ...SHOWN];

const documents = Document.all();
const blocks = documents.flatMap((document) => document.blocks());
const spans = documents.flatMap((document) => document.spans());
const inLanguage = (...languages: readonly string[]): CodeBlock[] =>
  blocks.filter(({ language }) => languages.includes(language));

/** The places that have a fault, with what it is. */
function faultsOf<P extends Piece>(
  pieces: readonly P[],
  faultOf: (piece: P) => string | undefined,
): string[] {
  return pieces.flatMap((piece) => {
    const fault = faultOf(piece);
    return fault === undefined ? [] : [`${piece.place}: ${fault}`];
  });
}

/** A spec takes the blocks that it runs out of the documents. */
const readsBlocksOf = (file: string): boolean =>
  readFileSync(join(root, file), 'utf8').includes(`blocksRunIn('${file}')`);

const thrownBy = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('Links in the documentation', () => {
  const anchors = new Map(documents.map((document) => [document.path, document.anchors()]));

  it('lead to files and headings that exist', () => {
    const faults = documents.flatMap((document) =>
      faultsOf(document.links(), ({ text }) => {
        if (/^\w+:/.test(text)) return undefined;
        const [address, anchor] = text.split('#');
        const path = document.resolve(address);
        if (!existsSync(join(root, path))) return `there is no ${path}`;
        return anchor === undefined || anchors.get(path)?.has(anchor)
          ? undefined
          : `${path} has no #${anchor}`;
      }),
    );
    expect(faults).toEqual([]);
  });

  it('to other sites are https', () => {
    const faults = documents.flatMap((document) =>
      faultsOf(document.links(), ({ text }) => {
        if (!/^\w+:/.test(text)) return undefined;
        const { protocol, hostname } = new URL(text);
        return protocol === 'https:' || /^(localhost|127\.0\.0\.1)$/.test(hostname) ? undefined : text;
      }),
    );
    expect(faults).toEqual([]);
  });
});

describe('Code blocks in the documentation', () => {
  it('name their language', () => {
    expect(faultsOf(blocks, ({ language }) => (language === '' ? 'no language' : undefined))).toEqual([]);
  });

  it('that can be run say where they are, or why they are not', () => {
    const faults = faultsOf(blocks, ({ language, runsIn, notRun }) => {
      if (runsIn.length === 0)
        return READ_HERE.includes(language) || notRun ? undefined : 'nothing says what runs it';
      const missing = runsIn.find((file) => !existsSync(join(root, file)));
      if (missing) return `there is no ${missing}`;
      const blind = runsIn.find((file) => file.endsWith('.ts') && !readsBlocksOf(file));
      return blind && `${blind} does not read what it is said to run`;
    });
    expect(faults).toEqual([]);
  });

  it('for a shell can be read by it', () => {
    const faults = faultsOf(inLanguage(...SHELL), ({ text }) => {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
      return status === 0 ? undefined : stderr;
    });
    expect(faults).toEqual([]);
  });

  it('of JSON and YAML can be parsed', () => {
    const json = faultsOf(inLanguage('json'), ({ text }) => thrownBy(() => JSON.parse(text)));
    const yaml = faultsOf(
      inLanguage('yaml'),
      ({ text }) =>
        parseAllDocuments(text)
          .flatMap(({ errors }) => errors)
          .at(0)?.message,
    );
    expect([...json, ...yaml]).toEqual([]);
  });

  describe('of a configuration', () => {
    let folder: string;
    beforeAll(async () => {
      folder = await temporaryFolder();
    });
    afterAll(() => rm(folder, { recursive: true }));

    it('are accepted by the server, but for the placeholders and what they leave out', () => {
      const envFile = join(folder, '.env');
      const faults = faultsOf(inLanguage(...ENVIRONMENT), ({ text }) => {
        writeFileSync(envFile, text);
        try {
          const { warnings } = loadParameters({ environment: { DATA_PATH: folder }, envFile });
          return warnings.find((warning) => /not a parameter|not used/.test(warning));
        } catch (error) {
          if (!(error instanceof ConfigurationError)) throw error;
          const fault = error.faults.find(
            ({ problem }) => !/placeholder|is missing|is required/.test(problem),
          );
          return fault && `${fault.name} ${fault.problem}`;
        }
      });
      expect(faults).toEqual([]);
    });
  });
});

describe('Names in the documentation', () => {
  const parameters = parametersOf(SystemParameters).flatMap(({ name, environmentName, kind }) =>
    kind === 'secret' ? [name, environmentName, `${environmentName}_FILE`] : [name, environmentName],
  );
  const nameIn = (text: string): string => text.split('=')[0];

  it('of parameters are those of the server', () => {
    const faults = faultsOf(spans, ({ text }) => {
      const name = nameIn(text);
      const looksLikeOne =
        /^((twilio\.sms|server|redis|data)\.[a-z_]+|(TWILIO_SMS|SERVER|REDIS|DATA)_[A-Z_]+)$/;
      const known = [...parameters, ...ERROR_CODES];
      return looksLikeOne.test(name) && !known.includes(name) ? `no parameter ${name}` : undefined;
    });
    expect(faults).toEqual([]);
  });

  it('in capitals, such as error codes, occur in the code', () => {
    const inCode = new Set([...ERROR_CODES, ...parameters, ...wordsOfTheCode()]);
    const faults = faultsOf(spans, ({ text }) => {
      const name = nameIn(text);
      return /^[A-Z]+(_[A-Z0-9]+)+$/.test(name) && !inCode.has(name)
        ? `nothing is called ${name}`
        : undefined;
    });
    expect(faults).toEqual([]);
  });

  it('of npm scripts are in package.json', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const faults = [...blocks, ...spans].flatMap(({ place, text }) =>
      [...text.matchAll(/npm run (?:--\S+ )*(\w[\w:-]*)/g)]
        .filter(([, script]) => !(script in scripts))
        .map(([, script]) => `${place}: no script ${script}`),
    );
    expect(faults).toEqual([]);
  });

  it('of files and folders exist', () => {
    const faults = faultsOf(spans, ({ text }) =>
      /^(apps|libs|test|scripts|docs|deploy)\/[\w./-]*$/.test(text) && !existsSync(join(root, text))
        ? `there is no ${text}`
        : undefined,
    );
    expect(faults).toEqual([]);
  });
});

/** Words in capitals in everything that git keeps, apart from the documentation itself. */
function wordsOfTheCode(): string[] {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  return files
    .split('\n')
    .filter((file) => /\.(ts|mjs|lua|yaml|yml|json|service)$|(^|\/)Dockerfile$/.test(file) && isFile(file))
    .flatMap((file) => readFileSync(join(root, file), 'utf8').match(/\b[A-Z]+(_[A-Z0-9]+)+\b/g) ?? []);
}

function isFile(path: string): boolean {
  return statSync(join(root, path), { throwIfNoEntry: false })?.isFile() ?? false;
}
