import { existsSync, writeFileSync } from 'node:fs';
import type { ImportSource, Run } from './command.ts';
import { readArguments, UsageError } from './support/arguments.ts';
import { note, print } from './support/output.ts';

/** The agent's own options (agent/main.ts), so that a wrong one is told as everywhere. */
const OPTIONS = { data: { type: 'string' }, invite: { type: 'string' }, policy: { type: 'string' } } as const;
const INVITE_OPTIONS = {
  address: { type: 'string' },
  tenant: { type: 'string' },
  out: { type: 'string' },
} as const;
const ADDRESS = /^[^\s/]+:\d{1,5}$/;

/** Starts the agent, which reads the rest of the command line itself and then lives until it is ended; or invites one. */
export const run: Run = async (args, importSource) => {
  if (args[0] === 'invite') return invite(args.slice(1), importSource);
  const { values } = readArguments('agent', args, OPTIONS, 0);
  if (values.data === undefined)
    throw new UsageError('dd0c agent needs --data DIR, the folder for its key and its journal.');
  process.argv.splice(2, process.argv.length, ...args);
  await importSource('agent/main.ts');
  return 0;
};

async function invite(args: readonly string[], importSource: ImportSource): Promise<number> {
  const { values } = readArguments('agent', args, INVITE_OPTIONS, 0);
  const { address, tenant, out } = values;
  if (address === undefined || !ADDRESS.test(address))
    throw new UsageError('dd0c agent invite needs --address HOST:PORT, where agents reach the gateway.');
  if (existsSync('.env')) process.loadEnvFile('.env');
  const { loadConfig } =
    await importSource<typeof import('../../src/platform/config.ts')>('src/platform/config.ts');
  const { makeInvite } = await importSource<typeof import('../invite.ts')>('scripts/invite.ts');
  const text = `${JSON.stringify(await makeInvite(loadConfig(), { tenant, address }), null, 2)}\n`;
  if (out === undefined) await print(text);
  else writeFileSync(out, text, { mode: 0o600, flag: 'wx' });
  note('It works once, within 15 minutes: dd0c agent --data DIR --invite FILE on the host.');
  return 0;
}
