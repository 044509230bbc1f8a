/** The agent of this machine: a process of its own, under an account of its own, with a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { enrolmentSchema } from '../agent/enrol.ts';
import { bundleAgent } from '../scripts/bundle-agent.ts';
import type { Introduction } from '../src/system.ts';
import { type Account, ownFolder, reachableFolder } from './account.ts';
import { readIfThere, runningProcess } from './lock.ts';

export interface AgentProcessOptions {
  readonly dataDir: string;
  readonly account: Account | null;
  /** `host:port` of the gateway, and the certificate to believe. */
  readonly address: string;
  readonly caPem: string;
  /** Asked once, when this folder has never enrolled. */
  readonly invite: () => Promise<Introduction>;
  /** Argv put before every command of a step (a cage), or nothing. */
  readonly wrapper?: readonly string[];
}

export interface AgentProcess {
  /** The process that runs now; another one after a crash. */
  readonly pid: number | undefined;
  /** Where the agent's own log is. */
  readonly logFile: string;
  /** Ends the agent: it drains first, and is killed when that takes longer than `STOP_LIMIT_MS`. */
  stop(): Promise<void>;
}

/**
 * The folder stays ours and the account may only read in it; `data` alone is the account's. So nothing that the agent's
 * account could plant is ever written through, or handed over, with our rights.
 */
interface Place {
  readonly home: string;
  readonly data: string;
}

const RESTART_MS = 500;
const LOOK_MS = 20;
const STOP_LIMIT_MS = 40_000; // longer than the agent's own drain (30 s)

/** Starts the agent and starts it again whenever it dies, until it is stopped. Rejects when it cannot be set up. */
export async function startAgent(options: AgentProcessOptions): Promise<AgentProcess> {
  const { account } = options;
  const home = ownFolder(join(reachableFolder(options.dataDir, account), 'agent'), null, 0o711);
  const place: Place = { home, data: ownFolder(join(home, 'data'), account) };
  const program = join(home, 'agent.cjs');
  await endLeftOver(place, program);
  await bundleAgent(program);
  chmodSync(program, 0o644);
  const policy = writeFor(
    account,
    join(home, 'policy.yaml'),
    JSON.stringify({ wrapper: options.wrapper ?? [] }),
  ); // JSON is YAML
  const args = [program, '--data', place.data, '--policy', policy, ...(await enrolment(place, options))];

  const logFile = join(home, 'agent.log');
  const log = openSync(logFile, 'a', 0o600);
  const state: { child: ChildProcess | null; stopping: boolean } = { child: null, stopping: false };
  const launch = () => {
    state.child = spawn(process.execPath, args, {
      cwd: '/',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', HOME: place.data },
      stdio: ['ignore', log, log],
      detached: true, // Ctrl-C is for us; we tell the agent, in our order
      ...(account ? { uid: account.uid, gid: account.gid } : {}),
    });
    state.child.once('exit', () => {
      if (!state.stopping) setTimeout(launch, RESTART_MS);
    });
  };
  launch();
  return {
    get pid() {
      return state.child?.pid;
    },
    logFile,
    async stop() {
      state.stopping = true;
      await endProcess(state.child);
    },
  };
}

/** An agent that outlived its parent (a SIGKILL of ours) still holds the folder: it is ended before a new one starts. */
async function endLeftOver({ data }: Place, program: string): Promise<void> {
  const pid = Number.parseInt(readIfThere(join(data, 'lock')) ?? '', 10);
  const isOurs = () => Number.isInteger(pid) && runningProcess(pid)?.command.includes(program) === true;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isOurs()) return;
    process.kill(pid, signal);
    const end = performance.now() + STOP_LIMIT_MS;
    while (isOurs() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Writes a file that the account may read and nobody else but us may see. */
function writeFor(account: Account | null, file: string, text: string): string {
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  if (account) {
    chmodSync(file, 0o640);
    chownSync(file, -1, account.gid);
  }
  return file;
}

/**
 * A new agent gets an invite that works once. One that enrolled before is only told where the gateway is now; its file
 * is taken from its folder and put back whole, never written through. The folder of one that enrolled with a version before
 * this one, which believed other things, is put aside.
 */
async function enrolment({ home, data }: Place, options: AgentProcessOptions): Promise<string[]> {
  const { address, caPem, account, invite } = options;
  const enrolled = join(data, 'enrolment.json');
  if (existsSync(enrolled)) {
    const kept = enrolmentSchema.safeParse(JSON.parse(readFileSync(enrolled, 'utf8')));
    if (kept.success) {
      rmSync(enrolled);
      const text = JSON.stringify({ ...kept.data, address, ca_pem: caPem });
      writeFileSync(enrolled, text, { mode: 0o600, flag: 'wx' });
      if (account) chownSync(enrolled, account.uid, account.gid);
      return [];
    }
    renameSync(data, `${data}-before-${Date.now()}`);
    ownFolder(data, account);
  }
  const text = JSON.stringify({ address, ca_pem: caPem, ...(await invite()) });
  return ['--invite', writeFor(account, join(home, 'invite.json'), text)];
}

/** SIGTERM, and SIGKILL when that was not enough in time. */
async function endProcess(child: ChildProcess | null): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await gone;
  clearTimeout(hard);
}
