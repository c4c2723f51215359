import { CALLBACK_MODES } from './callback.mode.js';
import { STANDING_DEFAULT_MS, STANDING_MAX_MS, type Fault } from './faults.js';
import {
  checkFields,
  flag,
  InputError,
  integer,
  isObject,
  oneOf,
  optional,
  text,
  type Check,
} from './json.input.js';

/** One check for every field of every kind of fault; a field without one does not compile. */
type Checks = {
  [K in Fault['kind']]: Record<Exclude<keyof Extract<Fault, { kind: K }>, 'kind'>, Check>;
};

const headers: Check = {
  needs: 'an object of strings',
  accepts: (value) => isObject(value) && Object.values(value).every((entry) => typeof entry === 'string'),
};
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
  callbacks: { mode: oneOf(...CALLBACK_MODES) },
  redirect: { location: text },
};

/** What a request to set a fault asks for. */
export interface FaultOrder {
  fault: Fault;
  times: number;
  always: boolean;
  /** How long a standing fault stands. */
  forMs: number;
}

/** @throws InputError */
export function readFaultOrder(input: unknown): FaultOrder {
  const order = checkFields(input, 'the body', {
    fault: { needs: 'an object', accepts: isObject },
    times: optional(integer(0, 1000)),
    always: optional(flag),
    forMs: optional(integer(1, STANDING_MAX_MS)),
  });
  return {
    fault: readFault(order.fault),
    times: typeof order.times === 'number' && order.times > 0 ? order.times : 1,
    always: order.always === true,
    forMs: typeof order.forMs === 'number' ? order.forMs : STANDING_DEFAULT_MS,
  };
}

function readFault(input: unknown): Fault {
  const kind = isObject(input) ? input.kind : undefined;
  if (!isKind(kind)) throw new InputError(`fault.kind must be one of ${Object.keys(CHECKS).join(', ')}`);
  return checkFields(input, 'fault', { kind: text, ...CHECKS[kind] }) as Record<string, unknown> & Fault;
}

function isKind(value: unknown): value is Fault['kind'] {
  return typeof value === 'string' && Object.hasOwn(CHECKS, value);
}
