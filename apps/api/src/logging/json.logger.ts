import type { LoggerService } from '@nestjs/common';
import { pino, stdTimeFunctions, type DestinationStream, type Level, type Logger } from 'pino';

/** What the framework says while it starts. Of interest to its developers only. */
const FRAMEWORK_CONTEXTS = new Set([
  'NestFactory',
  'NestApplication',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
]);

/** Nest's logger as JSON lines on standard output, one event a line. */
export class JsonLogger implements LoggerService {
  private readonly pino: Logger;

  constructor(level: string) {
    const options = {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    this.pino = pino(options, StandardOutput.shared);
  }

  log(message: unknown, context?: unknown): void {
    this.write(FRAMEWORK_CONTEXTS.has(String(context)) ? 'debug' : 'info', message, context);
  }

  /** Nest passes a stack before the context; it is left out, since its first line is the error's own text. */
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest.at(-1));
  }

  warn(message: unknown, context?: unknown): void {
    this.write('warn', message, context);
  }

  debug(message: unknown, context?: unknown): void {
    this.write('debug', message, context);
  }

  verbose(message: unknown, context?: unknown): void {
    this.write('trace', message, context);
  }

  fatal(message: unknown, context?: unknown): void {
    this.write('fatal', message, context);
  }

  private write(level: Level, message: unknown, context: unknown): void {
    const fields = typeof message === 'object' && message !== null ? message : { msg: String(message) };
    this.pino[level]({ context, ...fields });
  }
}

/**
 * Standard output. Lines of one turn of the event loop are written together at its end, since a write costs more than a
 * line, and in another thread, so that a reader that is slow holds nobody up. When the process exits, what waits is
 * written at once.
 */
class StandardOutput implements DestinationStream {
  private static instance?: StandardOutput;
  private readonly output = pino.destination({ dest: 1, sync: false });
  private readonly outputAtOnce = pino.destination({ dest: 1, sync: true });
  private waiting = '';

  private constructor() {
    process.on('exit', () => this.flushSync());
  }

  static get shared(): StandardOutput {
    return (this.instance ??= new StandardOutput());
  }

  write(line: string): void {
    if (this.waiting === '') setImmediate(() => this.writeWaiting(this.output));
    this.waiting += line;
  }

  /** Pino asks for it after a fatal line. */
  flushSync(): void {
    this.output.flushSync();
    this.writeWaiting(this.outputAtOnce);
  }

  private writeWaiting(output: DestinationStream): void {
    if (this.waiting !== '') output.write(this.waiting);
    this.waiting = '';
  }
}
