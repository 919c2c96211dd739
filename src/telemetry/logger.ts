import { pino, stdTimeFunctions } from 'pino';
import type { Logger } from '../core/logger.ts';
import type { LogSettings } from '../core/settings.ts';

/** The event log, whose level can change with a reload. */
export interface EventLogger extends Logger {
  setLevel(level: LogSettings['level']): void;
}

/** Where finished lines go. */
export interface LogOutput {
  write(line: string): unknown;
  flush(): void;
}

/** JSON lines: level, time, pid, the fields, msg. */
export function createLogger(level: LogSettings['level'], output: LogOutput): EventLogger {
  const log = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line: string): void {
        output.write(line);
        // Events are rare, and the last one before a crash is the one that matters.
        output.flush();
      },
    },
  );
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    setLevel(next) {
      log.level = next;
    },
  };
}
