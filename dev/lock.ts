/** One instance a data folder: a file named after the process that holds it, told from a later one by its start time. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from './account.ts';

/** Somebody else holds the data folder; the message is one sentence for a person. */
export class LockedError extends Error {
  readonly code = 'lock.held';
  readonly pid: number;
  constructor(pid: number, message: string) {
    super(message);
    this.name = 'LockedError';
    this.pid = pid;
  }
}

/** A running process: when it started (an opaque mark, the same for its whole life) and its command line. */
export type RunningProcess = { readonly started: string; readonly command: string };

/** Reads a file that may be missing or vanish: null then. Other faults are thrown. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // ESRCH: a process that ended between the opening and the reading of its file in /proc.
    if (['ENOENT', 'ESRCH'].includes(errorCode(error))) return null;
    throw error;
  }
}

/** The process with this id, or null when there is none (a zombie counts as none). Linux reads /proc, others ask `ps`. */
export function runningProcess(pid: number): RunningProcess | null {
  if (process.platform !== 'linux') {
    const asked = spawnSync('ps', ['-p', String(pid), '-o', 'lstart=', '-o', 'command='], {
      encoding: 'utf8',
    });
    const line = asked.status === 0 ? asked.stdout.trim() : '';
    // lstart is always 24 characters: "Tue Nov 24 03:31:41 2026".
    return line === '' ? null : { started: line.slice(0, 24), command: line.slice(24).trim() };
  }
  const stat = readIfThere(`/proc/${pid}/stat`);
  const command = readIfThere(`/proc/${pid}/cmdline`);
  if (stat === null || command === null) return null;
  // proc(5): after the parenthesised name come state (field 3) … start time in clock ticks since boot (field 22).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const started = fields[19];
  if (fields[0] === 'Z' || started === undefined) return null;
  return { started, command: command.split('\0').join(' ').trim() };
}

/** A claim's file name: whose it is, and so whether it still counts, can be told from the name alone. */
const CLAIM = /^instance-(?<pid>\d+)-(?<started>\w+)\.lock$/;
const claimName = (pid: number, started: string): string =>
  `instance-${pid}-${started.replace(/\W+/g, '_')}.lock`;

type Claim = { readonly pid: number; readonly path: string };

/** The claims of living processes, but ours; what dead ones left is removed (no later process gets the same name). */
function othersClaims(dataDir: string, own: string): Claim[] {
  return readdirSync(dataDir).flatMap((name) => {
    const pid = Number(CLAIM.exec(name)?.groups?.pid);
    if (Number.isNaN(pid) || name === own) return [];
    const holder = runningProcess(pid);
    if (holder !== null && claimName(pid, holder.started) === name)
      return [{ pid, path: join(dataDir, name) }];
    rmSync(join(dataDir, name), { force: true });
    return [];
  });
}

/** Writes the page into our claim, or false when this very process has one already. */
function claim(path: string, page: string): boolean {
  try {
    writeFileSync(path, page, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function held(dataDir: string, { pid, path }: Claim): LockedError {
  const page = z.url().max(500).safeParse(readIfThere(path));
  const first = page.success ? `open ${page.data}, or stop that process first` : 'stop that process first';
  return new LockedError(pid, `dd0c/run is already running on ${dataDir} as process ${pid}: ${first}.`);
}

/** A held lock. */
export type Lock = {
  /** Gives the folder back; harmless when repeated. */
  release(): void;
};

/**
 * Takes the data folder for this process, or throws LockedError naming the process that holds it and its page (a URL).
 * What a dead process left behind does not count. Everybody claims first and looks afterwards, so of two that start at
 * once at least one sees the other and gives way: never do both hold it (though both may give way).
 */
export function takeLock(dataDir: string, page: string): Lock {
  mkdirSync(dataDir, { recursive: true });
  const name = claimName(process.pid, runningProcess(process.pid)?.started ?? 'unknown');
  const own = { pid: process.pid, path: join(dataDir, name) };
  if (!claim(own.path, page)) throw held(dataDir, own);
  const release = () => rmSync(own.path, { force: true });
  const [other] = othersClaims(dataDir, name);
  if (other === undefined) return { release };
  release();
  throw held(dataDir, other);
}
