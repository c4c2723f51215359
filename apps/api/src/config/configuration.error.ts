/** Exit code of a process that stops because of its configuration: EX_CONFIG of sysexits.h. */
export const CONFIGURATION_EXIT_CODE = 78;

/** One thing that is wrong with the configuration. None of its texts shows the value that was given. */
export interface ConfigurationFault {
  /** Dotted name of the parameter. */
  readonly name: string;
  readonly problem: string;
  /** What is right. */
  readonly example: string;
}

/** The configuration cannot be used; the message is a table of everything that is wrong with it. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly faults: readonly ConfigurationFault[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}.\n${formatFaults(faults)}`,
    );
  }
}

/** One plain-text table: name, what is wrong, an example of what is right. */
export function formatFaults(faults: readonly ConfigurationFault[]): string {
  const rows = [
    ['parameter', 'what is wrong', 'for example'],
    ...faults.map(({ name, problem, example }) => [name, problem, example]),
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map(([name, problem, example]) => `${name.padEnd(widths[0])}  ${problem.padEnd(widths[1])}  ${example}`)
    .join('\n');
}
