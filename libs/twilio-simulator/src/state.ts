import { isObject } from './json.input.js';
import type { MessageRecord } from './message.record.js';
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

const TEXTS = ['sid', 'direction', 'to', 'from', 'body', 'encoding', 'createdAt', 'updatedAt', 'status'];

/** @returns undefined for what no simulator has written */
export function readState(content: string): SimulatorState | undefined {
  const state = parse(content);
  const isState =
    isObject(state) &&
    state.version === 1 &&
    areTexts([state.accountSid ?? '', state.authToken ?? '', state.createdAt]) &&
    Array.isArray(state.optOuts) &&
    state.optOuts.every(isOptOut) &&
    Array.isArray(state.messages) &&
    state.messages.every(isMessageRecord);
  return isState ? (state as unknown as SimulatorState) : undefined;
}

function isMessageRecord(value: unknown): boolean {
  return (
    isObject(value) &&
    areTexts(TEXTS.map((field) => value[field])) &&
    Number.isInteger(value.segments) &&
    Array.isArray(value.timeline) &&
    value.timeline.every((entry) => isObject(entry) && areTexts([entry.status, entry.at]))
  );
}

function isOptOut(value: unknown): boolean {
  return isObject(value) && areTexts([value.phone, value.sender, value.since]);
}

function areTexts(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
