import { type DestinationStream, type Logger, pino } from 'pino';
import { redact } from '../text/redact.ts';

export type { Logger } from 'pino';

const PATHS = ['token', '*.token', 'headers.authorization', '*.headers.authorization', 'body', '*.body', 'command', '*.command'];

/** The process's logger. Known fields are dropped by path, and every line is searched for secrets before it is written. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  return pino({ level, redact: { paths: PATHS, censor: '[redacted]' }, hooks: { streamWrite: redact } }, destination as DestinationStream);
}
