import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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
const texts = [...corpus('safe'), ...blind.filter((_, at) => at % 4 === 0)].filter((text) => {
  const { risk, traits } = classify(text);
  return risk === 'safe' && !traits.includes('endless') && !/\b(while|until|select|coproc|wait)\b/.test(text);
});
const names = new Set(texts.flatMap((text) => [...text.matchAll(/[\w.+-]+/g)].map(([word]) => word)));

const account = plainAccount();
const opened = await openCage({ account, commandNames: names });
afterAll(() => {
  if (opened.ok) opened.close();
});

/** Runs every text with this shell in one cage; a text has a second of processor time. */
async function runAll(cage: Cage, shell: string, key: string): Promise<void> {
  const [file = '', ...args] = cage.wrapper;
  const own = shell === 'bash' ? [] : ['--ro-bind', shell, '/tmp/shell'];
  const inside = shell === 'bash' ? '/usr/bin/bash --noprofile --norc' : '/tmp/shell';
  const driver = `i=0; while IFS= read -r -d '' text; do
    ( ulimit -t 1; export DD0C_STEP=${key}-$i; exec ${inside} -c "$text" ) </dev/null >/dev/null 2>&1
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
  const shells = [
    { name: 'bash', path: 'bash' },
    ...['dash', 'zsh'].flatMap((name) => {
      const path = [`/usr/bin/${name}`, `/bin/${name}`].find((each) => existsSync(each));
      return path === undefined ? [] : [{ name, path }];
    }),
  ];

  describe.each(shells)('a text called safe, run by $name,', ({ name, path }) => {
    beforeAll(() => runAll(cage, path, name));

    test('starts nothing the scanner did not list', async () => {
      const recorded = await cage.recorded();
      const started = [...recorded.keys()].filter((key) => key.startsWith(`${name}-`));
      expect(started.length).toBeGreaterThan(texts.length / 2);
      const unlisted = texts.flatMap((text, at) => {
        // A word of bash, and in other shells a program that starts what follows it.
        const listed = new Set([...commandNames(text), 'time']);
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
