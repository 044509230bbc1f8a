import { beforeAll, expect, test } from '@jest/globals';
import { loadSafety } from '../../src/safety/index.ts';
import { misjudged } from './support.ts';

beforeAll(loadSafety);

/** Ways to write a file: the path is what follows. */
const WRITERS = ['echo a >', 'tee', 'cp f', 'curl -o', 'sed -i s/a/b/'];

const written = (paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) =>
    WRITERS.map((writer) => `${writer} ${path}${writer.startsWith('curl') ? ' http://a.example' : ''}`),
  );

test('a path that may become a file that gives a way in is as bad as that file', () => {
  const paths = [
    '/etc/$X',
    '/etc/"$X"',
    '/etc/pass$X',
    '/etc/$(cat name)',
    '/e$X',
    '/$X',
    '/etc/ssh/$X',
    '/var/spool/$X',
    '/usr/$X',
    '/dev/$X',
    '/root/$X',
    '/home/$X',
    '~/$X',
    '/home/u/.ssh/$X',
    'etc/$X',
    '/srv/image/etc/$X',
  ];
  expect(misjudged(written(paths), ['danger'])).toEqual([]);
});

test('a name in a directory that was entered counts as a path there', () => {
  const commands = written(['pass$X', './$X']).map((command) => `cd /etc && ${command}`);
  expect(misjudged(commands, ['danger'])).toEqual([]);
});

test('a path that cannot become such a file without leaving its directory is a change', () => {
  const paths = ['/tmp/x-$X', 'logs/$X', 'backup-$X.sql', '/etc/fstab.$(date +%F)'];
  expect(misjudged(written(paths), ['caution'])).toEqual([]);
  const operands = [
    'cp f "$TMP/x"',
    'cp f /backup/$X',
    'tee /opt/app/$X.conf',
    'cp f /etc/nginx/$X',
    'cp f /etc/{motd,issue}',
  ];
  expect(misjudged(operands, ['caution'])).toEqual([]);
});

test('a variable of which only the run decides the name may be any', () => {
  const commands = ['export', 'declare', 'readonly', 'unset', 'read'].flatMap((builtin) => [
    `${builtin} $(cat f)`,
    `${builtin} "$(cat f)"`,
    `ls | parallel '${builtin} {}; ls'`,
  ]);
  expect(misjudged(commands, ['caution'])).toEqual([]);
  expect(misjudged(['export A="$(cat f)"', 'wait $(jobs -p)', 'export "$NAME"'], ['safe'])).toEqual([]);
});
