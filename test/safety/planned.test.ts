import { beforeAll, describe, expect, test } from '@jest/globals';
import { commandNames, loadSafety, plannedInvocations } from '../../src/safety/index.ts';

beforeAll(loadSafety);

describe('planned invocations', () => {
  test.each<[string, readonly (readonly string[])[]]>([
    ['ls -l', [['ls', '-l']]],
    ['ls \\\n  -l', [['ls', '-l']]],
    ["grep 'a\\\nb' x", [['grep', 'a\\\nb', 'x']]],
    ['grep "a\\\nb" x', [['grep', 'ab', 'x']]],
    ['ls \\\\ \\\n b', [['ls', '\\', 'b']]],
    [
      "grep 'a b' f | wc -l",
      [
        ['grep', 'a b', 'f'],
        ['wc', '-l'],
      ],
    ],
    ['a; b\nc', [['a'], ['b'], ['c']]],
    ['a && b', [['a'], ['b']]],
    ['a || b', [['a']]],
    ['a || b && c', [['a'], ['c']]],
    ['! a || b', [['a'], ['b']]],
    ['! a && b', [['a']]],
    ['echo hi; ls', [['ls']]],
    ['cd /tmp && ls', [['ls']]],
    ['X=1', []],
    ['X=1 ls "a"\'b\'', [['ls', 'ab']]],
    ['ls > out 2>&1', [['ls']]],
    ["cat <<'E'\nrm x\nE", [['cat']]],
    ['sudo rm x', [['sudo', 'rm', 'x']]],
    ['# nothing', []],
    ['test -f x; ls', [['ls']]],
    ['! ls | wc || date', [['ls'], ['wc'], ['date']]],
    ['grep "\\$a\\\n" x', [['grep', '$a', 'x']]],
  ])('of %s are known', (text, planned) => {
    expect(plannedInvocations(text)).toEqual(planned);
  });
  test.each([
    'ls $X',
    'ls *.log',
    'ls ~',
    'echo $(ls)',
    'if a; then b; fi',
    'a &',
    '(a)',
    '{ a; }',
    'f() { a; }',
    'exit; ls',
    'exec ls',
    'eval ls',
    '. f',
    'alias a=b; a',
    'set -e; a',
    'trap a EXIT',
    '/bin/ls',
    './x',
    '$X a',
    'test -f x && a',
    'false || a',
    'ls | { cat; }',
    'read x; ls $((x))',
    'PATH=/x ls',
    'export PATH=/x; ls',
    'ls {a,b}',
    'ls "unclosed',
    '',
    'cat <(ls)',
    'cat < <(ls)',
    'X=$(ls) cat',
    'cat <<E\n$(ls)\nE',
    'cat <<< "$(ls)"',
    'cat > "$(ls)"',
    "ls $'a' \\\n -l",
    'ls \\\n -l # note',
    '[[ a ]] && b',
  ])('of %s are not claimed to be known', (text) => {
    expect(plannedInvocations(text)).toBeNull();
  });
});

describe('names looked up on the PATH', () => {
  test.each<[string, readonly string[]]>([
    ['kubectl get pods | grep x', ['grep', 'kubectl']],
    ['sudo env A=b nice ls', ['env', 'ls', 'nice', 'sudo']],
    ["bash -c 'df -h; uptime'", ['bash', 'df', 'uptime']],
    ['find . -exec wc -l {} +', ['find', 'wc']],
    ['echo $(date)', ['date']],
    ['kubectl exec p -- psql -l', ['kubectl']],
    ['ssh h uptime', ['ssh']],
    ['cd /x && /bin/ls', []],
    ['if a; then b; else c; fi', ['a', 'b', 'c']],
  ])('in %s', (text, names) => {
    expect([...commandNames(text)].sort()).toEqual(names);
  });
});
