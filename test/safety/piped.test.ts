import { beforeAll, describe, expect, test } from '@jest/globals';
import { loadSafety } from '../../src/safety/index.ts';
import { known } from '../../src/safety/model.ts';
import { printedText } from '../../src/safety/printed.ts';
import { risk } from './support.ts';

beforeAll(loadSafety);

const printed = (name: string, ...words: readonly string[]): string | null =>
  printedText(
    name,
    words.map((word) => known(word, { start: 0, end: 0 })),
  );

describe('what echo and printf print', () => {
  test.each([
    [['echo', 'a', 'b'], 'a b\n'],
    [['echo', '-n', 'a'], 'a'],
    [['echo', '-e', 'a\\nb'], 'a\nb\n'],
    [['printf', 'a\\r\\nb\\n'], 'a\r\nb\n'],
    [['printf', '%s\\n', 'a', 'b'], 'a\nb\n'],
    [['printf', '--', '100%%'], '100%'],
  ] as const)('case %# is followed', ([name, ...words], text) => {
    expect(printed(name, ...words)).toBe(text);
  });
  test.each([
    [['echo', 'a\\nb']],
    [['echo', '-e', '\\x41']],
    [['printf', '%d', '1']],
    [['printf', '-v', 'x', 'a']],
    [['printf', 'a', 'b']],
    [['printf', '%s', '\\x41']],
    [['cat', 'a']],
  ] as const)('case %# is not certain', ([name, ...words]) => {
    expect(printed(name, ...words)).toBeNull();
  });
});

describe('text that is piped or fed to a program', () => {
  test('is judged as what the program reads', () => {
    expect(risk("echo 'SELECT 1' | mysql")).toBe('safe');
    expect(risk("printf 'DROP TABLE t;' | mysql")).toBe('danger');
    expect(risk('echo "$Q" | mysql')).toBe('danger');
    expect(risk("echo 'SELECT 1' > f | mysql")).toBe('danger');
  });
  test('is danger for a shell, whoever printed it', () => {
    expect(risk('echo ls | bash')).toBe('danger');
    expect(risk('echo ls | ssh host')).toBe('danger');
  });
  test('is not known in parts when several commands read it', () => {
    const text = '/*\nDROP TABLE t; -- */\n';
    expect(risk(`mysql <<'E'\n${text}E`)).toBe('safe');
    expect(risk(`{ read -r x; mysql; } <<'E'\n${text}E`)).toBe('danger');
    expect(risk(`bash -c 'read -r x; mysql' <<'E'\n${text}E`)).toBe('danger');
  });
  test('is another text when a function took the name', () => {
    expect(risk("echo() { cat f; }; echo 'SELECT 1' | mysql")).toBe('danger');
  });
});
