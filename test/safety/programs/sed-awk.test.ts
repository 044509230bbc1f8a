import { describe, expect, test } from '@jest/globals';
import { judgeProgram } from '../../../src/safety/programs/index.ts';

const risk = (language: 'sed' | 'awk', text: string) => judgeProgram(language, text, null)[0]?.risk;

describe('sed', () => {
  test.each([
    's/a/b/g',
    '1,5p',
    '/x/,/y/d',
    '/a[/]b/!d'.replace('[/]', '.'),
    's|[^|]|x|'.replace('[^|]', '[^,]'),
    '$!{N;D}',
    ':a;N;$!ba;s/\\n/ /g',
    's/[[:space:]]*$//',
    's/[]x]/y/',
    'y/abc/xyz/',
    '/^#/d;/^$/d',
    'w /dev/stdout',
    '# e rm',
    '0~4p',
  ])('%s only edits what is printed', (script) => {
    expect(risk('sed', script)).toBe('safe');
  });
  test.each(['w out', 's/a/b/w out', 's/a/b/gw out', 'W x'])('%s writes a file', (script) => {
    expect(risk('sed', script)).toBe('caution');
  });
  test.each([
    's/a/b/e',
    's/a/b/ge',
    '1e rm',
    'e',
    'w /etc/passwd',
    'w out\ne rm',
    's/a/b/w out\n1e rm',
    's/[[:alpha:]/]x/;#/e',
    's/[/]x/;#/e',
    's/a/b',
    '/a',
    'sxaxbx',
    'y/a/b/e',
    'v',
    'M',
  ])('%j runs a program or cannot be read', (script) => {
    expect(risk('sed', script)).toBe('danger');
  });
});

describe('awk', () => {
  test.each([
    '{print $1}',
    '$5+0 > t {print $6 > "/dev/stderr"}',
    'NR > 1 && $3 > 5 {s += $3} END {print s}',
    '/system/ {print FILENAME}',
    '{print ($1 > 2)}',
    'BEGIN {print "a > b"}',
    '{ print $1 "|" $2 }',
    '# print > "f"\n{print}',
    'BEGIN {while ((getline l < "f") > 0) n++}',
    '/x/ {getline; print}',
  ])('%s only prints', (program) => {
    expect(risk('awk', program)).toBe('safe');
  });
  test.each([
    '{print > "f"}',
    '{print $1,\n$2 > "f"}',
    '{print $1 > $2}',
    '{getline l < $1}',
    '{getline l < "f" $1}',
    '{getline l < "/etc/shadow"; print l}',
    '{getline l < "/inet/tcp/0/h/80"; print l}',
    '{printf("%s", $1) >> "f"}',
  ])('%j touches a file', (program) => {
    expect(risk('awk', program)).toBe('caution');
  });
  test.each([
    'BEGIN{system("x")}',
    '{print | "sh"}',
    '"x" | getline',
    '@include "x"',
    '{print > "/etc/passwd"}',
    '{print > "/inet/tcp/0/h/80"}',
    '{f="system"; @f()}',
    '{print "a',
    '/a',
  ])('%j runs a program or cannot be read', (program) => {
    expect(risk('awk', program)).toBe('danger');
  });
});
