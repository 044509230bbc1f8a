import { beforeAll, describe, expect, test } from '@jest/globals';
import { merge } from '../../src/safety/classify.ts';
import { classify, loadSafety } from '../../src/safety/index.ts';
import { readStrictly } from '../../src/safety/strict.ts';
import type { Trait } from '../../src/safety/verdict.ts';
import { misjudged, risk } from './support.ts';

beforeAll(loadSafety);

describe('known pitfalls of the parser', () => {
  test('an error in a nested script condemns the whole text', () => {
    expect(
      misjudged(['echo $(if)', 'echo "$(ls |)"', 'cat <(ls ||)', 'echo `(`', 'x=$(ls &&)'], ['danger']),
    ).toEqual([]);
  });
  test('a word is judged by its parts, not by its mixed value', () => {
    expect(misjudged(['"$(id)" x', '"ls" x$(rm y)', '`echo ls` x'], ['danger'])).toEqual([]);
    expect(risk("echo '$(rm x)'")).toBe('safe');
  });
  test('a continued line that hides a command is never safe', () => {
    expect(
      misjudged(
        ['"$\\\n((rm x); (rm y))"', "echo $\\\n'X'", 'cat <<E\n$\\\n(rm x)\nE', 'echo "$\\\n{x@P}"'],
        ['danger', 'caution'],
      ),
    ).toEqual([]);
  });
  test('a plain continued line is read as one line', () => {
    expect(risk('kubectl get pods \\\n  -n prod')).toBe('safe');
    expect(risk('ls \\\n; rm x')).toBe('danger');
  });
  test('only real descriptors are joined', () => {
    expect(risk('ls 2>&1')).toBe('safe');
    expect(risk('ls 2>&-')).toBe('safe');
    expect(misjudged(['ls >&-word', 'ls <&-word', 'ls >&2x', 'ls >&word'], ['danger', 'caution'])).toEqual(
      [],
    );
  });
  test('a trailing backslash cannot be analysed', () => {
    expect(misjudged(['ls\\', 'ls \\', 'echo \\\\\\'], ['danger'])).toEqual([]);
    expect(risk('echo \\\\')).toBe('safe');
  });
  test('extended patterns cannot be analysed', () => {
    expect(misjudged(['ls !(a)', 'ls @(a|b)', 'rm ?(x)', 'echo *(a)'], ['danger'])).toEqual([]);
  });
  test('what makes the parser throw is danger', () => {
    expect(risk('coproc '.repeat(2000))).toBe('danger');
  });
  test('a judgement in which nothing was found is danger', () => {
    const nothing = {
      findings: [],
      traits: new Set<Trait>(),
      hints: new Set<string>(),
      names: new Set<string>(),
    };
    expect(merge(nothing)).toMatchObject({ risk: 'danger', reasons: [{ rule: 'shell.nothing' }] });
  });
  test('a brace substitution is a substitution', () => {
    expect(misjudged([`\${ rm x; }`, `echo \${ rm x; }`, `\${| rm x; }`], ['danger'])).toEqual([]);
  });
  test('spans of commands in backticks point at the backticks', () => {
    const text = 'echo ab `echo \\`rm x\\``';
    const span = classify(text).reasons[0]?.span;
    expect(text.slice(span?.start, span?.end)).toContain('rm');
  });
});

describe('hostile texts', () => {
  test.each([
    '$('.repeat(2000),
    '<('.repeat(1500),
    'x=('.repeat(1500),
    '{'.repeat(1999),
    '"'.repeat(9999),
    '`'.repeat(5000),
    `sed '${'s/['.repeat(800)}'`,
    `psql -c "${'('.repeat(47)}"`,
    'if '.repeat(3000),
  ])('that break are danger: %#', (text) => {
    expect(risk(text)).toBe('danger');
  });
  test.each([
    "$'".repeat(5000),
    '<a>'.repeat(3000),
    `sh -c ${'"sh -c '.repeat(12)}`,
    `awk '${'/'.repeat(9000)}'`,
    `psql -c "SELECT ${'a.'.repeat(5000)}a"`,
    'a=b '.repeat(3000),
    `echo ${'\\\n'.repeat(5000)}x`,
    `X=x; echo ${'$X'.repeat(3000)}`,
    'ls | '.repeat(2000),
  ])('that are only long get an answer: %#', (text) => {
    expect(['safe', 'caution', 'danger']).toContain(risk(text));
  });
});

describe('the strict reader', () => {
  test.each([
    'ls -l',
    "grep 'a b' f | wc -l",
    'a && b || c; d',
    'for i in a b; do echo $i; done',
    'x=$(ls) y',
    'ls 2>&1 >/dev/null',
    "cat <<'E'\nx\nE",
    'cat <<E\n$x $(ls) \\$(y)\nE',
    '# only a comment',
    `echo "a $X \${Y} $(z)"`,
    'echo "`ls -l`" `date`',
    'diff <(ls a) <(ls b) > >(cat)',
    'ls & sleep 1 &',
    'ls |& wc',
    'case "$x" in a|b) ls ;; (c*) ;& *) date; esac > f',
    '[[ -f a && ( $b == c* || $d =~ ^(x|y)+$ ) ]] && ls',
    '(( a = b + 1 )); for ((i=0; i<3; i++)); do ls; done',
    'echo $((1 + $(nproc) * (x - 2)))',
    `echo \${x:-y} "\${y%.*}" \${#z} \${a[@]} \${b[0]} \${c//d/e} \${f^^} \${g:0:3} \${!h[@]} \${i@Q}`,
    'a=(b "c d" $(ls)) x+=y',
    'ls {a,b}.{c,d} {1..3} HEAD@{1} {}',
    'f() { ls; }; f',
    'for i; do ls; done',
  ])('accepts %s', (text) => {
    expect(readStrictly(text).ok).toBe(true);
  });
  test.each([
    '`echo \\`ls\\``',
    'echo {a,$b}',
    'echo {a,"b"}',
    'select x in a; do b; done',
    'coproc ls',
    'ls !(a)',
    "echo $'\\''",
    'echo $"a"',
    `echo \${!x}`,
    `echo \${x@P}`,
    `echo \${x:-"y"}`,
    `echo \${x:-\`ls\`}`,
    'echo "a',
    "echo 'a",
    'ls >&-x',
    'ls {fd}>f',
    'a=([b]=c)',
    'echo $((a[b]))$((',
    'echo $(( "a" ))',
    'cat <<E\n`ls`\nE',
    'cat <<-E\n\t$(ls)\n\tE',
    'cat <<"E F"\nx\nE F',
    'cat <<E',
    'ls ) b',
    '( ls',
    'case a in a) ls ;;',
    '[[ a',
    'ls ;; b',
    'ls \\\n b\\\nc',
    `\${ ls; }`,
    'time -p ls',
    'function f { ls; }',
    `${'( '.repeat(20)}ls${' )'.repeat(20)}`,
    'cat <<E |\nx\nE\nwc',
    'ls | time wc',
    'cat <<E\na\\\nb\nE',
    'ls (a)',
    'f() ls',
    'for i of a; do ls; done',
    'for i in a | b; do ls; done',
    'case a of a) ls ;; esac',
    'case a in a b) ls ;; esac',
    '[[ a =~ b;c ]]',
    '[[ a =~ (b c) ]]',
    '[[ a =~ b) ]]',
    'a=(b; c)',
    'a=(b',
    'for i in a',
  ])('stays out of %s', (text) => {
    expect(readStrictly(text).ok).toBe(false);
  });
  test('finds the words of every command, also inside substitutions', () => {
    const reading = readStrictly('ls -l $(cat f) | wc');
    expect(reading.ok && reading.commands.map((command) => command.words)).toEqual([
      ['0-2', '3-5', '6-14'],
      ['8-11', '12-13'],
      ['17-19'],
    ]);
  });
});
