import { existsSync, writeFileSync } from 'node:fs';
import type { Config } from '../../src/platform/config.ts';
import { visible } from '../../src/text/visible.ts';
import type { Listed } from '../agents.ts';
import type { ImportSource, Run } from './command.ts';
import { readArguments, UsageError } from './support/arguments.ts';
import { note, print, watchOutput } from './support/output.ts';

/** The agent's own options (agent/main.ts), so that a wrong one is told as everywhere. */
const OPTIONS = { data: { type: 'string' }, invite: { type: 'string' }, policy: { type: 'string' } } as const;
const TENANT = { tenant: { type: 'string' } } as const;
const INVITE_OPTIONS = {
  ...TENANT,
  address: { type: 'string' },
  again: { type: 'string' },
  out: { type: 'string' },
} as const;
const ADDRESS = /^[^\s/]+:\d{1,5}$/;

/** Starts the agent, which reads the rest of the command line itself and then lives until it is ended; or sees to agents. */
export const run: Run = async (args, importSource) => {
  switch (args[0]) {
    case 'invite':
      return invite(args.slice(1), importSource);
    case 'list':
      return list(args.slice(1), importSource);
    case 'remove':
      return remove(args.slice(1), importSource);
    default:
      return start(args, importSource);
  }
};

async function start(args: readonly string[], importSource: ImportSource): Promise<number> {
  const { values } = readArguments('agent', args, OPTIONS, 0);
  if (values.data === undefined)
    throw new UsageError('dd0c agent needs --data DIR, the folder for its key and its journal.');
  process.argv.splice(2, process.argv.length, ...args);
  await importSource('agent/main.ts');
  return 0;
}

async function invite(args: readonly string[], importSource: ImportSource): Promise<number> {
  const { values } = readArguments('agent', args, INVITE_OPTIONS, 0);
  const { address, out, ...whom } = values;
  if (address === undefined || !ADDRESS.test(address))
    throw new UsageError('dd0c agent invite needs --address HOST:PORT, where agents reach the gateway.');
  const { config, agents } = await serverSide(importSource);
  const text = `${JSON.stringify(await agents.makeInvite(config, { ...whom, address }), null, 2)}\n`;
  if (out === undefined) await print(text);
  else writeFileSync(out, text, { mode: 0o600, flag: 'wx' });
  const folder = whom.again === undefined ? '' : ' and with an empty DIR';
  note(`It works once, within 15 minutes${folder}: dd0c agent --data DIR --invite FILE on the host.`);
  return 0;
}

async function list(args: readonly string[], importSource: ImportSource): Promise<number> {
  const { values } = readArguments('agent', args, TENANT, 0);
  const { config, agents } = await serverSide(importSource);
  const listed = await agents.listAgents(config, values.tenant);
  if (listed.length === 0) note('No agent has enrolled in this workspace yet: dd0c agent invite.');
  for (const agent of listed) await print(`${lineOf(agent)}\n`);
  return 0;
}

const lineOf = ({ id, host, connected, pausedBecause, otherRules, epoch }: Listed): string =>
  [
    id,
    visible(host) || '(no host yet)',
    connected ? 'connected' : 'not connected',
    `epoch ${epoch}`,
    ...(pausedBecause ? [`paused: ${visible(pausedBecause)}`] : []),
    ...(otherRules ? ['judges by other rules than this server: bring both to one release'] : []),
  ].join('  ');

async function remove(args: readonly string[], importSource: ImportSource): Promise<number> {
  const { values, positionals } = readArguments('agent', args, TENANT, 1);
  const [id] = positionals;
  if (id === undefined) throw new UsageError('dd0c agent remove needs the id of an agent: dd0c agent list.');
  const { config, agents } = await serverSide(importSource);
  await agents.removeAgent(config, values.tenant, id);
  note(`The agent ${id} is removed. What it still runs goes on; end its program on the host.`);
  return 0;
}

/** The settings of a server, and what is done with them. */
async function serverSide(importSource: ImportSource): Promise<{
  config: Config;
  agents: typeof import('../agents.ts');
}> {
  watchOutput();
  if (existsSync('.env')) process.loadEnvFile('.env');
  const { loadConfig } =
    await importSource<typeof import('../../src/platform/config.ts')>('src/platform/config.ts');
  return { config: loadConfig(), agents: await importSource('scripts/agents.ts') };
}
