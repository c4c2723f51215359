import { closest } from 'fastest-levenshtein';
import type { ParameterDescription } from './parameter.decorator.js';

const OURS = /^(twilio|server|aliyun)[._]/i;
const ALIYUN = /^aliyun[._]/i;
const LONGEST_SHOWN = 80;

/** Whether a name is one of the old Aliyun parameters. */
export function isOfAliyun(name: string): boolean {
  return ALIYUN.test(name);
}

/** A warning for each name that looks like a parameter and is none: a slip of the pen must not go unnoticed. */
export function warnOfUnknownNames(
  spellings: readonly string[],
  parameters: readonly ParameterDescription[],
): string[] {
  const dotted = namesOf(parameters, (parameter) => parameter.name, '_file');
  const environment = namesOf(parameters, (parameter) => parameter.environmentName, '_FILE');
  const known = new Set([...dotted, ...environment]);

  return [...new Set(spellings)]
    .filter((spelling) => OURS.test(spelling) && !known.has(spelling))
    .map((spelling) => {
      const isDotted = spelling.includes('.');
      const comparable = spelling.replace(/^aliyun/i, 'twilio');
      const nearest = isDotted
        ? closest(comparable.toLowerCase(), dotted)
        : closest(comparable.toUpperCase(), environment);
      const shown = spelling.slice(0, LONGEST_SHOWN);
      return isOfAliyun(spelling)
        ? `${shown} is not used any more; the nearest parameter is ${nearest}. To move on from Aliyun: npm run migrate:aliyun -- FILE`
        : `${shown} is not a parameter and is ignored; the nearest one is ${nearest}.`;
    });
}

function namesOf(
  parameters: readonly ParameterDescription[],
  spelling: (parameter: ParameterDescription) => string,
  fileSuffix: string,
): string[] {
  return parameters.flatMap((parameter) =>
    parameter.kind === 'secret'
      ? [spelling(parameter), spelling(parameter) + fileSuffix]
      : [spelling(parameter)],
  );
}
