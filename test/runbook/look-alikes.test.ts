import { describe, expect, test } from '@jest/globals';
import { extract } from '../../src/runbook/extract.ts';

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`;
const fence = (lang: string, ...code: string[]): string => lines(`\`\`\`${lang}`, ...code, '```');
const commandsOf = (text: string): string[] =>
  extract(text).steps.flatMap((step) => step.commands.map((command) => command.text));

describe('a command that looks like something else is taken', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    [
      'scripts by their paths, among tools, in a block of plain text',
      lines(
        '# T',
        '',
        fence('text', 'env/ha/secret.bash', 'env/ha/user.bash <name>', 'kubectl apply -k env/ha/'),
      ),
      ['env/ha/secret.bash', 'env/ha/user.bash <name>', 'kubectl apply -k env/ha/'],
    ],
    [
      'a console that selects a device, which is no SQL',
      lines(
        '# T',
        '',
        fence('', '$ sudo parted', '(parted) select /dev/sdb', 'Using /dev/sdb', '(parted) quit'),
      ),
      ['sudo parted', 'select /dev/sdb', 'quit'],
    ],
    [
      'a directive whose second colon was forgotten',
      lines(
        ...['Title', '=====', '', '.. code:: console', '', '   $ df -h', ''],
        ...['Run it:', '', '.. code: console', '', '   $ sudo gdisk /dev/sdb'],
      ),
      ['df -h', 'sudo gdisk /dev/sdb'],
    ],
    [
      'an unmarked one with a path, in the second line of a paragraph',
      lines('# T', '', 'Clear the cache', 'git -C /srv/app gc'),
      ['git -C /srv/app gc'],
    ],
    [
      'one in brackets that say where to run it',
      lines('# T', '', '- Suspend the org (`scripts/suspend.sh $ORG` in `cf-tools`)'),
      ['scripts/suspend.sh $ORG'],
    ],
    [
      'one behind a root prompt over a name that it prints',
      lines('# T', '', fence('console', '# lxc-ls | grep utility', 'infra1_utility_container-161a4084')),
      ['lxc-ls | grep utility'],
    ],
    [
      'one behind a root prompt over lines of the kernel',
      lines('# T', '', fence('console', '# dmesg', '[ 2896.849970] ixgbe 0000:05:00.0: setting MAC on VF 3')),
      ['dmesg'],
    ],
    [
      'a service and what to do with it, behind a root prompt alone',
      lines('# T', '', 'Start it:', '', fence('', '# service rpcgssd start')),
      ['service rpcgssd start'],
    ],
    [
      'commands behind the prompt of a container',
      lines(
        '# T',
        '',
        fence('', '/ # aws sqs purge-queue --queue-url q', '{', '  "a": "b"', '}', '/ # exit'),
      ),
      ['aws sqs purge-queue --queue-url q', 'exit'],
    ],
    [
      'a statement below what the one before it printed',
      lines(
        '# T',
        '',
        fence('', 'show a_setting;', ' a_setting', '-----', ' csv', '(1 row)', '', 'show b_setting;', ' b'),
      ),
      ['show a_setting;', 'show b_setting;'],
    ],
    [
      'code and prose of a box that is a fence',
      lines('# T', '', '````{note}', 'Run `helm list -A`:', '', fence('bash', 'helm history hub'), '````'),
      ['helm list -A', 'helm history hub'],
    ],
  ];
  test.each(cases)('%s', (_name, text, commands) => {
    expect(commandsOf(text)).toEqual(commands);
  });
});

describe('what looks like a command and is none stays out', () => {
  const under = (lang: string, command: string, ...code: string[]): string =>
    lines('# T', '', fence('bash', command), 'Then:', '', fence(lang, ...code));
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    [
      'a source of packages',
      under('bash', 'apt update', 'deb [trusted=yes] http://deb.example.org/debian sid main'),
      ['apt update'],
    ],
    [
      'the head of a diff',
      under('', 'git diff', 'diff --git a/roles.sls b/roles.sls', '@@ -3 +3 @@'),
      ['git diff'],
    ],
    [
      'a kernel module that is kept out',
      under('', 'lsmod | grep esp4', 'install esp4 /bin/false'),
      ['lsmod | grep esp4'],
    ],
    [
      'a line of an image, after a client of a database',
      under('', 'psql "$URL"', 'ADD https://example.org/ca.pem /etc/ca.pem'),
      ['psql "$URL"'],
    ],
    ['files and folders', under('', 'ls -a', './zuul.yaml', './.zuul.d/'), ['ls -a']],
    ['a section of a file', under('', 'df -h', 'terraform {', '  backend "gcs" {}', '}'), ['df -h']],
    ['a line of fstab', under('', 'blkid', 'UUID="<uuid>" /srv/node/sdb xfs noatime 0 2'), ['blkid']],
    [
      'the version that a program prints over its table',
      under(
        '',
        'nats-server -m 8222',
        'nats-server version 0.6.6 (uptime: 2m2s)',
        'Load: CPU:  0.0%  Memory: 6M',
      ),
      ['nats-server -m 8222'],
    ],
    [
      'an order to a reader behind the mark of a comment',
      lines(
        '# T',
        '',
        fence(
          'console',
          '# == Prod ==',
          '# Go to https://ci.example.org/quiet',
          '# available',
          '$ kubectl get nodes',
        ),
      ),
      ['kubectl get nodes'],
    ],
    [
      'output that has a prompt by mistake',
      lines(
        '# T',
        '',
        fence('console', 'sudo netstat -tln'),
        'It should show something like:',
        '',
        fence('console', '$ tcp    0   0 0.0.0.0:9001      0.0.0.0:*        LISTEN'),
      ),
      ['sudo netstat -tln'],
    ],
    [
      'roles and packages that are needed first',
      lines(
        '# T',
        '',
        '## Prerequisites',
        '',
        '* cluster-admin privileges',
        '* openssl development',
        '',
        '## Do it',
        '',
        'Run `df -h`.',
      ),
      ['df -h'],
    ],
    ['a role in a list', lines('# T', '', '- cluster-admin privileges', '- Run `df -h`'), ['df -h']],
    [
      'a word that a paragraph goes on with',
      lines('# T', '', 'You have cloned the infrastructure', 'git project', '', 'Run `df -h`.'),
      ['df -h'],
    ],
    [
      'configuration in a box that is a fence',
      lines(
        '# T',
        '',
        '````{note}',
        'Set this, then run `helm list -A`:',
        '',
        fence('yaml', 'hub:', '  a: b'),
        '````',
      ),
      ['helm list -A'],
    ],
  ];
  test.each(cases)('%s', (_name, text, commands) => {
    expect(commandsOf(text)).toEqual(commands);
  });
});

describe('a command of many lines that stands in the text as it is', () => {
  const loop = ['for host in a b; do', '  ssh $host uptime', 'done'];
  const script = ["cat >/tmp/fix.sh <<'EOF'", '#!/bin/bash', '', 'set -e', 'rm -rf /srv/cache', 'EOF'];
  const query = ['psql -c "', 'SELECT 1;', '"'];
  const all: readonly (readonly [string, readonly string[]])[] = [
    ['a loop', loop],
    ['a here-document with an empty line', script],
    ['a quote', query],
  ];
  test.each(all)('is taken whole from notes: %s', (_name, code) => {
    const notes = lines('Rotate the agent', '', '1. Do it', '', ...code, '', '2. Look', '', 'df -h');
    expect(extract(notes).kind).toBe('plain');
    expect(commandsOf(notes)).toEqual([code.join('\n'), 'df -h']);
  });

  test.each([
    ['a loop', loop],
    ['a quote', query],
  ])('is taken whole from a paragraph of a page: %s', (_name, code) => {
    expect(commandsOf(lines('# T', '', ...code, '', 'Run `df -h`.'))).toEqual([code.join('\n'), 'df -h']);
  });

  test('is not taken without its end', () => {
    const cut = ['for host in a b; do', '  ssh $host uptime', '', 'Then look.', ''];
    expect(commandsOf(lines('# T', '', ...cut))).toEqual([]);
    expect(commandsOf(lines('# T', '', "cat >/tmp/a <<'EOF'", 'x', '', 'Run `df -h`.'))).toEqual(['df -h']);
  });
});
