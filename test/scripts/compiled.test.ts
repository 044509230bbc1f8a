import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the compiled command line', () => {
  let project = '';
  const at = (path: string) => join(project, path);
  const cache = () => at('node_modules/.cache/dd0c');

  /** What `scripts/entry.ts` of the small project says, imported the quick way in a process of its own. */
  function said(): string {
    const code = `const m = await (await import('./scripts/compiled.mjs')).loadCompiled('scripts/entry.ts'); console.log(await m.say());`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: project,
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(run.stderr);
    return run.stdout.trim();
  }

  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'dd0c-compiled-'));
    mkdirSync(at('scripts'));
    mkdirSync(at('node_modules'));
    for (const name of ['compiled.mjs', 'install.mjs', 'progress.mjs'])
      copyFileSync(join(root, 'scripts', name), at(`scripts/${name}`));
    for (const name of ['esbuild', '@esbuild'])
      symlinkSync(join(root, 'node_modules', name), at(`node_modules/${name}`));
    for (const name of ['package-lock.json', 'tsconfig.json']) writeFileSync(at(name), '{}');
    writeFileSync(
      at('scripts/entry.ts'),
      `export const say = async (): Promise<string> => (await import('./word.ts')).WORD;`,
    );
    writeFileSync(at('scripts/word.ts'), `export const WORD: string = 'one';`);
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  test('is compiled once and read after that', () => {
    expect(said()).toBe('one');
    const before = readdirSync(cache()).sort();
    expect(said()).toBe('one');
    expect(readdirSync(cache()).sort()).toEqual(before);
  });

  test('is never older than its source, whatever the clock says of the file', () => {
    const { atime, mtime } = statSync(at('scripts/word.ts'));
    writeFileSync(at('scripts/word.ts'), `export const WORD: string = 'two';`);
    utimesSync(at('scripts/word.ts'), atime, mtime);
    expect(said()).toBe('two');
  });

  test('is compiled again when the packages or the rules of the compiler change', () => {
    const before = readdirSync(cache()).length;
    writeFileSync(at('package-lock.json'), '{"changed":true}');
    expect(said()).toBe('two');
    expect(readdirSync(cache()).length).toBe(before + 1);
  });

  test('follows a source that goes away, and repairs a cache that was cut short', () => {
    writeFileSync(
      at('scripts/entry.ts'),
      `export const say = async (): Promise<string> => (await import('./other.ts')).WORD;`,
    );
    writeFileSync(at('scripts/other.ts'), `export const WORD: string = 'three';`);
    rmSync(at('scripts/word.ts'));
    expect(said()).toBe('three');
    writeFileSync(join(cache(), 'scripts-entry-ts.json'), '{"inputs":[');
    expect(said()).toBe('three');
  });

  test('does not keep for ever what was compiled from older sources', () => {
    for (const name of readdirSync(cache())) utimesSync(join(cache(), name), new Date(0), new Date(0));
    writeFileSync(at('scripts/other.ts'), `export const WORD: string = 'four';`);
    expect(said()).toBe('four');
    expect(readdirSync(cache())).toHaveLength(2);
  });
});
