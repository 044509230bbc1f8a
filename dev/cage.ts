/**
 * A place where the commands of a runbook can be run without effect: a root file system of its own that holds bash and,
 * under the name of every command, a stub that records how it was called. No network, no host files, no host processes.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, isReachable, ownFolder } from './account.ts';

/** What the stubs recorded: for each step (its DD0C_STEP) the argument lists in the order of the calls. */
export type Recorded = ReadonlyMap<string, readonly (readonly string[])[]>;

/** A cage that was tried and holds. */
export type Cage = {
  readonly ok: true;
  /** Put before the argument list of a step's process. It sets PATH and HOME, and leaves the rest of the environment. */
  readonly wrapper: readonly string[];
  /** What was called so far. A record that a killed step left unfinished is left out. */
  recorded(): Promise<Recorded>;
  /** Removes the cage's folder; the wrapper does not work any more. */
  close(): void;
};

/** No cage can be had here; the sentence says why and what to do. */
export type NoCage = { readonly ok: false; readonly sentence: string };

/** Where things lie inside. */
const STUBS = '/cage/bin';
const STUB = '/cage/stub';
const RECORD = '/cage/record';
const BASH = '/usr/bin/bash';
const PROBE = 'dd0c-probe';
const PROBE_LIMIT_MS = 10_000;

/** -p: what the step exported (functions, BASH_ENV) has no say in what is recorded. One file a call, named by its time. */
const STUB_SCRIPT = `#!${BASH} -p
LC_ALL=C
set -o noclobber
printf '%s\\0' "\${DD0C_STEP-}" "$#" "\${0##*/}" "$@" >"${RECORD}/\${EPOCHREALTIME/./}-$BASHPID" || exit 70
exit 0
`;

/** One call as the stub wrote it: step, number of arguments, name, arguments, each ended by NUL; null when cut short. */
export function parseRecord(bytes: Buffer): { step: string; argv: string[] } | null {
  const parts = bytes.toString('utf8').split('\0');
  const [step, count, ...argv] = parts;
  // The NUL after the last argument leaves one empty part.
  if (step === undefined || argv.pop() !== '' || argv.length !== Number(count) + 1) return null;
  return { step, argv };
}

/** Reads a file the caged process wrote: never through a link, and nothing but a plain file. */
function readRecord(path: string): Buffer | null {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return fstatSync(file).isFile() ? readFileSync(file) : null;
  } finally {
    closeSync(file);
  }
}

function readRecords(folder: string): Recorded {
  const steps = new Map<string, string[][]>();
  for (const name of readdirSync(folder).sort()) {
    const bytes = readRecord(join(folder, name));
    const call = bytes === null ? null : parseRecord(bytes);
    if (call === null || call.argv[0] === PROBE) continue;
    steps.set(call.step, [...(steps.get(call.step) ?? []), call.argv]);
  }
  return steps;
}

/** Bash's shared libraries and loader, as the loader itself names them. */
function librariesOfBash(): string[] {
  const { stdout } = spawnSync('ldd', [BASH], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** A folder of ours that the account can pass through. */
function newFolder(account: Account | null): string {
  const folder = mkdtempSync(join(tmpdir(), 'dd0c-cage-'));
  chmodSync(folder, 0o711);
  if (account === null || isReachable(folder, account)) return folder;
  rmSync(folder, { recursive: true });
  const elsewhere = mkdtempSync('/var/tmp/dd0c-cage-');
  chmodSync(elsewhere, 0o711);
  return elsewhere;
}

/** Lays out the stubs (ours, read-only inside) and the record folder (the account's). */
function furnish(folder: string, account: Account | null, names: readonly string[]): void {
  const stubs = ownFolder(join(folder, 'bin'), null, 0o755);
  writeFileSync(join(folder, 'stub'), STUB_SCRIPT);
  chmodSync(join(folder, 'stub'), 0o755);
  ownFolder(join(folder, 'record'), account);
  for (const name of new Set([PROBE, ...names])) {
    // Only a name that PATH is searched for can be stubbed; a path stays what it is inside: missing.
    if (name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name))
      symlinkSync(STUB, join(stubs, name));
  }
}

function wrapperFor(bwrap: string, folder: string): string[] {
  const isolation = [
    '--unshare-user',
    '--unshare-all',
    '--die-with-parent',
    '--new-session',
    '--cap-drop',
    'ALL',
    '--hostname',
    'cage',
  ];
  const files = [BASH, ...librariesOfBash()].flatMap((path) => ['--ro-bind', path, path]);
  const own = [
    '--ro-bind',
    join(folder, 'bin'),
    STUBS,
    '--ro-bind',
    join(folder, 'stub'),
    STUB,
    '--bind',
    join(folder, 'record'),
    RECORD,
  ];
  const rest = [
    '--symlink',
    'usr/bin',
    '/bin',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--tmpfs',
    '/tmp',
    '--tmpfs',
    '/home',
  ];
  const surroundings = ['--setenv', 'PATH', STUBS, '--setenv', 'HOME', '/home', '--chdir', '/home'];
  return [bwrap, ...isolation, ...files, ...own, ...rest, '--remount-ro', '/', ...surroundings, '--'];
}

/** Runs a stub inside, and looks whether anything of the host shows; returns what went wrong, or null. */
function probe(wrapper: readonly string[], folder: string, account: Account | null): Promise<string | null> {
  const [file = '', ...args] = wrapper;
  const script = `[ ! -e /etc ] && [ ! -e /usr/bin/env ] && [ ! -e /var ] && ${PROBE} one 'two words' ''`;
  const child = spawn(file, [...args, BASH, '--norc', '-c', script], {
    cwd: '/',
    env: { DD0C_STEP: 'probe' },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: PROBE_LIMIT_MS,
    killSignal: 'SIGKILL',
    ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
  });
  let words = '';
  child.stderr.on('data', (chunk) => {
    words += chunk;
  });
  return new Promise((done) => {
    child.on('error', (error) => done(error.message));
    child.on('close', (code) =>
      done(code === 0 ? probeRecord(folder) : words.trim() || `it ended with code ${code}`),
    );
  });
}

function probeRecord(folder: string): string | null {
  const calls = readdirSync(join(folder, 'record')).map((name) => readRecord(join(folder, 'record', name)));
  const argv = calls[0] == null ? [] : (parseRecord(calls[0])?.argv ?? []);
  const seen = calls.length === 1 && JSON.stringify(argv) === JSON.stringify([PROBE, 'one', 'two words', '']);
  return seen ? null : 'the call of a stub was not recorded';
}

const BWRAP_PLACES = ['/usr/bin/bwrap', '/usr/local/bin/bwrap', '/bin/bwrap'];

const refused = (sentence: string): NoCage => ({ ok: false, sentence });

/**
 * Opens a cage in which the account (null: ourselves) can run commands, with a stub for each of `commandNames`, and tries
 * it. In the agent's host policy the cage is `wrapper: [...]`, and nothing else; the step is told apart by DD0C_STEP in its
 * environment. A command without a stub, and every path but bash's own, does not exist inside. A step that knows of the
 * record folder can write into it: what is recorded shows what an honest runbook does, and proves nothing against a hostile
 * one, which still reaches nothing.
 */
export async function openCage(options: {
  readonly account: Account | null;
  readonly commandNames: Iterable<string>;
  /** The bubblewrap to use; looked for in the usual places when left out. */
  readonly bwrap?: string;
}): Promise<Cage | NoCage> {
  const { account, commandNames, bwrap = BWRAP_PLACES.find((path) => existsSync(path)) } = options;
  if (process.platform !== 'linux') {
    return refused('A cage for commands needs Linux: here a runbook’s commands can be read but not tried.');
  }
  if (bwrap === undefined || !existsSync(bwrap)) {
    return refused(
      'A cage for commands needs bubblewrap: install it (apt-get install bubblewrap) and try again.',
    );
  }
  const folder = newFolder(account);
  const close = () => rmSync(folder, { recursive: true, force: true });
  furnish(folder, account, [...commandNames]);
  const wrapper = wrapperFor(bwrap, folder);
  const fault = await probe(wrapper, folder, account);
  if (fault === null)
    return { ok: true, wrapper, recorded: async () => readRecords(join(folder, 'record')), close };
  close();
  return refused(
    `This machine allows no cage for commands (${fault}): it takes Linux with unprivileged user namespaces.`,
  );
}
