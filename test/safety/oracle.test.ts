import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { plainAccount } from '../../dev/account.ts';
import { type Cage, openCage } from '../../dev/cage.ts';
import { classify, commandNames, loadSafety, plannedInvocations } from '../../src/safety/index.ts';
import { corpus } from './support.ts';

// Hundreds of texts are run one after another, on a machine that may be busy.
jest.setTimeout(300_000);
await loadSafety();

/**
 * Texts that are called safe, run in a cage where every program is a stub that records how it was called: what was
 * started must be what the scanner listed. Loops on a condition are left out: where every program
 * succeeds and prints nothing, they need not end.
 */
const FAMILIES = new URL('./corpus/families/', import.meta.url);
const blind = readdirSync(FAMILIES)
  .flatMap((file) => readFileSync(new URL(file, FAMILIES), 'utf8').split('\n'))
  .flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { cmd: string }).cmd]));
// A quarter, chosen by the text itself, so that a new line changes no other.
const texts = [...corpus('safe'), ...blind.filter((text) => text.length % 4 === 0)].filter((text) => {
  const { risk, traits } = classify(text);
  return risk === 'safe' && !traits.includes('endless') && !/\b(while|until|select|coproc|wait)\b/.test(text);
});
const names = new Set(texts.flatMap((text) => [...text.matchAll(/[\w.+-]+/g)].map(([word]) => word)));

const account = plainAccount();
const opened = await openCage({ account, commandNames: names });
afterAll(() => {
  if (opened.ok) opened.close();
});

/** What a program needs beside itself in the cage. */
function librariesOf(program: string): readonly string[] {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  return [...(stdout ?? '').matchAll(/\/\S+/g)].map(([path]) => path).filter((path) => existsSync(path));
}

/** Runs every text with this shell in one cage; a text has a second of processor time. */
async function runAll(cage: Cage, shell: string, key: string): Promise<void> {
  const [file = '', ...args] = cage.wrapper;
  const inCage = [
    [shell, `/tmp/${key}`],
    ...librariesOf(shell).map((path) => [path, `/tmp/lib/${basename(path)}`]),
  ];
  const own = shell === 'bash' ? [] : inCage.flatMap(([from = '', to = '']) => ['--ro-bind', from, to]);
  const inside =
    { bash: '/usr/bin/bash --noprofile --norc', busybox: '/tmp/busybox sh' }[key] ?? `/tmp/${key}`;
  const driver = `i=0; while IFS= read -r -d '' text; do
    ( ulimit -t 1; export DD0C_STEP=${key}-$i LD_LIBRARY_PATH=/tmp/lib; exec ${inside} -c "$text" ) </dev/null >/dev/null 2>&1
    i=$((i + 1)); done`;
  const child = spawn(
    file,
    [...args.slice(0, -1), ...own, '--', '/usr/bin/bash', '--noprofile', '--norc', '-c', driver],
    {
      cwd: '/',
      env: { LANG: 'C.UTF-8' },
      stdio: ['pipe', 'ignore', 'inherit'],
      ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
    },
  );
  child.stdin.end(texts.map((text) => `${text}\0`).join(''));
  const code = await new Promise((done) => child.on('close', done));
  expect(code).toBe(0);
}

if (!opened.ok) {
  test('here the machine allows no cage, so nothing was compared with what a shell starts', () => {
    console.warn(opened.sentence);
    expect(process.env.DD0C_REQUIRE_ALL).toBeUndefined();
  });
} else {
  const cage = opened;
  const others = ['dash', 'zsh', 'busybox'].map((name) => ({
    name,
    path: [`/usr/bin/${name}`, `/bin/${name}`].find((each) => existsSync(each)) ?? null,
  }));
  const missing = others.filter(({ path }) => path === null).map(({ name }) => name);
  const shells = [
    { name: 'bash', path: 'bash' },
    ...others.flatMap(({ name, path }) => (path === null ? [] : [{ name, path }])),
  ];

  test(
    missing.length === 0 ? 'no shell is left out' : `left out for want of it: ${missing.join(', ')}`,
    () => {
      if (process.env.DD0C_REQUIRE_ALL) expect(missing).toEqual([]);
    },
  );

  describe.each(shells)('a text called safe, run by $name,', ({ name, path }) => {
    beforeAll(() => runAll(cage, path, name));

    test('starts nothing the scanner did not list', async () => {
      const recorded = await cage.recorded();
      const started = [...recorded.keys()].filter((key) => key.startsWith(`${name}-`));
      expect(started.length).toBeGreaterThan(texts.length / 2);
      const unlisted = texts.flatMap((text, at) => {
        // Only bash gives exec an option.
        if (name !== 'bash' && /\bexec -a\b/.test(text)) return [];
        // Words of bash that other shells look up as programs.
        const own = ['time', 'mapfile', 'history', 'declare', 'ulimit', 'builtin'];
        const listed = new Set([...commandNames(text), ...own]);
        const other = (recorded.get(`${name}-${at}`) ?? []).filter(([program = '']) => !listed.has(program));
        return other.length === 0 ? [] : [`${text} started ${JSON.stringify(other)}`];
      });
      expect(unlisted).toEqual([]);
    });
  });

  test('bash starts exactly the planned calls, where they can be known before the run', async () => {
    const recorded = await cage.recorded();
    const bag = (calls: readonly (readonly string[])[]): string[] =>
      calls.map((argv) => JSON.stringify(argv)).sort();
    const planned = texts.flatMap((text, at) => {
      const calls = plannedInvocations(text);
      // Files and folders of the text do not exist in the cage.
      return calls === null || /[<>]|\b(cd|pushd|umask)\b/.test(text)
        ? []
        : [{ text, calls, seen: recorded.get(`bash-${at}`) ?? [] }];
    });
    expect(planned.length).toBeGreaterThan(200);
    expect(planned.filter(({ calls, seen }) => bag(calls).join() !== bag(seen).join())).toEqual([]);
  });
}
