import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { plainAccount } from '../../dev/account.ts';
import { type Cage, openCage, parseRecord } from '../../dev/cage.ts';
import { runningProcess } from '../../dev/lock.ts';

const account = plainAccount();
const asAccount = account === null ? {} : { uid: account.uid, gid: account.gid };
const names = [
  'kubectl',
  'grep',
  'sudo',
  'printf-like',
  '[odd name]',
  '../outside',
  '/bin/absolute',
  '',
  '.',
  '..',
];
const opened = await openCage({ account, commandNames: names });

afterAll(() => {
  if (opened.ok) opened.close();
});

/** Runs an argument list as a step's process is run: behind the wrapper, as the account. */
function run(
  cage: Cage,
  key: string,
  argv: readonly string[],
): Promise<{ code: number | null; output: string }> {
  const [file = '', ...args] = [...cage.wrapper, ...argv];
  const env = { DD0C_STEP: key, PATH: '/usr/bin:/bin', HOME: '/root', LANG: 'C.UTF-8' };
  const child = spawn(file, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], ...asAccount });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done({ code, output }));
  });
}

/** Runs a script as a step in bash. */
const step = (cage: Cage, key: string, script: string) =>
  run(cage, key, ['/bin/bash', '--noprofile', '--norc', '-c', '--', script]);

/** Waits until no process of the machine carries the mark in its command line. */
async function nobodyHas(mark: string): Promise<void> {
  const carriers = () =>
    readdirSync('/proc').filter(
      (pid) => /^\d+$/.test(pid) && runningProcess(Number(pid))?.command.includes(mark),
    );
  for (let attempt = 0; attempt < 200 && carriers().length > 0; attempt += 1) await pause(10);
  expect(carriers()).toEqual([]);
}

describe('where no cage can be had', () => {
  test('a missing bubblewrap is named, with how to get it', async () => {
    const refused = await openCage({ account, commandNames: [], bwrap: '/nowhere/bwrap' });
    expect(refused).toEqual({
      ok: false,
      sentence:
        'A cage for commands needs bubblewrap: install it (apt-get install bubblewrap) and try again.',
    });
  });

  test('a cage that does not hold is refused, and nothing of it stays behind', async () => {
    // It starts nothing and reports success: only the probe's record tells.
    const refused = await openCage({ account, commandNames: [], bwrap: '/bin/true' });
    expect(refused).toMatchObject({ ok: false, sentence: expect.stringContaining('was not recorded') });
    const failing = await openCage({ account, commandNames: [], bwrap: '/bin/false' });
    expect(failing).toMatchObject({ ok: false, sentence: expect.stringContaining('ended with code 1') });
  });
});

if (!opened.ok) {
  test('here the machine allows no cage, and one sentence says why', () => {
    console.warn(`The cage was not tested here. ${opened.sentence}`);
    expect(process.env.DD0C_REQUIRE_ALL).toBeUndefined();
    expect(opened.sentence).toMatch(/cage .*\.$/);
  });
} else {
  const cage = opened;

  describe('what is recorded', () => {
    test('every call, with its exact arguments, in order, under its step', async () => {
      const script = `kubectl get pods -n 'my space' "" '*' $'tab\\there' é; grep -c x\nsudo kubectl delete pod x`;
      expect(await step(cage, 's1', script)).toEqual({ code: 0, output: '' });
      await step(cage, 's2', 'printf-like a; "[odd name]" b');
      const recorded = await cage.recorded();
      expect(recorded.get('s1')).toEqual([
        ['kubectl', 'get', 'pods', '-n', 'my space', '', '*', 'tab\there', 'é'],
        ['grep', '-c', 'x'],
        ['sudo', 'kubectl', 'delete', 'pod', 'x'],
      ]);
      expect(recorded.get('s2')).toEqual([
        ['printf-like', 'a'],
        ['[odd name]', 'b'],
      ]);
      expect(recorded.has('probe')).toBe(false);
    });

    test('calls in pipelines and in substitutions, which all succeed and print nothing', async () => {
      const { code, output } = await step(
        cage,
        'pipes',
        'echo "<$(kubectl a)>"; kubectl b | grep c && kubectl d || kubectl e',
      );
      expect({ code, output }).toEqual({ code: 0, output: '<>\n' });
      const calls = (await cage.recorded()).get('pipes') ?? [];
      expect(calls.map((argv) => argv.join(' ')).sort()).toEqual([
        'grep c',
        'kubectl a',
        'kubectl b',
        'kubectl d',
      ]);
    });

    test('an argument longer than a pipe holds arrives whole, and many calls at once stay apart', async () => {
      await step(
        cage,
        'long',
        'x=$(printf "%0100000d" 0); kubectl "$x"; for i in 1 2 3 4 5 6 7 8; do kubectl $i & done; wait',
      );
      const calls = (await cage.recorded()).get('long') ?? [];
      expect(calls[0]?.[1]).toHaveLength(100_000);
      expect(
        calls
          .slice(1)
          .map((argv) => argv[1])
          .sort(),
      ).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    });

    test('a step cannot change what a stub records by exporting functions or a start-up file', async () => {
      const script =
        'printf() { :; }; export -f printf; echo exit >/tmp/rc; export BASH_ENV=/tmp/rc; kubectl honest';
      expect((await step(cage, 'tricks', script)).code).toBe(0);
      expect((await cage.recorded()).get('tricks')).toEqual([['kubectl', 'honest']]);
    });

    test('a command that is run without a shell', async () => {
      expect(await run(cage, 'argv', ['kubectl', 'get', '$HOME'])).toEqual({ code: 0, output: '' });
      expect((await cage.recorded()).get('argv')).toEqual([['kubectl', 'get', '$HOME']]);
      expect((await run(cage, 'argv', ['ls', '/'])).code).not.toBe(0);
    });

    test('a record that was cut short counts as none', () => {
      const whole = Buffer.from('s1\0' + '2\0kubectl\0a\0\0');
      expect(parseRecord(whole)).toEqual({ step: 's1', argv: ['kubectl', 'a', ''] });
      for (let length = 0; length < whole.length; length += 1)
        expect(parseRecord(whole.subarray(0, length))).toBeNull();
    });
  });

  describe('what does not exist inside', () => {
    test('a command without a stub, and every program by its path', async () => {
      expect((await step(cage, 'none', 'no-such-command x')).code).toBe(127);
      for (const path of ['/bin/ls', '/usr/bin/env', '/usr/bin/bwrap', '/sbin/init', '/bin/sh']) {
        expect((await step(cage, 'none', `${path} x`)).code).toBe(127);
      }
      expect((await cage.recorded()).has('none')).toBe(false);
    });

    test('the files of the host: the root holds the cage and nothing else, and cannot be written to', async () => {
      const { output } = await step(
        cage,
        'files',
        'echo /* /home/* /tmp/* /usr/*; echo $PWD $HOME $PATH; (echo x >/new) 2>/dev/null || echo refused',
      );
      const [root = '', ...rest] = output.trim().split('\n');
      const allowed = new Set([
        '/bin',
        '/cage',
        '/dev',
        '/home',
        '/lib',
        '/lib64',
        '/proc',
        '/tmp',
        '/usr',
        '/home/*',
        '/tmp/*',
        '/usr/bin',
        '/usr/lib',
        '/usr/lib64',
      ]);
      expect(root.split(' ').filter((path) => !allowed.has(path))).toEqual([]);
      expect(rest).toEqual(['/home /home /cage/bin', 'refused']);
    });

    test('the stubs cannot be changed', async () => {
      const { output } = await step(
        cage,
        'stubs',
        '(echo x >/cage/stub) 2>/dev/null || echo refused; (echo x >/cage/bin/new) 2>/dev/null || echo refused',
      );
      expect(output).toBe('refused\nrefused\n');
    });

    test('the network and the processes of the host', async () => {
      const { output } = await step(
        cage,
        'net',
        'for dev in /proc/sys/net/ipv4/conf/*; do echo $dev; done; echo /proc/[0-9]*',
      );
      const lines = output.trim().split('\n');
      expect(lines.slice(0, -1).filter((name) => !/\/(all|default|lo)$/.test(name))).toEqual([]);
      expect(lines.at(-1)?.split(' ').length).toBeLessThanOrEqual(3);
    });

    test('a process that outlives its step, whether it ends or is killed', async () => {
      const mark = `left-${process.pid}`;
      const { code } = await step(cage, 'left', `: ${mark}; (while :; do :; done) >/dev/null 2>&1 & exit 3`);
      expect(code).toBe(3);
      await nobodyHas(mark);

      const [file = '', ...args] = cage.wrapper;
      const script = `: ${mark}; (while :; do :; done) & echo running; wait`;
      const child = spawn(file, [...args, '/bin/bash', '-c', script], {
        stdio: ['ignore', 'pipe', 'ignore'],
        ...asAccount,
      });
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await nobodyHas(mark);
    });
  });

  describe('names that are no names', () => {
    test('get no stub outside the stubs’ folder', () => {
      const bin = cage.wrapper[cage.wrapper.indexOf('/cage/bin') - 1] ?? '';
      expect(readdirSync(bin).sort()).toEqual([
        '[odd name]',
        'dd0c-probe',
        'grep',
        'kubectl',
        'printf-like',
        'sudo',
      ]);
      expect(readdirSync(join(bin, '..')).sort()).toEqual(['bin', 'record', 'stub']);
    });
  });

  describe('a closed cage', () => {
    test('is gone from the disk and runs nothing', async () => {
      const other = await openCage({ account, commandNames: ['kubectl'] });
      if (!other.ok) throw new Error(other.sentence);
      const folder = join(other.wrapper[other.wrapper.indexOf('/cage/bin') - 1] ?? '', '..');
      other.close();
      expect(existsSync(folder)).toBe(false);
      expect((await step(other, 's1', 'kubectl x')).code).not.toBe(0);
    });
  });
}
