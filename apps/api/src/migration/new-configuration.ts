import { successorOf } from '../config/aliyun.successors.js';
import { faultsOfEach } from '../config/load-parameters.js';
import { environmentNameOf, parametersOf, type ParameterDescription } from '../config/parameter.decorator.js';
import { readParameter } from '../config/parameter.values.js';
import { SystemParameters } from '../config/system-parameters.js';
import { envLine } from './env.lines.js';
import type { OldContent, OldParameter } from './old-file.js';

const ALIYUN = /^aliyun[._-]/i;
const TWILIO = /^twilio[._-]/i;
const TWILIO_SMS = 'twilio.sms.';

/** Without these nothing is sent; a Messaging Service may take the place of the number. */
const TO_FILL_IN = ['twilio.sms.account_sid', 'twilio.sms.auth_token', 'twilio.sms.phone_number'];

export interface RemovedParameter {
  readonly name: string;
  readonly line: number;
  /** What takes its place. */
  readonly successor?: string;
}

export interface KeptParameter {
  /** In its canonical spelling, if it is a parameter of this service. */
  readonly name: string;
  readonly writtenName: string;
  readonly value: string;
  readonly line: number;
  /** Of the parameter of this service that it is. */
  readonly description?: ParameterDescription;
}

export interface AddedParameter {
  readonly name: string;
  readonly description: ParameterDescription;
}

/** Something to know about a line; shows no value. */
export interface Note {
  readonly line: number;
  readonly name?: string;
  readonly text: string;
}

/** What becomes of an old configuration: each of its parameters is removed, kept, or left out with a note. */
export interface NewConfiguration {
  readonly removed: readonly RemovedParameter[];
  readonly kept: readonly KeptParameter[];
  readonly leftOut: readonly OldParameter[];
  readonly added: readonly AddedParameter[];
  readonly notes: readonly Note[];
  /** There is nothing of Aliyun in it, and something of Twilio. */
  readonly migratedBefore: boolean;
  /** The new file. */
  readonly text: string;
}

/** Turns the parameters of the old system into those of this service. */
export function newConfiguration(old: OldContent): NewConfiguration {
  const removed = old.parameters.filter(({ name }) => ALIYUN.test(name)).map(asRemoved);
  const others = old.parameters.filter(({ name }) => !ALIYUN.test(name)).map(asKept);
  const lastLines = new Map(others.map(({ name, line }) => [keyOf(name), line]));
  const isReplaced = ({ name, line }: KeptParameter): boolean => lastLines.get(keyOf(name)) !== line;
  const kept = others.filter((parameter) => !isReplaced(parameter) && lineOf(parameter) !== undefined);
  const leftOut = others.filter((parameter) => !kept.includes(parameter));

  const keptKeys = new Set(kept.map(({ name }) => keyOf(name)));
  const spell = spellingOf(old.parameters);
  const added = parametersOf(SystemParameters)
    .filter(({ name }) => name.startsWith(TWILIO_SMS) && !keptKeys.has(keyOf(name)))
    .map((description) => ({ name: spell(description), description }));

  const notes = [
    ...old.unread.map(({ line, reason }) => ({ line, text: `${reason}; it is not in the new file` })),
    ...others.flatMap((parameter) =>
      isReplaced(parameter)
        ? [noteOf(parameter, `is given again in line ${lastLines.get(keyOf(parameter.name))}, which counts`)]
        : notesOn(parameter),
    ),
  ].toSorted((one, other) => one.line - other.line);
  const migratedBefore = removed.length === 0 && others.some(({ name }) => TWILIO.test(name));
  return { removed, kept, leftOut, added, notes, migratedBefore, text: textOf(kept, added, removed) };
}

function asRemoved({ name, line }: OldParameter): RemovedParameter {
  return { name, line, successor: successorOf(name) };
}

function asKept({ name: writtenName, value, line }: OldParameter): KeptParameter {
  const described = parametersOf(SystemParameters);
  const description = described.find(({ environmentName }) => environmentName === keyOf(writtenName));
  const isFile = described.some(
    ({ kind, environmentName }) => kind === 'secret' && `${environmentName}_FILE` === keyOf(writtenName),
  );
  const isCanonical = [description?.name, description?.environmentName].includes(writtenName);
  const name = description && !isCanonical ? description.name : isFile ? keyOf(writtenName) : writtenName;
  return { name, writtenName, value, line, description };
}

/** The same for all spellings of a name. */
function keyOf(name: string): string {
  return environmentNameOf(name).replaceAll('-', '_');
}

function lineOf({ name, value }: KeptParameter): string | undefined {
  return envLine(name, value);
}

/** Names are added in the spelling that the old file has: dotted, unless all of its names are environment names. */
function spellingOf(parameters: readonly OldParameter[]): (description: ParameterDescription) => string {
  const isEnvironment = parameters.every(({ name }) => !name.includes('.'));
  return ({ name, environmentName }) => (isEnvironment ? environmentName : name);
}

function notesOn(parameter: KeptParameter): Note[] {
  const { name, value, description } = parameter;
  if (lineOf(parameter) === undefined) {
    return [
      noteOf(
        parameter,
        'cannot be written to a .env file and is not in the new one; set it in the environment',
      ),
    ];
  }
  const isUsed = description !== undefined || name.endsWith('_FILE');
  const notes = isUsed ? [] : [noteOf(parameter, 'is kept, but this service does not use it')];
  const problem = description && problemOf(description, value);
  if (problem) notes.push(noteOf(parameter, `is kept, but refused at the start: ${problem}`));
  else if (description?.name === 'server.secret' && isSet(value)) {
    notes.push(noteOf(parameter, 'is kept; if other programs know it, give this service one of its own'));
  }
  return notes;
}

function noteOf({ line, writtenName: name }: KeptParameter, text: string): Note {
  return { line, name, text };
}

/** Why this service does not take a value. */
export function problemOf(parameter: ParameterDescription, text: string): string | undefined {
  if (!isSet(text)) return undefined;
  const reading = readParameter(parameter, text.trim());
  if ('problem' in reading) return reading.problem;
  const values = { [parameter.property]: reading.value };
  return faultsOfEach(Object.assign(new SystemParameters(), values))[0]?.problem;
}

/** As the service reads it: empty and `null` mean that nothing is set. */
function isSet(text: string): boolean {
  return !['', 'null'].includes(text.trim());
}

function textOf(
  kept: readonly KeptParameter[],
  added: readonly AddedParameter[],
  removed: readonly RemovedParameter[],
): string {
  const needed = added.filter(({ description }) => TO_FILL_IN.includes(description.name));
  const optional = added.filter((parameter) => !needed.includes(parameter));
  const used = kept.filter(({ description }) => description);
  const unused = kept.filter(({ description }) => !description);
  return [
    `# Made by npm run migrate:aliyun. What changed: docs/migration.md`,
    ...section('Fill these in.', needed.map(emptyEntry)),
    ...section('Optional: what is left empty is not set, and has its default.', optional.map(emptyEntry)),
    ...section('Kept from the old configuration.', used.map(keptEntry)),
    ...section('Kept too; this service does not use them.', unused.map(keptEntry)),
    ...section('Removed.', removed.map(removedEntry)),
  ]
    .join('\n\n')
    .concat('\n');
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : [`# -- ${title}`, ...entries];
}

function emptyEntry({ name, description: { description, default: value, example } }: AddedParameter): string {
  const hint = value === undefined ? `Example: ${example}` : `Default: ${value}`;
  return `# ${description}\n# ${hint}\n${name}=`;
}

function keptEntry(parameter: KeptParameter): string {
  const { description, value } = parameter;
  const problem = description && problemOf(description, value);
  const comments = [
    ...(description ? [`# ${description.description}`] : []),
    ...(problem ? [`# Refused at the start: ${problem}.`] : []),
  ];
  return [...comments, lineOf(parameter)].join('\n');
}

/** The name is safe in a comment: it is one line. */
function removedEntry({ name, successor }: RemovedParameter): string {
  const oneLine = name.replace(/[\r\n]/g, ' ');
  return successor ? `# ${oneLine}: now ${successor}` : `# ${oneLine}`;
}
