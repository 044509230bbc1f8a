import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { shows } from '../../src/runbook/trace.ts';
import { dd0c } from './dd0c.ts';

interface Parsed {
  readonly title: string;
  readonly steps: readonly {
    readonly description: string;
    readonly commands: readonly { text: string; risk: string; start: number; end: number }[];
    readonly kind: string;
    readonly branch: string | null;
    readonly rollback: boolean;
  }[];
  readonly variables: readonly { readonly name: string; readonly type: string }[];
  readonly prerequisites: readonly string[];
}

const EXAMPLE = readFileSync(new URL('../../examples/disk-full.md', import.meta.url), 'utf8');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dd0c-parse-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function parsed(content: string): Promise<Parsed> {
  const { code, out, err } = await dd0c(['parse', file('runbook.md', content), '--json']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as Parsed;
}

const commandsOf = ({ steps }: Parsed) => steps.flatMap(({ commands }) => commands);
const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim();

describe('parse --json', () => {
  test('has the shape that others read', async () => {
    const parse = await parsed(EXAMPLE);
    expect(Object.keys(parse)).toEqual(['title', 'steps', 'variables', 'prerequisites']);
    expect(parse.title).toBe('Disk full: free space used by one application’s logs'.replace('’', "'"));
    expect(parse.steps).toHaveLength(10);
    for (const step of parse.steps) {
      expect(Object.keys(step)).toEqual(['description', 'commands', 'kind', 'branch', 'rollback']);
      for (const command of step.commands)
        expect(Object.keys(command)).toEqual(['text', 'risk', 'start', 'end']);
    }
    expect(parse.variables.map(({ name, type }) => [name, type])).toEqual([
      ['work_dir', 'path'],
      ['ledger', 'path'],
    ]);
    expect(parse.prerequisites).toHaveLength(3);
    // As the preview in Slack: a command with an input is judged with a sample in its place.
    expect(commandsOf(parse).find(({ text }) => text.startsWith('du -sk <work_dir>'))?.risk).toBe('safe');
    expect(commandsOf(parse).find(({ text }) => text.startsWith('truncate'))?.risk).toBe('danger');
  });

  test.each([
    ['as it is', EXAMPLE],
    ['with a byte order mark', `\ufeff${EXAMPLE}`],
    ['with CRLF', EXAMPLE.replaceAll('\n', '\r\n')],
    ['with both', `\ufeff${EXAMPLE.replaceAll('\n', '\r\n')}`],
    ['after characters outside the first plane', EXAMPLE.replace('#', '# 😀😀').replaceAll('the', 'the 🙂')],
  ])('gives offsets in UTF-16 units of the file %s', async (_, text) => {
    const parse = await parsed(text);
    expect(commandsOf(parse)).toHaveLength(12);
    expect(parse.title).toContain('Disk full');
    for (const { text: command, start, end } of commandsOf(parse))
      expect(squeezed(text.slice(start, end))).toBe(squeezed(command));
  });

  test.each([
    ['confluence-storage.html', 'html'],
    ['etcd-restore.adoc', 'asciidoc'],
    ['kafka-broker.rst', 'rst'],
    ['slack-thread.txt', 'slack'],
  ] as const)('traces every command of %s', async (name, kind) => {
    const text = readFileSync(new URL(`../runbook/own/${name}`, import.meta.url), 'utf8');
    const commands = commandsOf(await parsed(text));
    expect(commands.length).toBeGreaterThan(3);
    for (const { text: command, start, end } of commands)
      expect({ command, shown: shows(text.slice(start, end), command, kind) }).toEqual({
        command,
        shown: true,
      });
  });

  test('reads standard input as it reads a file', async () => {
    const read = await dd0c(['parse', file('same.md', EXAMPLE), '--json']);
    expect(await dd0c(['parse', '-', '--json'], { input: EXAMPLE })).toEqual(read);
  });

  test('gives a text without commands back without commands', async () => {
    const parse = await parsed('Nothing to run here.\n');
    expect(commandsOf(parse)).toEqual([]);
  });
});

test('parse shows people numbered steps with risk, reason, place and command', async () => {
  const { code, out } = await dd0c(['parse', file('for-people.md', EXAMPLE)]);
  expect(code).toBe(0);
  expect(out).toContain("Disk full: free space used by one application's logs\n12 steps · 🟢 safe 6");
  expect(out).toContain('To fill in before a run: work_dir (path), ledger (path)');
  expect(out).toContain('1. 🟢 safe · Check how full the disk is. (line 20)\n     df -h /tmp\n');
  expect(out).toMatch(/\n7\. 🔴 danger · .*\n {3}Note: .*\n {3}truncate .*\.\n {5}truncate -s 0 /);
});

test('parse tells people what should come of a step, what nobody fills in, and what was not taken', async () => {
  const text = [
    '# Queue',
    '',
    'Run `mailq`. It should show fewer than 50 entries.',
    '',
    '```bash',
    "bash -c 'echo $INNER'",
    'ls <dir>',
    '```',
    '',
    'Example output:',
    '',
    '```',
    'a.txt  b.txt',
    '```',
  ].join('\n');
  const { out } = await dd0c(['parse', file('expected.md', text)]);
  expect(out).toContain('   Expect: It should show fewer than 50 entries.\n');
  expect(out).toContain('To fill in before a run: dir (path)\n');
  expect(out).toContain('Not taken as commands:\n  - line 13: what a program printed\n');
});

describe('a file that is no runbook is refused in a sentence', () => {
  test.each([
    ['an empty one', '', 'holds no text'],
    ['blanks', ' \r\n\t\n', 'holds no text'],
    ['a byte order mark alone', '\ufeff', 'holds no text'],
    ['a large one', 'a\n'.repeat(131_073), 'longer than 256 KB'],
    ['a much larger one', 'a'.repeat(5_000_000), 'longer than 256 KB'],
    ['bytes that are no text', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0xff]), 'not UTF-8 text'],
    ['text with NUL', 'a\0b', 'not UTF-8 text'],
    ['UTF-16', Buffer.from('\ufeff# Title', 'utf16le'), 'not UTF-8 text'],
  ])('%s', async (_, content, sentence) => {
    const path = file('no-runbook', content);
    const { code, out, err } = await dd0c(['parse', path, '--json']);
    expect(err).toContain(sentence);
    expect(err).toContain(path);
    expect({ code, out }).toEqual({ code: 1, out: '' });
  });
});
