import { type DestinationStream, type Logger, pino } from 'pino';
import { redact } from '../text/redact.ts';

export type { Logger } from 'pino';

/** Of an error only what says what happened: database errors carry their whole connection, query and row. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack } = error;
  return { type: name, message, stack, ...('code' in error ? { code: error.code } : {}) };
}

const PATHS = [
  'token',
  '*.token',
  'headers.authorization',
  '*.headers.authorization',
  'body',
  '*.body',
  'command',
  '*.command',
];

/** A line without secrets that is still JSON: a masked value keeps its quotes. */
const scrub = (line: string): string => redact(line).replaceAll(/(?<!\\)":\[redacted\]/g, '":"[redacted]"');

/** The process's logger. Known fields are dropped by path, and every line is searched for secrets before it is written. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      redact: { paths: PATHS, censor: '[redacted]' },
      serializers: { err: errorFields, error: errorFields },
      hooks: { streamWrite: scrub },
    },
    destination as DestinationStream,
  );
}
