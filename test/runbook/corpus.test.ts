import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { bindCommand } from '../../src/runbook/bind.ts';
import { extract } from '../../src/runbook/extract.ts';
import { shows } from '../../src/runbook/trace.ts';

const root = path.resolve(import.meta.dirname, '../..');
const corpus = path.resolve(root, process.env.CORPUS_DIR ?? '../shared/corpus');
const pages = path.join(corpus, 'runbooks');
const present = existsSync(pages);
const files = present
  ? readdirSync(path.join(pages, 'expected')).map((label) => {
      const name = label.replace(/\.json$/, '');
      const file = readdirSync(pages).find((each) => path.parse(each).name === name) ?? '';
      return { name, text: readFileSync(path.join(pages, file), 'utf8') };
    })
  : [];

interface Total {
  readonly strict: { readonly f1: number };
  readonly violations: number;
  readonly variableRecall: number;
}

/** What the reference scorer, a program of its own, says of the parses. */
function referenceScore(): Total {
  const folder = mkdtempSync(path.join(tmpdir(), 'dd0c-runbooks-'));
  try {
    for (const { name, text } of files) {
      const { steps, variables } = extract(text);
      const shown = steps.map((step) => ({ commands: step.commands.map((command) => command.text) }));
      writeFileSync(path.join(folder, `${name}.json`), JSON.stringify({ steps: shown, variables }));
    }
    const scorer = path.join(corpus, 'score-runbooks.mjs');
    const result = path.join(folder, 'score');
    const scored = spawnSync(
      process.execPath,
      [scorer, folder, '--expected', path.join(pages, 'expected'), '--json', result],
      { encoding: 'utf8' },
    );
    expect(scored.stderr).toBe('');
    return (JSON.parse(readFileSync(result, 'utf8')) as { total: Total }).total;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('real runbooks', () => {
  test(
    present
      ? 'of every kind are read well by the reference scorer'
      : 'are absent here, so only the example is checked',
    () => {
      if (!present) return;
      const { strict, violations, variableRecall } = referenceScore();
      expect(strict.f1).toBeGreaterThanOrEqual(0.98);
      expect(violations).toBe(0);
      expect(variableRecall).toBeGreaterThanOrEqual(0.95);
    },
  );

  test('have spans that show their commands, and no line that belongs nowhere', () => {
    for (const { text } of files) {
      const { kind, steps, untaken } = extract(text);
      for (const { text: command, source } of steps.flatMap((step) => step.commands))
        expect(shows(text.slice(source.start, source.end), command, kind)).toBe(true);
      expect(untaken.filter(({ reason }) => reason === 'unparsed')).toEqual([]);
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
