import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bindCommand, validateValue } from '../../src/runbook/bind.ts';
import type { Variable, VariableType } from '../../src/runbook/runbook.ts';
import { findVariables } from '../../src/runbook/variables.ts';
import { plannedInvocations } from '../../src/safety/index.ts';

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
    "it's",
    '"q"',
    'a|b',
    'a&b',
    '>f',
    '<f',
    '~root',
    'a\\b',
    '#x',
    '{a,b}',
    'a\tb',
    'a\u00a0b',
    '',
    'a'.repeat(1001),
    '$HOME',
  ])('refuses the value %j with a sentence', (value) => {
    const text = 'ls <name>';
    const bound = bindCommand(text, variablesOf(text), values({ name: value }));
    expect(bound).toMatchObject({ ok: false, code: 'refused-value' });
    expect(bound.ok ? '' : bound.sentence).toMatch(/\.$|=.*-$/);
  });

  test.each(['[a]', '!1', 'é', '(x)', 'a'.repeat(1000), 'a~b'])(
    'writes %s so that no shell expands it',
    (value) => {
      const text = 'ls <name>';
      const bound = bindCommand(text, variablesOf(text), values({ name: value }));
      expect(bound.ok ? plannedInvocations(bound.text) : bound).toEqual([['ls', value]]);
    },
  );

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

  test('fills a command that a value cannot change inside braces', () => {
    expect(bindCommand('ls {<a>}', variablesOf('ls {<a>}'), values({ a: 'x' }))).toEqual({
      ok: true,
      text: 'ls {x}',
    });
  });

  test.each([
    ['for p in <pods>; do echo "$p"; done', { pods: 'web-1' }, 'for p in web-1; do echo "$p"; done'],
    ['[[ -f <file> ]] && echo yes', { file: '/tmp/x' }, '[[ -f /tmp/x ]] && echo yes'],
    ['echo "$(grep <file> f)"', { file: '/tmp/a b' }, `echo "$(grep '/tmp/a b' f)"`],
    ['sleep $((<n> * 2))', { n: '4' }, 'sleep $((4 * 2))'],
  ])('fills a plain value into the grammar of the shell: %s', (text, given, expected) => {
    expect(bindCommand(text, variablesOf(text), values(given))).toEqual({ ok: true, text: expected });
  });

  test.each(['a[$(id)]', 'x b', '-x', 'é', '(x)'])('and refuses %s there', (value) => {
    const text = 'sleep $((<v> * 2))';
    expect(bindCommand(text, variablesOf(text), values({ v: value }))).toMatchObject({ ok: false });
  });

  test('leaves a name that the command gives a value, and a variable of awk', () => {
    const text = `for POD in a b; do ls "$POD"; done; awk -v x=$X '{print $X}' f`;
    expect(bindCommand(text, variablesOf('ls $POD', text), values({ POD: 'p', X: '1' }))).toEqual({
      ok: true,
      text: `for POD in a b; do ls "$POD"; done; awk -v x=1 '{print $X}' f`,
    });
  });

  test('leaves what an inner shell reads from its own surroundings', () => {
    const text = `ssh db 'du -sh "$PGDATA"'`;
    expect(bindCommand(text, variablesOf(text), values({ PGDATA: '/x' }))).toEqual({ ok: true, text });
  });

  test('gives back a command without inputs as it is, even one that is no shell', () => {
    expect(bindCommand('SELECT (', [], values({}))).toEqual({ ok: true, text: 'SELECT (' });
  });

  test('whatever value is accepted, the shell reads the words of the template and exactly it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (value) => {
        const text = `ls <name> "x <name>" 'y <name>'`;
        const bound = bindCommand(text, variablesOf(text), values({ name: value }));
        if (bound.ok)
          expect(plannedInvocations(bound.text)).toEqual([['ls', value, `x ${value}`, `y ${value}`]]);
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
    ['url', 'https://example.com/a?b=1&c=2'],
    ['url', 'example.com/health'],
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
    ['url', 'file:///etc/shadow'],
    ['url', 'https://a@example.com/'],
  ];
  test.each(bad)('refuses a %s like %s', (type, value) => {
    expect(validateValue(variable(type), value)).toMatch(/^The value of v /);
  });

  test('takes what may stand in every place of the commands, and no more', () => {
    const sentence = 'draining (see #4711)';
    const quoted = 'kubectl annotate node n why="<v>"';
    expect(validateValue(variable('text'), sentence)).toMatch(/blank/);
    expect(validateValue(variable('text'), sentence, [quoted])).toBeNull();
    expect(validateValue(variable('text'), sentence, [quoted, 'ls <v>'])).toMatch(/blank/);
    expect(validateValue(variable('text'), 'x', ['ls $('])).toBeNull();
  });
});
