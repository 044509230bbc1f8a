/** The command line. Every command says what it does with --help, and exits 0, 1 (it failed) or 2 (it was asked wrongly). */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { sentenceOf } from '../dev/sentence.ts';

const USAGE = `Usage: dd0c <command>

  start                      server, workers and one agent on this machine (npm start)
  demo [--help]              a whole run before your eyes (npm run demo)
  audit verify [--data DIR]  checks every record of the log of a data folder (default: data)
`;

async function main([command, ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case 'start':
      await import('../dev/start.ts');
      return Number(process.exitCode ?? 0);
    case 'demo':
      process.argv.splice(2, 1); // the demo reads what follows its own name
      await import('../dev/demo.ts');
      return Number(process.exitCode ?? 0);
    case 'audit':
      return audit(rest);
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      console.log(USAGE);
      return 0;
    default:
      console.error(`There is no command “${command}”.\n\n${USAGE}`);
      return 2;
  }
}

async function audit(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { data: { type: 'string', default: 'data' } },
    allowPositionals: true,
  });
  if (positionals.length !== 1 || positionals[0] !== 'verify') {
    console.error(`audit knows one thing to do: verify.\n\n${USAGE}`);
    return 2;
  }
  const { verifyFolder } = await import('../dev/audit.ts');
  const { events, streams, findings } = await verifyFolder(resolve(values.data));
  for (const { stream, version, sentence } of findings) console.log(`${stream} at ${version}: ${sentence}`);
  console.log(
    findings.length === 0
      ? `The log holds: ${events} records in ${streams} streams, every chain whole, every snapshot what its records add up to.`
      : `The log does not hold: ${findings.length} findings in ${events} records of ${streams} streams.`,
  );
  console.log(
    'Not seen by this check: a stream removed whole, or cut at its end together with its snapshot (signed checkpoints will).',
  );
  return findings.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(sentenceOf(error));
  return error instanceof TypeError ? 2 : 1;
});
