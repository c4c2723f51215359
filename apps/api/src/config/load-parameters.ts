import { validateSync } from 'class-validator';
import { faultsTogether, isDemo, warningsOf } from './configuration.checks.js';
import { ConfigurationError, type ConfigurationFault } from './configuration.error.js';
import { developmentSecret } from './development-secret.js';
import { parametersOf } from './parameter.decorator.js';
import { collectParameters, type GivenParameters, type ParameterSources } from './parameter.sources.js';
import { defaultOf, readParameter } from './parameter.values.js';
import { SystemParameters } from './system-parameters.js';
import { warnOfUnknownNames } from './unknown-names.js';

export interface LoadedParameters {
  readonly parameters: SystemParameters;
  /** For people; none shows a secret. */
  readonly warnings: readonly string[];
}

/** What the sources say, right or wrong. */
export interface ReadParameters extends LoadedParameters {
  readonly given: GivenParameters;
  /** Everything that is wrong. A parameter that is named here does not hold what was meant. */
  readonly faults: readonly ConfigurationFault[];
}

/**
 * Reads, checks and completes the system parameters. Outside production it makes the `server.secret` that is missing.
 * @throws ConfigurationError with everything that is wrong
 */
export function loadParameters(sources: ParameterSources = { environment: process.env }): LoadedParameters {
  const { parameters, given, faults, warnings } = readParameters(sources);
  if (faults.length > 0) throw new ConfigurationError(faults);
  if (!given.names.has('server.secret')) {
    Object.assign(parameters, { serverSecret: [madeSecret(parameters.dataPath)] });
  }
  return { parameters, warnings };
}

/** Reads, checks and completes the system parameters, but for a `server.secret` that is missing. Changes nothing. */
export function readParameters(sources: ParameterSources): ReadParameters {
  const described = parametersOf(SystemParameters);
  const given = collectParameters(sources, described);
  const faults: ConfigurationFault[] = [...given.faults];

  const values: Record<string, unknown> = {};
  for (const parameter of described) {
    const { name, property, example } = parameter;
    const text = given.texts.get(name);
    const reading = text === undefined ? { value: defaultOf(parameter) } : readParameter(parameter, text);
    if ('problem' in reading) faults.push({ name, problem: reading.problem, example });
    values[property] = 'problem' in reading ? defaultOf(parameter) : reading.value;
  }
  const production = values['nodeEnv'] === 'production';
  const demo = isDemo(given.names, production);
  const parameters = Object.assign(new SystemParameters(), values, { production, demo });
  faults.push(...faultsOfEach(parameters), ...faultsTogether(parameters, given.names, sources.environment));
  const warnings = [
    ...warnOfUnknownNames(given.spellings, described),
    ...warningsOf(parameters, given.names),
  ];
  Object.assign(parameters, {
    host: parameters.host ?? (demo ? '127.0.0.1' : '0.0.0.0'),
    serverEnableMobileRegister: demo || parameters.serverEnableMobileRegister,
  });
  return { parameters, warnings, given, faults: inOrder(faults) };
}

/** What is wrong with parameters, each by itself; those that are not set are right. */
export function faultsOfEach(parameters: SystemParameters): ConfigurationFault[] {
  const errors = validateSync(parameters, {
    skipMissingProperties: true,
    validationError: { target: false, value: false },
  });
  return errors.flatMap(({ property, constraints }) => {
    const described = parametersOf(SystemParameters).find((parameter) => parameter.property === property);
    return Object.values(constraints ?? {}).map((problem) => ({
      name: described?.name ?? property,
      problem,
      example: described?.example ?? '',
    }));
  });
}

function inOrder(faults: readonly ConfigurationFault[]): ConfigurationFault[] {
  const names = parametersOf(SystemParameters).map(({ name }) => name);
  const position = (fault: ConfigurationFault): number => names.indexOf(fault.name);
  return faults.toSorted((one, other) => position(one) - position(other));
}

function madeSecret(dataPath: string): ReturnType<typeof developmentSecret> {
  try {
    return developmentSecret(dataPath);
  } catch (error) {
    const problem = `no secret can be kept in this folder: ${(error as Error).message}`;
    throw new ConfigurationError([
      { name: 'data.path', problem, example: 'a folder that this user may write' },
    ]);
  }
}
