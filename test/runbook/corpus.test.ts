import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bindCommand } from '../../src/runbook/bind.ts';
import { extract } from '../../src/runbook/extract.ts';

const root = path.resolve(import.meta.dirname, '../..');
const corpus = path.resolve(root, process.env.CORPUS_DIR ?? '../shared/corpus');
const pages = path.join(corpus, 'runbooks');
const present = existsSync(pages);
const names = present
  ? readdirSync(pages)
      .filter((name) => name.endsWith('.md') && name !== 'SOURCES.md')
      .map((name) => name.slice(0, -3))
  : [];

describe('real runbooks', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'dd0c-runbooks-'));
    mkdirSync(path.join(folder, 'expected'));
    mkdirSync(path.join(folder, 'parses'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test(
    present
      ? 'reach a command F1 of 0.95 by the reference scorer'
      : 'are absent here, so only the example is checked',
    () => {
      for (const name of names) {
        const parse = extract(readFileSync(path.join(pages, `${name}.md`), 'utf8'));
        const steps = parse.steps.map((step) => ({ commands: step.commands.map((command) => command.text) }));
        writeFileSync(
          path.join(folder, 'parses', `${name}.json`),
          JSON.stringify({ steps, variables: parse.variables }),
        );
        copyFileSync(
          path.join(pages, 'expected', `${name}.json`),
          path.join(folder, 'expected', `${name}.json`),
        );
      }
      if (!present) return;
      const args = [
        path.join(corpus, 'score-runbooks.mjs'),
        path.join(folder, 'parses'),
        '--expected',
        path.join(folder, 'expected'),
      ];
      const scored = spawnSync(process.execPath, [...args, '--min-f1', '0.95'], { encoding: 'utf8' });
      expect(scored.stdout).toContain('not-command violations 0/');
      expect(scored.status).toBe(0);
    },
  );

  test('have spans that show their commands', () => {
    const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim();
    for (const name of names) {
      const text = readFileSync(path.join(pages, `${name}.md`), 'utf8');
      for (const { text: command, source } of extract(text).steps.flatMap((step) => step.commands)) {
        expect(squeezed(text.slice(source.start, source.end))).toBe(squeezed(command));
      }
    }
  });
});

describe('the disk-full example', () => {
  const text = readFileSync(path.join(root, 'examples/disk-full.md'), 'utf8');
  const parse = extract(text);

  test('is ten steps of one or two commands with two inputs', () => {
    expect(parse.steps).toHaveLength(10);
    for (const step of parse.steps) expect([1, 2]).toContain(step.commands.length);
    expect(parse.variables.map((v) => [v.name, v.type, v.example])).toEqual([
      ['work_dir', 'path', '/tmp/dd0c-disk-full'],
      ['ledger', 'path', '/tmp/dd0c-disk-full.ledger'],
    ]);
    expect(parse.prerequisites).toHaveLength(3);
    expect(parse.untaken).toEqual([]);
  });

  test('warns exactly where something is destroyed', () => {
    const warned = parse.steps.flatMap((step, index) => (step.warnings.length > 0 ? [index + 1] : []));
    expect(warned).toEqual([6, 7, 10]);
  });

  test('binds every command, leaving the variables of the agent', () => {
    const values = new Map([
      ['work_dir', '/tmp/x/y'],
      ['ledger', '/tmp/x/ledger'],
    ]);
    for (const command of parse.steps.flatMap((step) => step.commands)) {
      const bound = bindCommand(command.text, parse.variables, values);
      expect(bound.ok).toBe(true);
      if (bound.ok) expect(bound.text).not.toMatch(/<\w/);
      if (bound.ok && command.text.includes('$DD0C_RUN'))
        expect(bound.text).toContain('"$DD0C_RUN $DD0C_STEP $DD0C_ATTEMPT"');
    }
  });
});
