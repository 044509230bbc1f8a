import { errorCode } from './account.ts';

/** What went wrong, in words for the person at the terminal. */
export function sentenceOf(error: unknown): string {
  if (errorCode(error) === 'EADDRINUSE') {
    const port = typeof error === 'object' && error && 'port' in error ? String(error.port) : 'that it needs';
    return `Port ${port} is in use by another program. End it, or choose others with PORT, SIMULATOR_PORT and GATEWAY_PORT.`;
  }
  return error instanceof Error ? error.message : String(error);
}
