import { CALLBACK_MODES } from './callback.mode.js';
import { isObject } from './json.input.js';
import { MESSAGE_STATUSES, type MessageRecord } from './message.record.js';
import type { OptOut } from './opt-outs.js';

/** What a simulator keeps when it stops. */
export interface SimulatorState {
  readonly version: 1;
  /** Only if the simulator made it up. */
  readonly accountSid?: string;
  /** Only if the simulator made it up. */
  readonly authToken?: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Oldest first. */
  readonly optOuts: readonly OptOut[];
  /** Oldest first. */
  readonly messages: readonly MessageRecord[];
}

type IsValid = (value: unknown) => boolean;
/** One check for every field; a field without one does not compile. */
type Checks<T> = Record<keyof T, IsValid>;

const isText: IsValid = (value) => typeof value === 'string';
const isFilledText: IsValid = (value) => isText(value) && value !== '';
const isFlag: IsValid = (value) => typeof value === 'boolean';
const isInteger: IsValid = (value) => Number.isInteger(value);
const isTime: IsValid = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const isUrl: IsValid = (value) => typeof value === 'string' && URL.canParse(value);
const isOneOf =
  (...values: readonly unknown[]): IsValid =>
  (value) =>
    values.includes(value);
const isListOf =
  (isItem: IsValid): IsValid =>
  (value) =>
    Array.isArray(value) && value.every(isItem);
const orNull =
  (isValid: IsValid): IsValid =>
  (value) =>
    value === null || isValid(value);
const optional =
  (isValid: IsValid): IsValid =>
  (value) =>
    value === undefined || isValid(value);
const hasFields =
  <T>(checks: Checks<T>): IsValid =>
  (value) =>
    isObject(value) && Object.entries<IsValid>(checks).every(([field, isValid]) => isValid(value[field]));

const isStatus = isOneOf(...MESSAGE_STATUSES);
type TimelineEntry = MessageRecord['timeline'][number];

const isTimelineEntry = hasFields<TimelineEntry>({
  status: isStatus,
  at: isTime,
  errorCode: orNull(isInteger),
  callback: orNull(
    hasFields<NonNullable<TimelineEntry['callback']>>({ at: isTime, answer: orNull(isInteger) }),
  ),
});

const isMessageRecord = hasFields<MessageRecord>({
  sid: isFilledText,
  direction: isOneOf('outbound', 'inbound'),
  to: isText,
  from: isText,
  messagingServiceSid: orNull(isText),
  body: isText,
  code: orNull(isText),
  segments: isInteger,
  encoding: isText,
  createdAt: isTime,
  statusCallback: orNull(isUrl),
  callbackMode: orNull(isOneOf(...CALLBACK_MODES)),
  updatedAt: isTime,
  sentAt: orNull(isTime),
  status: isStatus,
  errorCode: orNull(isInteger),
  timeline: isListOf(isTimelineEntry),
  redacted: isFlag,
  feedback: isOneOf('confirmed', 'unconfirmed', null),
  hiddenAt: orNull(isTime),
  deletedFromApi: isFlag,
});

const isSimulatorState = hasFields<Required<SimulatorState>>({
  version: isOneOf(1),
  accountSid: optional(isFilledText),
  authToken: optional(isFilledText),
  createdAt: isTime,
  optOuts: isListOf(hasFields<OptOut>({ phone: isText, sender: isText, since: isTime })),
  messages: isListOf(isMessageRecord),
});

/** @returns undefined for what no simulator has written */
export function readState(content: string): SimulatorState | undefined {
  const state = parse(content);
  return isSimulatorState(state) ? (state as SimulatorState) : undefined;
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
