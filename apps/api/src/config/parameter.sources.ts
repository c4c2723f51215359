import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import type { ConfigurationFault } from './configuration.error.js';
import { environmentNameOf, type ParameterDescription } from './parameter.decorator.js';

/** Where parameters come from. */
export interface ParameterSources {
  readonly environment: NodeJS.ProcessEnv;
  /** Path of the file; it need not exist. @default .env in the working folder */
  readonly envFile?: string;
}

/** Those of this process: its environment, and the file in its working folder. */
export function processSources(): ParameterSources {
  return { environment: process.env };
}

/** What was given, by canonical name, before it is read. */
export interface GivenParameters {
  readonly texts: ReadonlyMap<string, string>;
  /** Names that were given, also those whose text could not be had. */
  readonly names: ReadonlySet<string>;
  /** Every name that occurs, as it was written. */
  readonly spellings: readonly string[];
  readonly faults: readonly ConfigurationFault[];
}

interface Place {
  readonly name: string;
  readonly values: Readonly<Record<string, string | undefined>>;
}

/** Collects the parameters: the environment goes before the file, and a secret may be in a file of its own. */
export function collectParameters(
  sources: ParameterSources,
  parameters: readonly ParameterDescription[],
): GivenParameters {
  const faults: ConfigurationFault[] = [];
  const texts = new Map<string, string>();
  const names = new Set<string>();
  const places: Place[] = [
    { name: 'the environment', values: sources.environment },
    { name: '.env', values: readEnvFile(sources.envFile ?? '.env', faults) },
  ];

  for (const parameter of parameters) {
    const fault = (problem: string, example = parameter.example): void =>
      void faults.push({ name: parameter.name, problem, example });
    const text = valueOf(parameter.name, places, fault);
    const file = parameter.kind === 'secret' ? valueOf(`${parameter.name}_file`, places, fault) : undefined;
    if (text !== undefined || file !== undefined) names.add(parameter.name);

    if (text !== undefined && file !== undefined) {
      fault(`is given together with ${parameter.environmentName}_FILE: keep one of the two`);
    } else if (file !== undefined) {
      const secret = readSecretFile(file, (problem) => fault(problem, secretFileExample(parameter)));
      if (secret !== undefined) texts.set(parameter.name, secret);
    } else if (text !== undefined) {
      texts.set(parameter.name, text);
    }
  }
  return { texts, names, spellings: places.flatMap(({ values }) => Object.keys(values)), faults };
}

function valueOf(
  name: string,
  places: readonly Place[],
  fault: (problem: string) => void,
): string | undefined {
  const spellings = [...new Set([name, environmentNameOf(name)])];
  const found = places.map((place) => {
    const values = new Set(
      spellings.map((spelling) => meant(place.values[spelling])).filter((text) => text !== undefined),
    );
    if (values.size > 1)
      fault(`is given twice in ${place.name}, as ${spellings.join(' and as ')}, with different values`);
    return [...values][0];
  });
  return found.find((text) => text !== undefined);
}

/** An empty value and the word `null` mean that nothing is set. */
function meant(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed && trimmed !== 'null' ? trimmed : undefined;
}

function readEnvFile(path: string, faults: ConfigurationFault[]): Record<string, string> {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      faults.push({
        name: '.env',
        problem: `cannot be read (${errorCode(error)})`,
        example: 'a text file that this user may read',
      });
    }
    return {};
  }
}

function readSecretFile(path: string, fault: (problem: string) => void): string | undefined {
  try {
    const secret = meant(readFileSync(path, 'utf8'));
    if (secret === undefined) fault(`the file${shown(path)} is empty`);
    return secret;
  } catch (error) {
    fault(`the file${shown(path)} cannot be read (${errorCode(error)})`);
    return undefined;
  }
}

/** Someone may have put the secret itself where its path belongs, so only what is clearly a path is shown. */
function shown(path: string): string {
  return /^(\.{0,2}\/[\w-]+(\.[\w-]+)*)(\/[\w-]+(\.[\w-]+)*)+$/.test(path) ? ` ${path}` : '';
}

function secretFileExample(parameter: ParameterDescription): string {
  return `${parameter.environmentName}_FILE=/run/secrets/${parameter.name.replaceAll('.', '_')}`;
}

function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown reason';
}
