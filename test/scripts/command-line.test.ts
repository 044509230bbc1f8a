import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nearest } from '../../scripts/commands/support/nearest.ts';
import { COMMANDS, OVERVIEW } from '../../scripts/commands/table.ts';
import { dd0c, linesOf } from './dd0c.ts';

const root = new URL('../../', import.meta.url);
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dd0c-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('help', () => {
  test('is what no word, help and --help show, names every command and tells the exit codes', async () => {
    for (const args of [[], ['help'], ['--help'], ['-h']]) {
      expect(await dd0c(args)).toEqual({ code: 0, out: `${OVERVIEW}\n`, err: '' });
    }
    for (const { name, line } of COMMANDS) expect(OVERVIEW).toContain(`  ${name.padEnd(6)}  ${line}\n`);
    expect(OVERVIEW).toContain('0 done, 1 it failed or the answer is no, 2 it was asked wrongly');
  });

  test('of a command is the same whichever way it is asked for, and needs nothing else to be right', async () => {
    const shown = (await dd0c(['help', 'scan'])).out;
    expect(shown).toContain('dd0c scan --jsonl < commands.jsonl');
    for (const args of [
      ['scan', '--help'],
      ['scan', '-h'],
      ['scan', '--nonsense', '--help', 'a', 'b'],
      ['--help', 'scan'],
    ]) {
      expect(await dd0c(args)).toEqual({ code: 0, out: shown, err: '' });
    }
  });

  test.each(COMMANDS.flatMap(({ name, help }) => (help === null ? [] : [[name, help] as const])))(
    'of %s says how to call it, gives an example and fits a terminal',
    (name, help) => {
      expect(help).toMatch(new RegExp(`^Usage: dd0c ${name}\\b`));
      expect(help).toMatch(new RegExp(`\\n {2}.*\\bdd0c ${name}\\b.*$`));
      for (const line of help.split('\n')) expect([...line].length).toBeLessThanOrEqual(120);
    },
  );

  test('of the demo is its own', async () => {
    const { code, out } = await dd0c(['help', 'demo']);
    expect(code).toBe(0);
    expect(out).toContain('--runbook FILE');
  });
});

test('--version names the version of package.json', async () => {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
  expect(await dd0c(['--version'])).toEqual({ code: 0, out: `dd0c/run ${version}\n`, err: '' });
});

describe('asked wrongly, it says so in one sentence with what would be right, and exits with 2', () => {
  test.each([
    [['scna'], 'Did you mean scan?'],
    [['help', 'prase'], 'Did you mean parse?'],
    [['frobnicate'], 'dd0c help says what there is'],
    [['constructor'], 'no command “constructor”'],
    [['--verison'], 'Did you mean --version?'],
    [['scan', '--jsnol'], 'Did you mean --jsonl?'],
    [['scan', '--max-risk'], 'needs a value'],
    [['scan', '--max-risk', 'danger'], 'safe or caution'],
    [['scan', '--json', '--jsonl'], 'exclude each other'],
    [['scan', '--json=yes'], 'takes no value'],
    [['scan', 'ls', '-la'], 'no option -l'],
    [['scan', 'a', 'b'], '“b”'],
    [['parse'], 'needs the FILE'],
    [['parse', 'a', 'b'], '“b”'],
    [['bind'], 'needs a TEMPLATE in quotes'],
    [['bind', 'ls <a>', '--var', 'a'], '--var NAME=VALUE'],
    [['bind', 'ls <a>', '--var', 'a=1', '--var', 'A=2'], 'twice'],
    [['bind', 'ls <a>', '--type', 'a=port'], 'types are text, integer'],
    [['audit'], 'verify'],
    [['audit', 'verfy'], 'Did you mean verify?'],
    [['audit', 'verify', '--url', 'http://x'], 'postgresql://'],
    [['audit', 'verify', '--data', '--url'], 'needs a value'],
    [['db'], 'url, stop, migrate'],
    [['db', 'stpo'], 'Did you mean stop?'],
    [['db', 'url', '--url', 'postgresql://x/y'], '--data DIR alone'],
    [['db', 'migrate'], '--app-password-file FILE'],
    [['agent'], 'needs --data DIR'],
    [['agent', '--dta', 'x'], 'Did you mean --data?'],
    [['server', '--port', '1'], 'no option --port'],
    [['worker', 'now'], '“now”'],
    [['start', 'now'], '“now”'],
  ])('dd0c %j', async (args, sentence) => {
    const { code, out, err } = await dd0c(args);
    expect(err).toContain(sentence);
    expect(linesOf(err)).toHaveLength(1);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});

describe('what cannot be done is one sentence on standard error, and exits with 1', () => {
  test.each([
    [['scan', 'missing.txt'], 'There is no file missing.txt'],
    [['scan', '.'], 'is a folder'],
    [['parse', 'missing.md'], 'There is no file missing.md'],
    [['audit', 'verify', '--data', 'missing'], 'There is no data folder'],
    [['db', 'url', '--data', 'missing'], 'There is no folder'],
    [['db', 'stop', '--data', 'missing'], 'There is no folder'],
    [['db', 'url', '--data', '.'], 'holds no database'],
  ])('dd0c %j', async (args, sentence) => {
    const { code, out, err } = await dd0c(args, { cwd: folder });
    expect(err).toContain(sentence);
    expect(linesOf(err)).toHaveLength(1);
    expect({ code, out }).toEqual({ code: 1, out: '' });
  });

  test('a database that does not answer is named without its password', async () => {
    writeFileSync(join(folder, 'password'), 'secret\n');
    const url = 'postgresql://owner:hidden@127.0.0.1:1/x';
    const { code, err } = await dd0c(
      ['db', 'migrate', '--url', url, '--app-password-file', join(folder, 'password')],
      {},
    );
    expect(code).toBe(1);
    expect(err).toBe('The database at 127.0.0.1:1 does not answer (ECONNREFUSED).\n');
  });
});

test('it works from any folder and through a link', async () => {
  const link = join(folder, 'linked');
  symlinkSync(new URL('bin/dd0c', root).pathname, link);
  writeFileSync(join(folder, 'commands.txt'), 'ls -la\n');
  const { code, out } = await dd0c(['scan', 'commands.txt'], { cwd: folder, program: link });
  expect(code).toBe(0);
  expect(out).toContain('ls -la');
});

test('the nearest word is offered only when it is near', () => {
  const known = ['scan', 'parse', 'worker'];
  expect(nearest('sacn', known)).toBe('scan');
  expect(nearest('wroker', known)).toBe('worker');
  expect(nearest('paarse', known)).toBe('parse');
  expect(nearest('deploy', known)).toBeNull();
  expect(nearest('x'.repeat(100_000), known)).toBeNull();
});
