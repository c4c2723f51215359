/** What is known of a key. Times are in milliseconds of the store's clock. */
export interface KeyState {
  /** Id of the first call. */
  readonly id: string;
  /** Keyed hash of its body. */
  readonly body: string;
  /** It is over by then, or its process has died. */
  readonly runsUntil: number;
  /** Its final answer, sealed. */
  readonly answer?: string;
}

/** What a call may do with a key. */
export type Claim =
  /** It is the first one, and does the work. */
  | { readonly result: 'first' }
  /** It repeats the answer of the first one. */
  | { readonly result: 'answered'; readonly answer: string }
  | { readonly result: 'in_use' }
  | { readonly result: 'other_body' }
  /** The first call ended without an answer; nobody knows what it did. */
  | { readonly result: 'died'; readonly id: string };

/** The same call twice is the first one twice. */
export function claim(
  state: KeyState | undefined,
  call: { readonly id: string; readonly body: string },
  runningMs: number,
  now: number,
): { state: KeyState; claim: Claim } {
  if (!state) return { state: { ...call, runsUntil: now + runningMs }, claim: { result: 'first' } };
  return { state, claim: claimOf(state, call, now) };
}

function claimOf(state: KeyState, call: { id: string; body: string }, now: number): Claim {
  if (state.body !== call.body) return { result: 'other_body' };
  if (state.answer !== undefined) return { result: 'answered', answer: state.answer };
  if (state.id === call.id) return { result: 'first' };
  return now < state.runsUntil ? { result: 'in_use' } : { result: 'died', id: state.id };
}
