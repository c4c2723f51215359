import { Logger } from '@nestjs/common';
import { describeError } from '../errors/describe-error.js';

/**
 * For faults that nothing else has caught. Node would print the whole error, which may hold a code or a credential.
 * A rejection that nobody waits for harms nobody else. After an exception that broke through, nothing is certain (see
 * https://nodejs.org/api/process.html#event-uncaughtexception), so the process ends, as gracefully as it can.
 */
export class LastResort {
  private readonly logger = new Logger('Process');

  constructor() {
    process.on('unhandledRejection', (error) =>
      this.logger.error({ event: 'process.unhandled_rejection', ...describeError(error) }),
    );
    process.on('uncaughtException', (error) => {
      this.logger.fatal({ event: 'process.uncaught_exception', ...describeError(error) });
      this.end();
    });
  }

  /** How the process ends after an exception; until the app runs, at once. */
  end: () => void = () => process.exit(1);
}
