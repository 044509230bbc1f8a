import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { extract, MAX_SOURCE_UNITS } from '../../src/runbook/extract.ts';
import type { Parse } from '../../src/runbook/runbook.ts';

/** Pieces that open, close or break something for one of the readers. */
const PIECES = [
  '```',
  '```bash\n',
  '```\n',
  '`',
  '``',
  '~~~\n',
  '# ',
  '## If x\n',
  '> ',
  '- ',
  '1. ',
  '   ',
  '\n',
  '\n\n',
  '\r\n',
  '\t',
  '    ',
  '$ ',
  '$X ',
  '${',
  '$(',
  '$((',
  '))',
  '"',
  "'",
  '\\',
  '\\\n',
  '|',
  '&&',
  '<<EOF\n',
  'EOF\n',
  '<pod>',
  '{{a}}',
  '[NAME]',
  '<!--',
  '-->',
  '<pre>',
  '---\n',
  'title: x\n',
  'Run ',
  'ls -l',
  'for x in a; do',
  'done',
  'if ',
  'If a, ',
  'SELECT a',
  ';',
  '>>> ',
  '... ',
  '\0',
  '\u202e',
  '\u200b',
  '\ud800',
  '🙂',
  '•',
  '*b*\n',
  '<http://a|b>',
  'Warning: ',
  'Step 1: ',
  'Example output:\n',
  'XXXX',
  'A_ID',
  '|a|b|\n',
];

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((parts) => parts.join('')),
);

/** The scorer's view of a command reduced to what spans can change: blanks, continuations, line ends. */
const squeezed = (text: string): string =>
  text
    .replace(/[ \t]*\\[ \t]*(?:\r\n?|\n)[ \t]*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

function checkSpans(text: string, parse: Parse, quoted: boolean): void {
  let last = -1;
  for (const step of parse.steps) {
    expect(step.source.start).toBeLessThanOrEqual(step.source.end);
    for (const command of step.commands) {
      const { start, end } = command.source;
      expect(start).toBeGreaterThanOrEqual(0);
      expect(end).toBeLessThanOrEqual(text.length);
      expect(start).toBeLessThan(end);
      const slice = text.slice(start, end);
      const expected = squeezed(command.text);
      const bare = quoted ? slice.replace(/(\r\n?|\n)[ \t]*(?:>[ \t]?)+/g, '$1') : slice;
      if (!slice.includes('\n') || !quoted) expect(squeezed(bare)).toBe(expected);
      expect(start).toBeGreaterThan(last);
      last = start;
    }
  }
  for (const untaken of parse.untaken) {
    expect(untaken.source.start).toBeLessThanOrEqual(untaken.source.end);
    expect(untaken.source.end).toBeLessThanOrEqual(text.length);
  }
}

describe('extract on any text', () => {
  test('never throws, is deterministic, and every span shows exactly its command', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const parse = extract(text);
        expect(extract(text)).toEqual(parse);
        checkSpans(text, parse, /^[^\n]*>/m.test(text));
      }),
      { numRuns: 400 },
    );
  });

  test.each([
    'plain',
    '```\n',
    '`',
    '> ',
    '- ',
    '1. ',
    '* * ',
    '[',
    '<',
    '<a ',
    '{{',
    '$(',
    '"',
    '\\',
    '|',
    '# ',
    '<<A\n',
    '    x\n',
    '\r',
    '\0',
    '🙂',
    '```sh\nls "\n',
    'if \n',
    'Run `ls -l` ',
    'Step 1: ',
    'select a\n',
    '$ ls\n',
    'a: b\n',
    '    $(\n',
    '|a|\n',
    '\n|-|\n',
  ])('reads 256 KB of %j to the end', (piece) => {
    const text = piece.repeat(Math.ceil(MAX_SOURCE_UNITS / piece.length)).slice(0, MAX_SOURCE_UNITS);
    const parse = extract(text);
    expect(parse.steps.length + parse.untaken.length).toBeGreaterThanOrEqual(0);
    expect(parse.steps.every((step) => step.source.end <= text.length)).toBe(true);
  });

  test('keeps what lies too deep as untaken instead of losing it', () => {
    const text = `${'> '.repeat(150)}kubectl delete pod x\n\n# T\n`;
    const parse = extract(text);
    const shown = parse.steps.length + parse.untaken.length;
    expect(shown).toBeGreaterThan(0);
  });

  test('keeps the text beyond the block limit as untaken', () => {
    const parse = extract(`# T\n\n${'Text.\n\n'.repeat(2100)}Run:\n\n    ls -l\n`);
    expect(parse.untaken.at(-1)?.reason).toBe('too-long');
  });

  test('stops at a thousand commands and says what was left', () => {
    const parse = extract(`# T\n\n${'Run `ls -l`.\n\n'.repeat(1500)}`);
    expect(parse.steps).toHaveLength(1000);
    expect(parse.untaken.at(-1)?.reason).toBe('too-long');
  });

  test('never takes a hidden command of an HTML comment', () => {
    expect(extract('# T\n\n<!-- Run `kubectl delete ns x` -->\n').steps).toEqual([]);
  });
});

describe('offsets', () => {
  const table: readonly (readonly [string, string, string])[] = [
    ['after a prompt', '# T\n\n```\n$ df -h\n```\n', 'df -h'],
    ['after CRLF lines', '# T\r\n\r\n```bash\r\ndf -h\r\nls\r\n```\r\n', 'ls'],
    ['in a list', '1. Do:\n\n   ```bash\n   df -h\n   ```\n', 'df -h'],
    ['in a quote', '> Run:\n>\n> ```bash\n> df -h\n> ```\n', 'df -h'],
    ['after characters of two units', '# 🙂🙂\n\nRun `df -h`.\n', 'df -h'],
    ['with tabs', '- a\n\n\t```bash\n\tdf -h\n\t```\n', 'df -h'],
    ['in Slack text', '*Disk*\n• Check: ```df -h```\n', 'df -h'],
    ['after a list marker on the same line', '- ```bash\n  df -h\n  ```\n', 'df -h'],
  ];
  test.each(table)('point at the command %s', (_name, text, command) => {
    const spans = extract(text).steps.flatMap((step) =>
      step.commands.map((c) => text.slice(c.source.start, c.source.end)),
    );
    expect(spans).toContain(command);
  });

  test('of a command over several lines in a list cover the list indent, its text does not', () => {
    const text = '1. Do:\n\n   ```bash\n   cat <<EOF\n   a: 1\n     b: 2\n   EOF\n   ```\n';
    const command = extract(text).steps[0]?.commands[0];
    expect(command?.text).toBe('cat <<EOF\na: 1\n  b: 2\nEOF');
    expect(text.slice(command?.source.start, command?.source.end)).toBe(
      'cat <<EOF\n   a: 1\n     b: 2\n   EOF',
    );
  });
});
