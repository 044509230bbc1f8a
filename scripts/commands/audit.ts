import { resolve } from 'node:path';
import type { Run } from './command.ts';
import { readArguments } from './support/arguments.ts';
import { databaseFault, ownerUrl } from './support/database.ts';
import { print } from './support/output.ts';
import { subcommand } from './support/subcommand.ts';

const OPTIONS = { data: { type: 'string', default: 'data' }, url: { type: 'string' } } as const;

/** Checks the log of a data folder or of an external database. 1 when it does not hold. */
export const run: Run = async (args, importSource) => {
  const { values, positionals } = readArguments('audit', args, OPTIONS, 1);
  subcommand('audit', positionals, ['verify']);
  const url = values.url === undefined ? null : ownerUrl(values.url);
  const dataDir = resolve(values.data);
  const { verifyExternal, verifyFolder } =
    await importSource<typeof import('../../dev/audit.ts')>('dev/audit.ts');
  const verifying =
    url === null ? verifyFolder(dataDir) : verifyExternal(url, dataDir).catch(databaseFault(url));
  const { events, streams, findings } = await verifying;
  const holds = findings.length === 0;
  await print(
    [
      ...findings.map(({ stream, version, sentence }) => `${stream} at ${version}: ${sentence}`),
      holds
        ? `The log holds: ${events} records in ${streams} streams, every chain whole, every snapshot what its records add up to.`
        : `The log does not hold: ${findings.length} findings in ${events} records of ${streams} streams.`,
      'Not seen by this check: a stream removed whole, or cut at its end together with its snapshot (signed checkpoints will).',
    ]
      .map((line) => `${line}\n`)
      .join(''),
  );
  return holds ? 0 : 1;
};
