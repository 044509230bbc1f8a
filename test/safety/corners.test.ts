import { beforeAll, describe, expect, test } from '@jest/globals';
import { loadSafety } from '../../src/safety/index.ts';
import { Tool } from '../../src/safety/schema.ts';
import type { Risk } from '../../src/safety/verdict.ts';
import { misjudged, risk } from './support.ts';

beforeAll(loadSafety);

describe.each<[subject: string, risk: Risk, commands: readonly string[]]>([
  [
    'words',
    'safe',
    [
      'ls {1..3}',
      'ls $A{a,b}',
      'ls ""',
      'declare a+=b',
      'declare a[0]=b',
      'tail -100 f',
      'tail -n',
      'find . -name',
      `sort "a"{b,c}`,
      `curl -H "A: $X" u`,
    ],
  ],
  ['words', 'caution', ['sort -b$(cat f) f', 'sort -k $(cat f) f', 'sort --out$X', 'ls {a,"b"}']],
  ['words', 'danger', ['rm {1..3}', 'cat {a,"b$(rm x)"}', `curl -H "$X" u`]],
  ['redirections', 'safe', ['ls > /dev/./null', 'cat < f', `cat < "$X"`]],
  [
    'redirections',
    'caution',
    ['{ ls; } > f', 'nice > f', 'printf x > f', 'echo a > dir/$X', 'cat < $(echo x)'],
  ],
  [
    'redirections',
    'danger',
    [
      '> f',
      "printf '' > f",
      'printf -- "" > f',
      'nice -n 5 true > f',
      'echo x > /etc/./passwd',
      'cat < /dev/$X',
      'cat < /dev/tcp/h/80',
      'echo a > /$X',
      'echo a > /etc/$X',
    ],
  ],
  ['wrappers', 'safe', ["xargs -I '' ls", 'xargs -I {} ls $X{}', 'find . -exec ls {}']],
  ['wrappers', 'caution', ['env A=$B ls']],
  [
    'wrappers',
    'danger',
    [
      'find . -exec rm {}',
      `${'env '.repeat(20)}ls`,
      `${'eval '.repeat(20)}ls`,
      `env ${'eval '.repeat(20)}ls`,
      "sh -c $'ls \\x01'",
      'ssh h ls $X',
    ],
  ],
  ['variables', 'safe', ['PAGER=cat git log', 'IFS=, read a b', `: \${FOO:=x}`]],
  ['variables', 'danger', ['PAGER=x git log', `: \${PATH:=x}`]],
  ['Redis', 'safe', ["redis-cli <<'E'\nGET a\n\nTTL a\nE", 'redis-cli <<< ""']],
  ['Redis', 'caution', ["redis-cli <<'E'\nGET a\nSET a b\nE"]],
  [
    'Redis',
    'danger',
    ["redis-cli <<'E'\nGET a\nSET a b\nDEL a\nE", 'redis-cli CONFIG SET dir /var/spool/cron'],
  ],
])('%s, %s', (_, label, commands) => {
  test.each(commands)('%s', (command) => {
    expect(misjudged([command], [label])).toEqual([]);
  });
});

test('a text in which too much is found is danger', () => {
  expect(risk(`sort -${'Q'.repeat(15_000)} {a,b}`)).toBe('danger');
  expect(risk(`sort -${'Q'.repeat(15)} {a,b}`)).toBe('caution');
});

test('a row with a pattern that is none is refused when it is read', () => {
  const row = { name: 'x', about: 'x.', risk: 'safe', says: 'x', examples: {} };
  expect(Tool.parse({ ...row, operands: [{ matches: '^x', risk: 'danger', says: 'x' }] })).toBeDefined();
  expect(() => Tool.parse({ ...row, operands: [{ matches: '(', risk: 'danger', says: 'x' }] })).toThrow(
    'not a regular expression',
  );
});
