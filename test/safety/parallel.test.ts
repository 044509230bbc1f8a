import { beforeAll, describe, expect, test } from '@jest/globals';
import { loadSafety } from '../../src/safety/index.ts';
import type { Risk } from '../../src/safety/verdict.ts';
import { misjudged, risk } from './support.ts';

beforeAll(loadSafety);

describe.each<[subject: string, risk: Risk, commands: readonly string[]]>([
  [
    'a template that only looks, whatever its inputs are',
    'safe',
    [
      'ls | parallel wc -l',
      'ls | parallel -j4 --tag wc -l {}',
      'ls | parallel "wc -l {} | tail -1"',
      "parallel 'echo {/} {//} {/.} {.} {#} {%}' :::: files.txt",
      'parallel -a files.txt wc -l',
      'parallel wc -l ::: *.log',
      `parallel 'grep "foo$" {}' ::: a.log b.log`,
      `parallel 'echo "file {}"' ::: a.log b.log`,
      "ls | parallel -q grep 'a  b'",
      'cat big | parallel --pipe -N100 wc -l',
    ],
  ],
  [
    'literal inputs that only look',
    'safe',
    [
      'parallel systemctl {} nginx ::: status is-active',
      'parallel ls {2} ::: a',
      'parallel ping -c 1 ::: 192.0.2.1 192.0.2.2',
      'parallel dig +short {2} @{1} ::: 192.0.2.1 192.0.2.2 ::: a.example b.example',
      'parallel echo {1} {2} ::: a b :::+ c d',
    ],
  ],
  [
    'an input that may be an option, a secret, or a file to write',
    'caution',
    [
      'ls | parallel curl -sI',
      'parallel cat ::: a /etc/shadow',
      'parallel cat {.} ::: /etc/shadow.old',
      "ls | parallel 'ls > out-{}.txt'",
      'parallel touch ::: a b',
    ],
  ],
  [
    'one bad input among good ones',
    'danger',
    [
      'parallel systemctl {} nginx ::: status x:::y reset-failed mask isolate',
      'parallel tee ::: /tmp/a /etc/passwd',
      'parallel tee {1}/{2} ::: /tmp /etc ::: a passwd',
      'parallel tee {2} ::: a :::+ /etc/passwd',
      'parallel tee {2}/etc/passwd ::: a',
      'parallel -I @ tee @ {2} ::: /etc/passwd',
      'parallel tee {/.} ::: /tmp/x && cd /etc && parallel tee {/} ::: /tmp/passwd',
      'parallel tee {//}/passwd ::: /etc/x',
      'parallel tee {//}/passwd ::: /etc/ssh/',
      'parallel tee {//}boot/x ::: /a',
      'parallel \'tee "{}"\' ::: /etc/passwd',
      'parallel -I @ tee @ ::: /etc/passwd',
      'parallel -I a -I b tee b ::: /etc/passwd',
    ],
  ],
  [
    'a command that nobody has seen',
    'danger',
    [
      'ls | parallel',
      'parallel :::: commands.txt',
      "parallel ::: 'ls' 'df -h'",
      'ls | parallel {}',
      'ls | parallel {} -h',
      'parallel {} ::: ls',
      'parallel "ls>{}" ::: /tmp/a',
      'ls | parallel sh -c {}',
      'ls | parallel \'sh -c "{}"\'',
      'ls | parallel "$X"',
      'ls | parallel $X ls',
      'ls | parallel -I "$X" ls',
      'cat x | parallel --pipe bash',
      'cat x | parallel bash ::: -',
    ],
  ],
  [
    'a place where a quoted input may be more than a word',
    'danger',
    [
      `parallel "echo '{}'" ::: a`,
      `ls | parallel 'echo "{}"'`,
      `parallel 'echo "{}"' ::: '$(id)'`,
      "ls | parallel 'echo $(({}))'",
      "ls | parallel 'a[{}]=1; ls'",
      `ls | parallel 'echo \${}'`,
      "ls | parallel 'echo `wc -l {}`'",
      String.raw`ls | parallel 'echo \{}'`,
      "ls | parallel 'ls # {}'",
      "ls | parallel 'ls #'",
      'ls | parallel \'echo "$(ls # {}\n)"\'',
      "ls | parallel 'cat <<EOF\n{}\nEOF'",
      `ls | parallel "echo $'{}'"`,
      `ls | parallel "echo \\"it's {}"`,
      'ls | parallel echo {=1=}',
      'ls | parallel "echo ï<1ï>"',
    ],
  ],
  [
    'options and forms beyond the grammar',
    'danger',
    [
      'parallel --limit x ls ::: a',
      'parallel --dry-run --rpl x ls ::: a',
      'parallel --dry ls ::: a',
      'parallel echo {-1} ::: a',
      'parallel echo {0} ::: a',
      "parallel 'echo {1 }' ::: a",
      'parallel echo {1#} ::: a',
      "parallel --delay 'system(1)' ls ::: a",
      'parallel --dry-run echo {= x =} ::: a',
      'parallel -N2 echo {1} {2} ::: a b',
      'parallel --colsep , echo {1} ::: a,b',
      'parallel -j 4 ls -- a',
      'parallel -- ls',
      "parallel -S 'ssh -o ProxyCommand=x web1' uptime ::: a",
      'parallel -S .. uptime ::: a',
      'sem ls',
    ],
  ],
  [
    'another machine',
    'danger',
    ['parallel -S web1 cat ::: /etc/shadow', 'parallel -S web1,8/web2,: rm ::: a'],
  ],
])('parallel with %s', (_, expected, commands) => {
  test(`is ${expected}`, () => {
    expect(misjudged(commands, [expected])).toEqual([]);
  });
});

test('a dry run of parallel is safe only where that is asked before the command', () => {
  expect(risk("parallel --dry-run 'rm {}' ::: a")).toBe('safe');
  expect(risk('parallel rm --dry-run ::: a')).toBe('danger');
});

test('an empty source does not make a command that is never judged', () => {
  expect(risk('ssh host parallel rm :::')).toBe('danger');
});

test('parallel makes no more commands than can be judged, also in parallel', () => {
  const inputs = Array.from({ length: 20 }, (_, at) => `input-${at}`).join(' ');
  const nested = `parallel "parallel wc -l {} ::: ${inputs}; true" ::: ${inputs} ::: ${inputs}`;
  expect(risk(`parallel wc -l ::: ${inputs}`)).toBe('safe');
  expect(risk(`parallel wc -l ::: ${inputs} ::: ${inputs}`)).toBe('safe');
  expect(risk(`parallel wc -l ::: ${inputs} ::: ${inputs} ::: ${inputs}`)).toBe('danger');
  expect(risk(nested)).toBe('danger');
});
