import type { Run } from './command.ts';
import { readArguments } from './support/arguments.ts';

/** Starts one server; returns when it is up, and the process then lives until it is ended. */
export const run: Run = async (args, importSource) => {
  readArguments('server', args, {}, 0);
  const { serve } = await importSource<typeof import('../serve.ts')>('scripts/serve.ts');
  await serve('server', args);
  return 0;
};
