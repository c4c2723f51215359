import { isObject } from './json.input.js';
import type { MessageRecord } from './message.record.js';

/** What a simulator keeps when it stops. */
export interface SimulatorState {
  readonly version: 1;
  /** Only if the simulator made it up. */
  readonly accountSid?: string;
  /** Only if the simulator made it up. */
  readonly authToken?: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly optOuts: readonly string[];
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
    areTexts(state.optOuts) &&
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
