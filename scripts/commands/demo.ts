import type { Run } from './command.ts';

/** Runs the demo, which reads the rest of the command line itself and sets the exit code. */
export const run: Run = async (args, importSource) => {
  process.argv.splice(2, process.argv.length, ...args);
  await importSource('dev/demo.ts');
  return Number(process.exitCode ?? 0);
};
