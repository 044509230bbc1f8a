import type { Run } from './command.ts';
import { readArguments } from './support/arguments.ts';

/** Starts everything on this machine; returns when it is up, and the process then lives until it is ended. */
export const run: Run = async (args, importSource) => {
  readArguments('start', args, {}, 0);
  await importSource('dev/start.ts');
  return 0;
};
