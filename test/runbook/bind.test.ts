import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bindCommand, validateValue } from '../../src/runbook/bind.ts';
import type { Variable, VariableType } from '../../src/runbook/runbook.ts';
import { findVariables } from '../../src/runbook/variables.ts';

const variablesOf = (...texts: string[]): Variable[] =>
  findVariables(
    texts.map((text) => ({ text, source: { start: 0, end: text.length } })),
    texts.join('\n'),
  );
const values = (record: Record<string, string>): ReadonlyMap<string, string> =>
  new Map(Object.entries(record));
const variable = (type: VariableType): Variable => ({ name: 'v', type, spellings: ['<v>'], example: null });

describe('bindCommand', () => {
  test.each([
    [
      'kubectl get pod <pod> -n <namespace>',
      { pod: 'web-1', namespace: 'prod' },
      'kubectl get pod web-1 -n prod',
    ],
    [`kubectl get pod "$POD" \${POD}`, { POD: 'web-1' }, 'kubectl get pod "web-1" web-1'],
    ['ls {{dir}}/x', { dir: '/tmp/x' }, 'ls /tmp/x/x'],
    [
      'rm -r <work_dir>/cache >> <ledger>',
      { work_dir: '/tmp/x/y', ledger: '/tmp/l' },
      'rm -r /tmp/x/y/cache >> /tmp/l',
    ],
    ['echo "$DD0C_RUN $HOME"', {}, 'echo "$DD0C_RUN $HOME"'],
    ["awk '{print $1}' f && echo '$NAME'", {}, "awk '{print $1}' f && echo '$NAME'"],
  ])('fills %s', (text, given, expected) => {
    expect(bindCommand(text, variablesOf(text), values(given))).toEqual({ ok: true, text: expected });
  });

  test.each([
    '; rm',
    '$(x)',
    '`x`',
    '-rf',
    '--force',
    'a\nb',
    'a b',
    '*',
    '?',
    '[a]',
    "it's",
    '"q"',
    'a|b',
    'a&b',
    '>f',
    '<f',
    '~root',
    'a\\b',
    '#x',
    '!1',
    '{a,b}',
    'a\tb',
    'a\u00a0b',
    'é',
    '',
    'a'.repeat(254),
    '$HOME',
    '(x)',
  ])('refuses the value %j with a sentence', (value) => {
    const text = 'ls <name>';
    const bound = bindCommand(text, variablesOf(text), values({ name: value }));
    expect(bound).toMatchObject({ ok: false, code: 'refused-value' });
    expect(bound.ok ? '' : bound.sentence).toMatch(/\.$|=.*-$/);
  });

  test('refuses when a value is missing, naming the variable', () => {
    expect(bindCommand('ls <name>', variablesOf('ls <name>'), values({}))).toMatchObject({
      ok: false,
      code: 'missing-value',
    });
  });

  test('refuses when a placeholder is left over', () => {
    expect(bindCommand('ls <a> <b>', variablesOf('ls <a>'), values({ a: 'x' }))).toMatchObject({
      ok: false,
      code: 'left-over',
    });
  });

  test('refuses an expansion it cannot replace', () => {
    const text = `rm -r \${DIR%/}/x`;
    expect(bindCommand(text, variablesOf(text), values({ DIR: '/tmp' }))).toMatchObject({
      ok: false,
      code: 'left-over',
    });
  });

  test('refuses a value with a comma or dots inside braces, where it would add a word', () => {
    const text = 'ls {<a>}';
    expect(bindCommand(text, variablesOf(text), values({ a: 'x,y' }))).toMatchObject({
      ok: false,
      code: 'refused-value',
    });
    expect(bindCommand(text, variablesOf(text), values({ a: '1..9' }))).toMatchObject({
      ok: false,
      code: 'refused-value',
    });
  });

  test('adds only allowed characters: any accepted value changes nothing else of the command', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (value) => {
        const bound = bindCommand('ls <name> "x <name>"', variablesOf('ls <name>'), values({ name: value }));
        if (bound.ok) expect(bound.text).toMatch(/^ls [\w./:@%+,=-]+ "x [\w./:@%+,=-]+"$/);
      }),
    );
  });
});

describe('validateValue', () => {
  const good: readonly (readonly [VariableType, string])[] = [
    ['text', 'osd.3'],
    ['integer', '42'],
    ['path', '/tmp/x/y'],
    ['host', 'db-1.example.com'],
    ['host', '10.0.0.1'],
    ['kubernetes-name', 'web-1'],
    ['url', 'https://example.com/a?'.slice(0, -1)],
  ];
  test.each(good)('takes a %s like %s', (type, value) => {
    expect(validateValue(variable(type), value)).toBeNull();
  });

  const bad: readonly (readonly [VariableType, string])[] = [
    ['integer', '4x'],
    ['integer', '-1'],
    ['path', '/tmp/../etc'],
    ['path', '..'],
    ['host', 'a/b'],
    ['host', 'a..b.'],
    ['kubernetes-name', 'Web_1'],
    ['url', 'example.com'],
  ];
  test.each(bad)('refuses a %s like %s', (type, value) => {
    expect(validateValue(variable(type), value)).toMatch(/^The value of v /);
  });
});
