import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Clock, systemClock } from '../../agent/clock.ts';
import type { Outcome } from '../../agent/core.ts';
import { type Running, type RunSpec, run, runSpec } from '../../agent/supervisor.ts';
import { loadVerifyKey, openSigned } from '../../src/protocol/index.ts';
import { until } from '../handlers/grpc/memory.ts';
import { bash, dispatchKey, jobWith, policyOf, signJob } from './world.ts';

interface Ran {
  readonly outcome: Outcome | null;
  readonly failure: string | null;
  readonly outputs: readonly string[];
}

/** Runs to the end; `during` sees each output frame and may stop it. */
function runToEnd(
  spec: Partial<RunSpec>,
  during?: (running: Running, tail: string) => void,
  clock = systemClock,
): Promise<Ran> {
  const outputs: string[] = [];
  return new Promise((resolve) => {
    const full: RunSpec = {
      argv: ['/bin/true'],
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      timeoutMs: 10_000,
      graceMs: 200,
      headBytes: 16_384,
      tailBytes: 16_384,
      secrets: [],
      ...spec,
    };
    const running = run(full, clock, {
      output: (tail) => {
        outputs.push(tail);
        during?.(running, tail);
      },
      exited: (outcome) => resolve({ outcome, failure: null, outputs }),
      failed: (failure) => resolve({ outcome: null, failure, outputs }),
    });
  });
}

const sh = (command: string) => ({ argv: ['/bin/bash', '--noprofile', '--norc', '-c', '--', command] });
/** The host's clock, but output frames come after 50 ms instead of 2 s. */
const eager: Clock = {
  ...systemClock,
  after: (wait, action) => systemClock.after(wait === 2000 ? 50 : wait, action),
};

/** Gone, or a zombie that nobody has collected yet. */
function isDead(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  return !existsSync(path) || / Z /.test(readFileSync(path, 'utf8'));
}

/** What an envelope becomes on a host with this policy. */
function specOf(overrides: Parameters<typeof jobWith>[0], policyText: string | null = null): RunSpec {
  const key = loadVerifyKey(dispatchKey.publicKey);
  const opened = openSigned('job', signJob(jobWith(overrides)), () => (key.ok ? key.key : undefined));
  const policy = policyOf(policyText);
  const profile = policy.profiles.get('default');
  if (!opened.ok || profile === undefined) throw new Error('The test is wrong.');
  return runSpec(opened.record, policy, profile);
}

describe('a command', () => {
  test('gives its exit code, its output in order, and the size and hash of every byte', async () => {
    const { outcome } = await runToEnd(sh('echo one; sleep 0.05; echo two >&2; exit 7'));
    const sha256 = createHash('sha256').update('one\ntwo\n').digest('hex');
    expect(outcome).toMatchObject({
      exitCode: 7,
      signal: null,
      timedOut: false,
      head: 'one\ntwo\n',
      tail: '',
      bytes: 8,
      sha256,
    });
  });

  test('starts with the environment it is given and nothing of ours', async () => {
    const { outcome } = await runToEnd({ argv: ['/usr/bin/env'], env: { A: '1' } });
    expect(outcome?.head).toBe('A=1\n');
  });

  test('has no input and no terminal', async () => {
    const { outcome } = await runToEnd(
      sh('if read -r line; then echo read; else echo none; fi; [ -t 0 ] || [ -t 1 ] || echo no tty'),
    );
    expect(outcome?.head).toBe('none\nno tty\n');
  });

  test('that begins with a dash is a command and not options of the shell', async () => {
    const { outcome } = await runToEnd(sh('-x; echo $0'));
    expect(outcome?.head).toContain('-x: command not found');
    expect(outcome?.head).toContain('/bin/bash\n');
  });

  test('that cannot be started is a failure and no outcome', async () => {
    expect(await runToEnd({ argv: ['/no/such/program'] })).toMatchObject({
      outcome: null,
      failure: expect.stringContaining('did not run'),
    });
    expect((await runToEnd({ cwd: '/no/such/folder' })).outcome).toBeNull();
  });

  test('that runs too long gets TERM, and the outcome says so', async () => {
    const { outcome } = await runToEnd({ ...sh('sleep 30'), timeoutMs: 100 });
    expect(outcome).toMatchObject({ exitCode: null, signal: 'SIGTERM', timedOut: true });
  });

  test('that ignores TERM gets KILL after the grace, and so do its children', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dd0c-kill-'));
    const script = `trap '' TERM; (trap '' TERM; echo $BASHPID > ${folder}/child; while :; do sleep 0.05; done) & while :; do sleep 0.05; done`;
    const { outcome } = await runToEnd({ ...sh(script), timeoutMs: 700, graceMs: 100 });
    expect(outcome).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: true });
    const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
    await until('the child to be dead', () => isDead(child));
    rmSync(folder, { recursive: true });
  });

  test('that is stopped by hand ends by a signal without having timed out', async () => {
    const stopAtFirstOutput = (running: Running) => running.stop();
    const { outcome } = await runToEnd(sh('echo up; sleep 30'), stopAtFirstOutput, eager);
    expect(outcome).toMatchObject({ exitCode: null, signal: 'SIGTERM', timedOut: false });
  });

  test('that leaves a child with its pipes behind still ends', async () => {
    const { outcome } = await runToEnd(sh('sleep 20 & echo done'));
    expect(outcome).toMatchObject({ exitCode: 0, head: 'done\n' });
    expect((outcome?.finishedAt ?? 0) - (outcome?.startedAt ?? 0)).toBeLessThan(10_000);
  });

  test('that prints much is read to its end, in bounded memory, with head and tail kept', async () => {
    const command = "head -c 20000000 /dev/zero | tr '\\0' 'a' | fold -w 99; echo; echo the end";
    const { outcome } = await runToEnd({ ...sh(command), headBytes: 1000, tailBytes: 1000 });
    expect(outcome?.bytes).toBeGreaterThan(20_200_000);
    expect(outcome?.head.length).toBeLessThanOrEqual(1000);
    expect(outcome?.head.startsWith(`${'a'.repeat(99)}\n`)).toBe(true);
    expect(outcome?.tail.length).toBeLessThanOrEqual(1000);
    expect(outcome?.tail.endsWith('\nthe end\n')).toBe(true);
  });

  test('shows its last output while it runs, redacted', async () => {
    const command = 'echo password=hunter2hunter2; sleep 0.3; echo later; sleep 0.3';
    const { outputs } = await runToEnd(sh(command), undefined, eager);
    expect(outputs.length).toBeGreaterThanOrEqual(1);
    expect(outputs.join()).not.toContain('hunter2');
  });
});

describe('an envelope on a host', () => {
  test('runs under the shell, the place and the names of its profile, and the names it brings itself', () => {
    const policy = 'profiles: { default: { path: /opt/bin, home: /srv, env_file: /etc/dd0c.env } }';
    const spec = specOf({ exec: bash('echo hi', { DD0C_RUN: 'r', LANG: 'C' }, '/tmp') }, policy);
    expect(spec.argv).toEqual(['/bin/bash', '--noprofile', '--norc', '-c', '--', 'echo hi']);
    expect(spec.cwd).toBe('/tmp');
    expect(spec.env).toEqual({
      PATH: '/opt/bin',
      HOME: '/srv',
      LANG: 'C',
      TOKEN: 'planted-secret-value',
      DD0C_RUN: 'r',
    });
    expect(spec.secrets).toEqual(['planted-secret-value']);
  });

  test('of argv mode runs exactly its words, inside the wrapper of the policy', () => {
    const exec = { mode: 'argv' as const, argv: ['echo', '$HOME', ';'], cwd: '/', env: {} };
    expect(specOf({ exec }, 'wrapper: [/usr/bin/env, -i]').argv).toEqual([
      '/usr/bin/env',
      '-i',
      'echo',
      '$HOME',
      ';',
    ]);
  });
});
