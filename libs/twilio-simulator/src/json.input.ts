/** What a field of a JSON body must be. */
export interface Check {
  needs: string;
  accepts: (value: unknown) => boolean;
  optional?: boolean;
}

/** Says what is wrong with a request. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

export const flag: Check = { needs: 'true or false', accepts: (value) => typeof value === 'boolean' };
export const text: Check = { needs: 'a string', accepts: (value) => typeof value === 'string' };
export const integer = (min: number, max: number): Check => ({
  needs: `an integer from ${min} to ${max}`,
  accepts: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
});
export const oneOf = (...values: readonly string[]): Check => ({
  needs: `one of ${values.join(', ')}`,
  accepts: (value) => typeof value === 'string' && values.includes(value),
});
export const matching = (pattern: RegExp, needs: string): Check => ({
  needs,
  accepts: (value) => typeof value === 'string' && pattern.test(value),
});
export const optional = (check: Check): Check => ({ ...check, optional: true });

/** @throws InputError unless the input is an object with these fields, and no other. */
export function checkFields(
  input: unknown,
  name: string,
  checks: Record<string, Check>,
): Record<string, unknown> {
  if (!isObject(input)) throw new InputError(`${name} must be a JSON object`);
  for (const field of Object.keys(input)) {
    if (!Object.hasOwn(checks, field)) throw new InputError(`${name} has an unknown field: ${field}`);
  }
  for (const [field, check] of Object.entries(checks)) {
    const missing = input[field] === undefined;
    if (missing && check.optional) continue;
    if (missing || !check.accepts(input[field])) throw new InputError(`${field} must be ${check.needs}`);
  }
  return input;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
