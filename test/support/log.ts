import { Logger } from '@nestjs/common';

export interface LogEvent {
  readonly level: 'log' | 'warn' | 'error';
  readonly event?: string;
  readonly [field: string]: unknown;
}

/** What is logged from now on, in place of its being printed. */
export function captureLog(): LogEvent[] {
  const events: LogEvent[] = [];
  const at =
    (level: LogEvent['level']) =>
    (message: unknown): void =>
      void events.push({ level, ...(typeof message === 'object' ? message : { text: message }) });
  Logger.overrideLogger({ log: at('log'), warn: at('warn'), error: at('error') });
  return events;
}
