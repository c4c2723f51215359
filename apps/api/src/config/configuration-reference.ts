import { parametersOf, type ParameterDescription } from './parameter.decorator.js';
import { SystemParameters } from './system-parameters.js';

const HEAD = `# Configuration reference

Written from \`apps/api/src/config/system-parameters.ts\`; a test compares both. Change the class, then run
\`WRITE_DOCS=1 npm test -- configuration-reference\`.

Each parameter has a dotted name and an environment name; both work in the environment and in \`.env\`, and the environment
goes first. An empty value and \`null\` mean "not set". A secret may be in a file: \`NAME_FILE=/path\`. With several entries,
separate them by commas. What is wrong stops the start with exit code 78, and everything that is wrong is named at once.
`;

/** The text of docs/configuration.md. */
export function configurationReference(): string {
  return [HEAD, ...parametersOf(SystemParameters).map(sectionOf)].join('\n');
}

function sectionOf(parameter: ParameterDescription): string {
  const { name, environmentName, description, example } = parameter;
  const rows = [
    ...(name === environmentName ? [] : [`- Environment: \`${environmentName}\``]),
    `- Kind: ${kindOf(parameter)}`,
    `- Default: ${parameter.default === undefined ? 'not set' : `\`${parameter.default}\``}`,
    `- For example: \`${example}\``,
  ];
  return `## \`${name}\`\n\n${description}\n\n${rows.join('\n')}\n`;
}

function kindOf({ kind, rotates, environmentName }: ParameterDescription): string {
  switch (kind) {
    case 'secret':
      return `secret${rotates ? ', `new,old` while it is rotated' : ''}; also as \`${environmentName}_FILE\``;
    case 'integer':
      return 'whole number';
    case 'boolean':
      return '`true` or `false`';
    case 'list':
      return 'list';
    case 'text':
      return 'text';
  }
}
