/** Exit code of a command line that cannot be understood. */
export const USAGE_EXIT_CODE = 2;

/** The migration cannot go on; the message is one line for people and shows no value of a file. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';

  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
  }
}

/** Of an error of the file system, the code alone: `ENOENT`. */
export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown reason';
}
