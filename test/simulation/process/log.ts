import type { Logger } from 'winston';

/** One line of a process's log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly error?: unknown;
}

/** A logger that hands over what it is told, at once. */
export function loggerTo(take: (line: LogLine) => void): Logger {
  const at =
    (level: string) =>
    (message: string, fields?: { readonly error?: unknown }): void =>
      take({ level, message, ...(fields?.error === undefined ? {} : { error: fields.error }) });
  const log = {
    ...Object.fromEntries(['error', 'warn', 'info', 'debug'].map((level) => [level, at(level)])),
    log: (level: string, message: string, fields?: { readonly error?: unknown }) => at(level)(message, fields),
    child: () => log,
  };
  // The part of a Logger that the product uses.
  return log as unknown as Logger;
}
