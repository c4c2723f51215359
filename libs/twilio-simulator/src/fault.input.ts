import type { Fault } from './faults.js';

interface Check {
  needs: string;
  accepts: (value: unknown) => boolean;
  optional?: boolean;
}

/** One check for every field of every kind of fault; a field without one does not compile. */
type Checks = {
  [K in Fault['kind']]: Record<Exclude<keyof Extract<Fault, { kind: K }>, 'kind'>, Check>;
};

const flag: Check = { needs: 'true or false', accepts: (value) => typeof value === 'boolean' };
const text: Check = { needs: 'a string', accepts: (value) => typeof value === 'string' };
const headers: Check = {
  needs: 'an object of strings',
  accepts: (value) => isObject(value) && Object.values(value).every((entry) => typeof entry === 'string'),
};
const integer = (min: number, max: number): Check => ({
  needs: `an integer from ${min} to ${max}`,
  accepts: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
});
const oneOf = (...values: string[]): Check => ({
  needs: `one of ${values.join(', ')}`,
  accepts: (value) => typeof value === 'string' && values.includes(value),
});
const optional = (check: Check): Check => ({ ...check, optional: true });

const MAX_DELAY_MS = 600_000;
const errorCode = integer(1, 99_999);

const CHECKS: Checks = {
  status: {
    status: integer(200, 599),
    code: optional(errorCode),
    message: optional(text),
    headers: optional(headers),
    body: optional(text),
    contentType: optional(text),
    accepted: optional(flag),
  },
  hang: { accepted: flag },
  reset: { accepted: flag },
  truncate: { lyingLength: optional(flag) },
  drip: { everyMs: integer(0, MAX_DELAY_MS) },
  delay: { ms: integer(0, MAX_DELAY_MS) },
  messageStatus: { status: oneOf('failed', 'undelivered'), errorCode: optional(errorCode) },
  redirect: { location: text },
};

/** What a request to set a fault asks for. */
export interface FaultOrder {
  fault: Fault;
  times: number;
  always: boolean;
}

/** Says what is wrong with the JSON of a request. */
export class FaultInputError extends Error {
  override readonly name = 'FaultInputError';
}

/** @throws FaultInputError */
export function readFaultOrder(input: unknown): FaultOrder {
  const order = checkFields(input, 'the body', {
    fault: { needs: 'an object', accepts: isObject },
    times: optional(integer(0, 1000)),
    always: optional(flag),
  });
  return {
    fault: readFault(order.fault),
    times: typeof order.times === 'number' && order.times > 0 ? order.times : 1,
    always: order.always === true,
  };
}

function readFault(input: unknown): Fault {
  const kind = isObject(input) ? input.kind : undefined;
  if (!isKind(kind)) throw new FaultInputError(`fault.kind must be one of ${Object.keys(CHECKS).join(', ')}`);
  return checkFields(input, 'fault', { kind: text, ...CHECKS[kind] }) as Record<string, unknown> & Fault;
}

function checkFields(input: unknown, name: string, checks: Record<string, Check>): Record<string, unknown> {
  if (!isObject(input)) throw new FaultInputError(`${name} must be a JSON object`);
  for (const field of Object.keys(input)) {
    if (!Object.hasOwn(checks, field)) throw new FaultInputError(`${name} has an unknown field: ${field}`);
  }
  for (const [field, check] of Object.entries(checks)) {
    const missing = input[field] === undefined;
    if (missing && check.optional) continue;
    if (missing || !check.accepts(input[field])) throw new FaultInputError(`${field} must be ${check.needs}`);
  }
  return input;
}

function isKind(value: unknown): value is Fault['kind'] {
  return typeof value === 'string' && Object.hasOwn(CHECKS, value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
