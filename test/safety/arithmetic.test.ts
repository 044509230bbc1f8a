import { beforeAll, expect, test } from '@jest/globals';
import { loadSafety } from '../../src/safety/index.ts';
import { risk } from './support.ts';

beforeAll(loadSafety);

test.each([
  'echo $(( a ? b : c ))',
  'echo $(( (a + 1) * -b ))',
  'x=5; echo $(( x + 1 ))',
  `x=$(cat f); echo $(( \${#x} ))`,
  'echo $(( $x + $1 + $# ))',
  'echo $(( $(nproc) + 1 ))',
  '[[ ! ( $a -eq 1 || -f b ) ]]',
  '[[ "$a" -eq 1 ]]',
  `[[ \${a} -gt '2' ]]`,
  '[[ $(nproc) -gt 2 ]]',
  '[[ $((1+a)) -gt 2 ]]',
  'read a; [[ $a == c && -n $a ]]',
  'for ((i = 0; i < n; i++)); do date; done',
])('%s counts with numbers only', (text) => {
  expect(risk(text)).toBe('safe');
});

test.each([
  'x=$(cat f); echo $(( (x) ))',
  'x=$(cat f); echo $(( 1 ? x : 2 ))',
  'x=a.b; echo $((x))',
  'read b; echo $(( a[b] ))',
  'echo $(( $(cat f) + 1 ))',
  'read a; [[ ! ( $a -eq 1 || -f b ) ]]',
  'read a; [[ "$a" -eq 1 ]]',
  `read a; [[ \${a} -gt 2 ]]`,
  `[[ \${a:-3} -gt 2 ]]`,
  '[[ $(cat f) -gt 2 ]]',
  "[[ $'1' -gt 2 ]]",
  'read a; [[ $((a)) -gt 2 ]]',
])('%s evaluates what a program or a person wrote', (text) => {
  expect(risk(text)).toBe('caution');
});

test.each([
  "x='a[$(rm y)]'; echo $(( 1 ? x : 2 ))",
  "x='a[$(rm y)]'; echo $(( -(x) ))",
  "x='a[$(rm y)]'; [[ ! ( $x -eq 1 ) ]]",
  'x=\'a[$(rm y)]\'; [[ -f b || "$x" -eq 1 ]]',
  "[[ -v 'a[$(rm y)]' ]]",
  "[[ 1 -lt 'a[$(rm y)]' ]]",
])('%s evaluates a command', (text) => {
  expect(risk(text)).toBe('danger');
});
