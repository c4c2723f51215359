import { Secret } from '@app/sms';
import type { ParameterDescription } from './parameter.decorator.js';

/** Texts of manuals and templates that someone forgot to replace. */
const PLACEHOLDER =
  /^(your[_-]\S*|<[^<>%]*>|\$?\{[^{}%]*\}|(AC|MG|SK|\+\d{0,3})?x{5,}|[*.]{3,}|change[_-]?me|replace[_-]?me|to-?do|\S*[_-]here)$/i;

const BOOLEANS = new Map(
  Object.entries({
    true: true,
    yes: true,
    on: true,
    '1': true,
    false: false,
    no: false,
    off: false,
    '0': false,
  }),
);

/** The typed value of a text, or why there is none. A problem never shows the text. */
export type Reading = { readonly value: unknown } | { readonly problem: string };

export function readParameter(parameter: ParameterDescription, text: string): Reading {
  const entries = parameter.kind === 'list' || parameter.rotates ? entriesOf(text) : [text];
  if (entries.some((entry) => PLACEHOLDER.test(entry))) {
    return { problem: 'is still a placeholder: put the real value in its place' };
  }
  if (entries.length === 0) return { problem: 'has only commas in it' };
  const canonical = entries.map((entry) => parameter.canonical?.(entry) ?? entry);

  switch (parameter.kind) {
    case 'integer':
      return readInteger(text);
    case 'boolean':
      return readBoolean(text);
    case 'list':
      return { value: canonical };
    case 'secret': {
      const secrets = canonical.map((entry) => new Secret(entry));
      return { value: parameter.rotates ? secrets : secrets[0] };
    }
    case 'text':
      return { value: canonical[0] };
  }
}

/** The value of a parameter that is not set. */
export function defaultOf(parameter: ParameterDescription): unknown {
  return parameter.kind === 'list' || parameter.rotates ? [] : parameter.default;
}

function readInteger(text: string): Reading {
  const value = Number(text);
  return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(value)
    ? { value }
    : { problem: 'must be a whole number, in digits' };
}

function readBoolean(text: string): Reading {
  const value = BOOLEANS.get(text.toLowerCase());
  return value === undefined ? { problem: 'must be true or false' } : { value };
}

function entriesOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
