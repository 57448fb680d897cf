import { once } from 'node:events';
import winston, { type Logger } from 'winston';
import { redact } from './redact.ts';

/** From the least to the most talkative; winston's `npm` levels. */
export const logLevels = ['error', 'warn', 'info', 'http', 'verbose', 'debug', 'silly'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** Default: standard output. */
  readonly stream?: NodeJS.WritableStream;
}

/**
 * A logger that prints one JSON object per line: `time` (RFC 3339), `level`, `message`, then what the caller and its
 * `child` loggers add. Errors belong under a name of their own, `log.error('cannot …', { error })`, and are printed
 * with code, stack and causes. Obvious credentials are replaced before anything is printed.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const stream = options.stream ?? process.stdout;
  return winston.createLogger({
    level: options.level ?? 'info',
    levels: winston.config.npm.levels,
    format: winston.format.printf((info) => JSON.stringify(lineOf(info))),
    transports: [new winston.transports.Stream({ stream, eol: '\n' })],
  });
}

/**
 * Ends the logger and resolves when every line so far has been handed to its stream. What is logged from then on, by
 * `child` loggers too, is dropped.
 */
export async function closeLogger(log: Logger): Promise<void> {
  if (log.writableFinished) return;
  const finished = once(log, 'finish');
  // Of a manager that has lost its lease, passes under way may go on talking; to an ended stream that is an error.
  log.write = () => true;
  log.end();
  await finished;
}

// Where winston leaves the arguments after the message (its package triple-beam).
const splat = Symbol.for('splat');

function lineOf(info: winston.Logform.TransformableInfo): object {
  const { level, message, ...rest } = info;
  return { time: new Date().toISOString(), level, message: redact(message), ...fieldsOf(rest, argumentOf(info)) };
}

// winston mixes a bare Error into the line's own fields, and drops an object after a message that contains `%s`.
function fieldsOf(rest: object, argument: unknown): object {
  if (argument instanceof Error) {
    const { stack: _stack, cause: _cause, code: _code, ...others } = rest as Record<string, unknown>;
    return fieldsOf({ ...others, error: argument }, undefined);
  }
  const fields = typeof argument === 'object' && argument !== null ? { ...argument, ...rest } : rest;
  const copy = redact(fields);
  return typeof copy === 'object' && copy !== null ? copy : {};
}

function argumentOf(info: winston.Logform.TransformableInfo): unknown {
  const values = info[splat];
  return Array.isArray(values) ? values[0] : undefined;
}
