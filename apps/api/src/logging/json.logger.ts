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

/** As much as waits in memory; a longer turn of the event loop is written in parts. */
const MAX_WAITING_BYTES = 8 * 1024;

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
    this.pino = pino(options, standardOutput());
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
 * Lines of one turn of the event loop are written together at its end: each write costs more than its line. When the
 * process exits, what waits is written first.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true, minLength: MAX_WAITING_BYTES });
  let isWaiting = false;
  const flush = (): void => {
    isWaiting = false;
    output.flush();
  };
  process.on('exit', flush);
  return {
    write(line) {
      output.write(line);
      if (!isWaiting) setImmediate(flush);
      isWaiting = true;
    },
  };
}
