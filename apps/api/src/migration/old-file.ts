export const FORMATS = ['env', 'properties', 'csv', 'sql'] as const;
export type Format = (typeof FORMATS)[number];

/** A parameter of the old system. */
export interface OldParameter {
  readonly name: string;
  readonly value: string;
  /** Of the file, where it begins; the first is 1. */
  readonly line: number;
}

/** A line that should be a parameter and cannot be read as one. */
export interface UnreadLine {
  readonly line: number;
  /** Does not repeat what stands there. */
  readonly reason: string;
}

/** What stands in an old configuration: every line that is not blank is in one of the three. */
export interface OldContent {
  readonly parameters: readonly OldParameter[];
  readonly unread: readonly UnreadLine[];
  /** Lines with comments, headings and statements about other tables. */
  readonly skipped: readonly number[];
}

export interface OldFile extends OldContent {
  readonly format: Format;
  /** As it was decoded. */
  readonly encoding: string;
}
