import { validateSync } from 'class-validator';
import { Secret } from '@app/sms';
import { parametersOf, type ParameterDescription, type ParameterKind } from './parameter.decorator.js';
import { SystemParameters } from './system-parameters.js';

/** Sections of the reference, by what the names of their parameters begin with. */
const SECTIONS: readonly [title: string, prefix: string][] = [
  ['Twilio', 'twilio.'],
  ['Limits, codes and callers', 'server.'],
  ['The store', 'redis.'],
  ['The data folder', 'data.'],
  ['The process', ''],
];

const KINDS: Record<ParameterKind, string> = {
  text: 'text',
  integer: 'whole number',
  boolean: '`true` or `false`; `yes`, `no`, `on`, `off`, `1` and `0` are understood too',
  list: 'list, comma separated',
  secret: 'secret',
};

/** No rule accepts it, so that each says what it asks for. */
const NEVER_RIGHT = '\0';

const INTRODUCTION = `# Configuration reference

<!-- Written by \`npm run docs:configuration\` from apps/api/src/config/system-parameters.ts. Change that file. -->

Each parameter has a dotted name and an environment name. Both work in the environment and in \`.env\`; the environment goes
before \`.env\`. An empty value and \`null\` mean "not set". Wrong values stop the start with exit code 78 and one table of
everything to mend. [.env.example](../.env.example) is a file to start from, and \`npm run doctor\` checks one that you have:
[doctor.md](doctor.md).

A limit of 0 means none allowed, never unlimited. A cooldown of 0 means no cooldown.
`;

/** The text of docs/configuration.md: every parameter as its class describes it. */
export function configurationReference(): string {
  const left = [...parametersOf(SystemParameters)];
  const sections = SECTIONS.map(([title, prefix]) => {
    const parameters = left.filter(({ name }) => name.startsWith(prefix));
    left.splice(0, left.length, ...left.filter((parameter) => !parameters.includes(parameter)));
    return `## ${title}\n\n${parameters.map(entryOf).join('\n')}`;
  });
  return `${INTRODUCTION}\n${sections.join('\n')}`;
}

function entryOf(parameter: ParameterDescription): string {
  const { name, environmentName, kind, rotates, description, example } = parameter;
  const facts = [
    ...(name === environmentName ? [] : [`environment: \`${environmentName}\``]),
    `kind: ${KINDS[kind]}${kind === 'secret' ? `; or the path of its file in \`${environmentName}_FILE\`` : ''}`,
    ...(rotates ? ['while it is changed: `new,old`'] : []),
    ...rulesOf(parameter).map((rule) => `rule: ${rule}`),
    `default: ${parameter.default === undefined ? 'not set' : `\`${parameter.default}\``}`,
    `example: \`${example}\``,
  ];
  return `### ${name}\n\n${description}\n\n${facts.map((fact) => `- ${fact}\n`).join('')}`;
}

/** What the class asks of a value, learned from what it says of one that is wrong. */
function rulesOf({ property, kind, rotates }: ParameterDescription): string[] {
  const wrong = kind === 'integer' ? NaN : kind === 'secret' ? new Secret(NEVER_RIGHT) : NEVER_RIGHT;
  const parameters = Object.assign(new SystemParameters(), {
    [property]: kind === 'list' || rotates ? [wrong] : wrong,
  });
  const errors = validateSync(parameters, { skipMissingProperties: true });
  return errors
    .flatMap(({ constraints }) => Object.values(constraints ?? {}))
    .map((problem) => problem.replace(/[,;] it (has|contains) .*/, ''))
    .toSorted();
}
