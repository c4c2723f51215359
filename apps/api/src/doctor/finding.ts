/**
 * What a check came to. `look here` is for what only a person can see, and is never counted as passed.
 */
export type Result = 'pass' | 'warn' | 'fail' | 'look here';

/** One line of the doctor's report. No text holds a secret or a whole phone number. */
export interface Finding {
  /** What was checked. The names are stable. */
  readonly check: string;
  readonly result: Result;
  /** What was seen, in one sentence. */
  readonly seen: string;
  /** How to mend it, or where to look. */
  readonly fix?: string;
}

/** What is wrong, and how to mend it. */
export type Remedy = Pick<Finding, 'seen'> & Required<Pick<Finding, 'fix'>>;
