import type { Run } from './command.ts';
import { readArguments, UsageError } from './support/arguments.ts';

/** The agent's own options (agent/main.ts), so that a wrong one is told as everywhere. */
const OPTIONS = { data: { type: 'string' }, invite: { type: 'string' }, policy: { type: 'string' } } as const;

/** Starts the agent, which reads the rest of the command line itself; the process then lives until it is ended. */
export const run: Run = async (args, importSource) => {
  const { values } = readArguments('agent', args, OPTIONS, 0);
  if (values.data === undefined)
    throw new UsageError('dd0c agent needs --data DIR, the folder for its key and its journal.');
  process.argv.splice(2, process.argv.length, ...args);
  await importSource('agent/main.ts');
  return 0;
};
