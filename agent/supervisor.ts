import { spawn } from 'node:child_process';
import type { Envelope, Exec } from '../src/protocol/index.ts';
import { commandText } from '../src/protocol/index.ts';
import { truncateTail } from '../src/text/truncate.ts';
import type { Clock } from './clock.ts';
import type { Outcome } from './core.ts';
import { errnoOf } from './errno.ts';
import { OutputWindow, presentable } from './output.ts';
import type { Policy, Profile } from './policy.ts';

/** One process to run, fully said: nothing is taken from the agent's own environment. */
export interface RunSpec {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly headBytes: number;
  readonly tailBytes: number;
  /** Values to mask in output besides what looks like a secret. */
  readonly secrets: readonly string[];
}

export interface RunEvents {
  /** While it runs, at most every 2 s: the last lines, redacted, and how much came so far. */
  output(tail: string, bytes: number): void;
  exited(outcome: Outcome): void;
  /** Nothing was started. */
  failed(sentence: string): void;
}

export interface Running {
  /** TERM to the process group, KILL after the grace; `exited` follows. */
  stop(): void;
}

const OUTPUT_EVERY_MS = 2000;
const OUTPUT_CHARS = 2000;
/** After the process has ended, its pipes may be held open by what it left behind; they get this long to close. */
const PIPES_CLOSE_MS = 500;

/** What an accepted envelope runs on this host, under a profile of its policy. */
export function runSpec(envelope: Envelope, policy: Policy, profile: Profile): RunSpec {
  const { exec, limits } = envelope;
  return {
    argv: [...policy.wrapper, ...commandArgv(exec, policy.shell)],
    cwd: exec.cwd,
    env: { PATH: profile.path, HOME: profile.home, LANG: 'C.UTF-8', ...profile.env, ...exec.env },
    timeoutMs: limits.timeout_ms,
    graceMs: limits.kill_grace_ms,
    headBytes: limits.output_head_bytes,
    tailBytes: limits.output_tail_bytes,
    secrets: Object.values(profile.env),
  };
}

/** `--` keeps a command that begins with a dash from being read as options of the shell. */
function commandArgv(exec: Exec, shell: string): readonly string[] {
  switch (exec.mode) {
    case 'bash':
      return [shell, '--noprofile', '--norc', '-c', '--', commandText(exec)];
    case 'argv':
      return exec.argv;
  }
}

/** Runs one process in its own session and process group: no terminal, no input, both outputs into one window. */
export function run(spec: RunSpec, clock: Clock, events: RunEvents): Running {
  const [file = '', ...args] = spec.argv;
  const window = new OutputWindow(spec.headBytes, spec.tailBytes);
  const child = spawn(file, args, {
    cwd: spec.cwd,
    env: { ...spec.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const startedAt = clock.now();
  let timedOut = false;
  const calls: (() => void)[] = [];
  const later = (ms: number, action: () => void) => calls.push(clock.after(ms, action));
  const kill = (signal: NodeJS.Signals) => signalGroup(child.pid, signal);
  let isStopping = false;
  const stop = () => {
    isStopping = true;
    kill('SIGTERM');
    later(spec.graceMs, () => kill('SIGKILL'));
  };
  let isTold = true;
  const tell = () => {
    isTold = true;
    const { bytes, isCut } = window.latest();
    const cut = { start: isCut, end: false };
    events.output(presentable(bytes, cut, spec.secrets, OUTPUT_CHARS, truncateTail), window.bytes);
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('error', () => stream.destroy());
    stream.on('data', (chunk: Buffer) => {
      window.push(chunk);
      if (isTold) later(OUTPUT_EVERY_MS, tell);
      isTold = false;
    });
  }
  later(spec.timeoutMs, () => {
    timedOut = true;
    stop();
  });
  child.once('error', (error) => {
    if (child.pid !== undefined) return;
    for (const call of calls) call();
    events.failed(`The command could not be started, so it did not run: ${error.message}`);
  });
  child.once('exit', () => {
    for (const call of calls.splice(0)) call();
    if (isStopping) kill('SIGKILL');
    later(PIPES_CLOSE_MS, () => {
      child.stdout.destroy();
      child.stderr.destroy();
    });
  });
  child.once('close', (exitCode, signal) => {
    if (child.pid === undefined) return;
    for (const call of calls) call();
    const finishedAt = clock.now();
    const { head, tail } = window.present(spec.secrets);
    const { bytes } = window;
    events.exited({
      exitCode,
      signal,
      timedOut,
      head,
      tail,
      bytes,
      sha256: window.digest(),
      startedAt,
      finishedAt,
    });
  });
  return { stop };
}

/** What the system answers for a group that is gone (ESRCH) or that became another user's by setuid (EPERM). */
const OUT_OF_REACH = ['ESRCH', 'EPERM'];

/** Signals a whole process group, as far as it is there and ours to signal. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!OUT_OF_REACH.includes(errnoOf(error) ?? '')) throw error;
  }
}
