/** One instance a data folder: a file that names the process holding it, told from a later one by its start time. */
import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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

const Holder = z.object({ pid: z.number().int().positive(), started: z.string(), page: z.string() });
type Holder = z.infer<typeof Holder>;

/** What a lock file says, or null for a missing or unreadable one and for one whose process is gone. */
function livingHolder(path: string): Holder | null {
  const text = readIfThere(path);
  if (text === null) return null;
  const parsed = Holder.safeParse(parseJson(text));
  if (!parsed.success) return null;
  return runningProcess(parsed.data.pid)?.started === parsed.data.started ? parsed.data : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Puts `from` at `to` unless something is there already; the whole content appears at once. */
function linkIfFree(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** A held lock. */
export type Lock = {
  /** Gives the folder back; harmless when repeated. */
  release(): void;
};

/**
 * Takes the data folder for this process, or throws LockedError naming the process that holds it and its page (a URL).
 * A lock left by a dead process is taken over. A lock file is never empty: it is written aside and linked into place.
 */
export function takeLock(dataDir: string, page: string): Lock {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'instance.lock');
  const own = `${path}.${process.pid}`;
  const started = runningProcess(process.pid)?.started ?? '';
  writeFileSync(own, JSON.stringify({ pid: process.pid, started, page }), { mode: 0o644 });
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      if (linkIfFree(own, path)) return { release: () => releaseIfOurs(path, started) };
      const holder = livingHolder(path);
      if (holder !== null) throw new LockedError(holder.pid, heldSentence(dataDir, holder));
      setAside(path);
    }
  } finally {
    rmSync(own, { force: true });
  }
  throw new LockedError(0, `The lock of ${dataDir} changes hands too quickly; start again.`);
}

/** Moves a stale lock away under a name of our own, so that of two starters only one removes a given file. */
function setAside(path: string): void {
  const aside = `${path}.stale.${process.pid}`;
  if (!renameIfThere(path, aside)) return;
  // Between the look and the move another starter may have taken the lock: then put it back.
  if (livingHolder(aside) !== null) linkIfFree(aside, path);
  rmSync(aside, { force: true });
}

function renameIfThere(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function heldSentence(dataDir: string, holder: Holder): string {
  return `dd0c/run is already running on ${dataDir} as process ${holder.pid}: open ${holder.page}, or stop that process first.`;
}

function releaseIfOurs(path: string, started: string): void {
  const holder = livingHolder(path);
  if (holder?.pid === process.pid && holder.started === started) rmSync(path, { force: true });
}
