import { describe, expect, test } from '@jest/globals';
import { checkSource, extract, MAX_SOURCE_UNITS } from '../../src/runbook/extract.ts';

const lines = (...text: string[]): string => text.join('\n');
const fence = (lang: string, ...code: string[]): string => lines(`\`\`\`${lang}`, ...code, '```');
const commandsOf = (text: string): string[] =>
  extract(text).steps.flatMap((step) => step.commands.map((c) => c.text));
const namesOf = (text: string): string[] => extract(text).variables.map((v) => v.name);
const reasonsOf = (text: string): string[] => extract(text).untaken.map((u) => u.reason);
const run = (code: string): string => lines('# T', '', 'Run:', '', fence('bash', code));

describe('commands in code blocks', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['a shell block', run('df -h'), ['df -h']],
    ['several lines', run('df -h\n\ndu -sh /var'), ['df -h', 'du -sh /var']],
    ['a prompt', run('$ df -h'), ['df -h']],
    [
      'a fence that is indented under its text',
      lines('# T', '', 'Load the token', '    ```', '       nosuch token --load', '    ```', 'and go on.'),
      ['nosuch token --load'],
    ],
    [
      'a tool nobody knows that goes on behind a backslash',
      lines('# T', '', 'Deploy it as usual:', '', fence('', 'nosuch exec prod \\', '  -c apply')),
      ['nosuch exec prod \\\n  -c apply'],
    ],
    [
      'a variable that is set to a placeholder of two words',
      run('SIZE_GB=<desired size>\ngit push'),
      ['SIZE_GB=<desired size>', 'git push'],
    ],
    [
      'a command alone in a paragraph of a box',
      lines('# T', '', '```{note}', 'Encrypt it before you commit it.', '', '`sops --encrypt a.yaml`', '```'),
      ['sops --encrypt a.yaml'],
    ],
    ['a program in a folder to name', run('<repo>/bin/show-key prod'), ['<repo>/bin/show-key prod']],
    ['a prompt without a blank', run('$sudo lsblk'), ['sudo lsblk']],
    ['a host prompt', run('node-m001# ceph -s'), ['ceph -s']],
    ['a user prompt', run('root@db1:~# psql -l'), ['psql -l']],
    [
      'a redis prompt and an empty one',
      run('10.0.0.1:6379> info replication\n10.0.0.1:6379>'),
      ['info replication'],
    ],
    ['a switch prompt', run('switch(config)# hostname a'), ['hostname a']],
    [
      'a switch prompt with its state',
      run('sw-1 [mlag-domain: master] (config) # write memory'),
      ['write memory'],
    ],
    ['a prompt with a folder', run('ncn-s003:~ # systemctl status a'), ['systemctl status a']],
    ['a root prompt that cannot be a comment', run('# ceph osd tree down'), ['ceph osd tree down']],
    [
      'root prompts of a console among comments',
      lines(
        '# T',
        '',
        fence('console', '# Run these on the node to be removed', '# nova reboot a', '# df -h'),
      ),
      ['nova reboot a', 'df -h'],
    ],
    [
      'root prompts between what they print',
      lines(
        '# T',
        '',
        fence('', '# ipa host-find', '-----', 'Service name: a', '-----', '# ipa ping', 'PONG'),
      ),
      ['ipa host-find', 'ipa ping'],
    ],
    [
      'a command without its prompt under one that prints nothing',
      run('$ cd /srv\nopenstack-ansible a.yml \\\n  -e b=c\n$ ls -l\nsetup ok'),
      ['cd /srv', 'openstack-ansible a.yml \\\n  -e b=c', 'ls -l'],
    ],
    [
      'root prompts before tools that the page runs, and before a program alone',
      lines(
        '# T',
        '',
        fence('', '# getcert resubmit -i 1', '# getcert list -a'),
        '',
        'Then:',
        '',
        fence('', '# getcert list', 'pre-save command: /usr/bin/x'),
        '',
        'Then:',
        '',
        fence('', '# /usr/lib/ipa/stop_ca', '# systemctl stop nginx'),
      ),
      [
        'getcert resubmit -i 1',
        'getcert list -a',
        'getcert list',
        '/usr/lib/ipa/stop_ca',
        'systemctl stop nginx',
      ],
    ],
    [
      'a tool that another block pipes',
      lines(
        '# T',
        '',
        fence('', 'git-crypt status -e | wc -l'),
        '',
        'Then:',
        '',
        fence('', 'git-crypt unlock'),
      ),
      ['git-crypt status -e | wc -l', 'git-crypt unlock'],
    ],
    [
      'statements in the language of a console that the page opened before',
      lines(
        '# T',
        '',
        fence('', 'rails console'),
        '',
        fence('', 'df -h'),
        '',
        '## Then',
        '',
        fence('ruby', 's.save', '...'),
      ),
      ['rails console', 'df -h', 's.save'],
    ],
    [
      'a command that ends in a colon',
      run('kubectl describe pod x | grep -A15 Volumes:'),
      ['kubectl describe pod x | grep -A15 Volumes:'],
    ],
    [
      'a command behind the prompt of a home folder',
      run('~ knife vault show a b\nlong'),
      ['knife vault show a b'],
    ],
    [
      'a fence that is indented as code',
      lines('# T', '', 'Show it.', '', '    ```', '    df -h', '    ```', '', 'Done.'),
      ['df -h'],
    ],
    [
      'lines that end in a reference, which is no pipe',
      run('git clone a -b |the_release|\ngit clone b -b |the_release| c'),
      ['git clone a -b |the_release|', 'git clone b -b |the_release| c'],
    ],
    [
      'options on lines of their own behind a prompt, though no backslash says so',
      run('$ certutil -L -d /etc/pki\n    -a -n "CA" > ca.pem\n$ a --help\n  -b  c'),
      ['certutil -L -d /etc/pki -a -n "CA" > ca.pem', 'a --help'],
    ],
    [
      'a line in ticks that is indented as code',
      lines('# T', '', 'Or by running it:', '', '    `df -h /srv`', '', 'Done.'),
      ['df -h /srv'],
    ],
    ['a fence in a fence', lines('# T', '', '~~~', '```sh', 'df -h', '```', '~~~'), ['df -h']],
    ['a program alone behind sudo', lines('# T', '', '* sudo /sbin/reboot'), ['sudo /sbin/reboot']],
    [
      'commands under a shout',
      lines(
        '# T',
        '',
        'For example on disk a:',
        '',
        fence('console', '<ALL DATA will be LOST!>', '', 'pvcreate /dev/sda'),
      ),
      ['pvcreate /dev/sda'],
    ],
    [
      'a statement whose first line ends in a blank',
      lines('# T', '', 'Run:', '', fence('', 'SELECT ', '\tid', 'FROM ', '\ta;')),
      ['SELECT \n\tid\nFROM \n\ta;'],
    ],
    [
      'statements without the comments between them',
      lines('# T', '', fence('', 'pkgdb> -- If the rows are right', 'pkgdb> COMMIT;')),
      ['COMMIT;'],
    ],
    ['a prompt behind the name of an environment', run('(venv) [jo@web1 ~]$ pip list\nx 1'), ['pip list']],
    [
      'no stray end of a block',
      lines('# T', '', '## Rails console', '', fence('ruby', 'a.each do |b|', '  b.save', 'end', 'end')),
      ['a.each do |b|\n  b.save\nend'],
    ],
    [
      'lines that stand further left than the fence they are in',
      lines(
        '# T',
        '',
        '1. Do it:',
        '',
        '    ```',
        'gds aws dev -- make pipelines',
        '    ```',
        '1. Then',
        '',
        '   ```sh',
        'df -h',
        '```',
      ),
      ['gds aws dev -- make pipelines', 'df -h'],
    ],
    ['a tool and a pipe without blanks', run('mount|grep RBD_NUMBER'), ['mount|grep RBD_NUMBER']],
    [
      'an unknown tool with options on lines below it, after settings',
      lines('# T', '', 'Run:', '', fence('', 'TAG=v3', '', 'rkt run \\', '  --net=host $TAG')),
      ['TAG=v3', 'rkt run \\\n  --net=host $TAG'],
    ],
    [
      'what a prompted command with a setting of its own prints no more',
      run('$ rev=$(get rev)\n$ ETCDCTL_API=3 etcdctl compact $rev\ncompacted revision 1516'),
      ['rev=$(get rev)', 'ETCDCTL_API=3 etcdctl compact $rev'],
    ],
    [
      'a transcript that repeats the block before it only once',
      lines(run('df -h\n# all\nls -l'), '', '<br>Output:', '', fence('', '$ df -h', '$ ls -l', 'total 0')),
      ['df -h', 'ls -l'],
    ],
    [
      'a command on the line after its settings',
      lines('# T', '', fence('', 'PEER=a DB=b \\', 'gds aws c -- make d')),
      ['PEER=a DB=b \\\ngds aws c -- make d'],
    ],
    [
      'a transaction',
      lines('# T', '', 'Run:', '', fence('', 'BEGIN;', 'DROP INDEX a;', 'END;')),
      ['BEGIN;', 'DROP INDEX a;', 'END;'],
    ],
    ['a copy to another machine', run('scp dump.xz db02.stg:'), ['scp dump.xz db02.stg:']],
    [
      'lines of one unknown tool',
      lines('# T', '', 'Then:', '', fence('', 'rhc app create a', 'rhc set-env A=b -a a')),
      ['rhc app create a', 'rhc set-env A=b -a a'],
    ],
    [
      'commands of a switch under their heading',
      lines(
        '# T',
        '',
        '## Configuration commands',
        '',
        'Enable it:',
        '',
        fence('text', 'led locator <on|off>'),
      ),
      ['led locator <on|off>'],
    ],
    [
      'a statement of SQL as an example to use',
      lines('# T', '', 'Example snippet to use:', '', fence('sql', 'select', '  a', 'from b;')),
      ['select\n  a\nfrom b;'],
    ],
    [
      'statements of the console that the page is for',
      lines(
        '# T',
        '',
        'All code below is for the Rails console.',
        '',
        '## A',
        '',
        fence('', 'a = User.find(1)', 'a.block'),
      ),
      ['a = User.find(1)', 'a.block'],
    ],
    [
      'a statement whose values the reader puts into it',
      lines(
        '# T',
        '',
        '## Rails console',
        '',
        'Put the ids into this list:',
        '',
        fence('ruby', '[1].each { |a| A.find(a) }'),
      ),
      ['[1].each { |a| A.find(a) }'],
    ],
    ['a transcript', run('$ df -h\nFilesystem  Size\n/dev/sda1   10G\n$ ls /tmp\nx'), ['df -h', 'ls /tmp']],
    [
      'output under an unprompted command',
      run('sudo lsblk\nNAME   MAJ:MIN RM  SIZE\nsda      8:0    0  100G'),
      ['sudo lsblk'],
    ],
    ['a continuation', run('kubectl get pods \\\n  -n prod'), ['kubectl get pods \\\n  -n prod']],
    ['a continuation with blanks after it', run('ls \\  \n  -l'), ['ls \\  \n  -l']],
    ['a pipe at the end of a line', run('ls |\n  wc -l'), ['ls |\n  wc -l']],
    ['a pipe at the start of a line', run('ls -l\n  | wc -l'), ['ls -l\n  | wc -l']],
    [
      'a here-document',
      run('cat > f <<EOF\na: 1\n\nb: $X\nEOF\nls'),
      ['cat > f <<EOF\na: 1\n\nb: $X\nEOF', 'ls'],
    ],
    ['an open quote', run('psql -c "\nSELECT 1;\n"\nls -l'), ['psql -c "\nSELECT 1;\n"', 'ls -l']],
    ['a loop', run('for x in a b; do\n  echo $x\ndone\nls'), ['for x in a b; do\n  echo $x\ndone', 'ls']],
    ['a condition', run('if true; then\n  ls\nfi'), ['if true; then\n  ls\nfi']],
    ['a substitution over lines', run('X=$(ls \\\n -l)\necho $X'), ['X=$(ls \\\n -l)', 'echo $X']],
    ['a trailing comment', run('ls -l   # look'), ['ls -l']],
    ['a hash in quotes', run('echo "a # b"'), ['echo "a # b"']],
    ['a stray quote takes one line only', run("echo don't\nls -l"), ["echo don't", 'ls -l']],
    ['comments only', run('# nothing to run\n# here'), []],
    [
      'SQL to its semicolon',
      lines('Run:', '', fence('sql', 'SELECT a', 'FROM b;', 'SELECT 2;')),
      ['SELECT a\nFROM b;', 'SELECT 2;'],
    ],
    [
      'a Python prompt',
      lines('# T', '', fence('python', '>>> for r in x:', '...   r.delete()', '>>> x', '[1]')),
      ['for r in x:\n...   r.delete()', 'x'],
    ],
    ['an unknown tool in a shell block', run('suspend'), ['suspend']],
    ['an untagged block', lines('# T', '', fence('', 'kubectl get pods')), ['kubectl get pods']],
    [
      'an indented block',
      lines('# T', '', 'Check.', '', '    oc get node -l a!=b', ''),
      ['oc get node -l a!=b'],
    ],
    [
      'the same command twice',
      lines(run('df -h'), '', 'Again:', '', fence('sh', 'df -h')),
      ['df -h', 'df -h'],
    ],
    ['a capitalised tool as it is written', run('Kubectl get pods'), ['Kubectl get pods']],
    [
      'what is typed behind a second prompt, without it',
      run('$ ls \\\n> -l\n$ MariaDB [nova]> use nova;'),
      ['ls \\\n-l', 'use nova;'],
    ],
    [
      'commands behind "> "',
      run('> config get maxmemory\nmaxmemory\n1gb\n> info'),
      ['config get maxmemory', 'info'],
    ],
    [
      'what opened the session before its prompts',
      run('kubectl exec -it vault-0 -- sh\n$ vault status\nSealed false'),
      ['kubectl exec -it vault-0 -- sh', 'vault status'],
    ],
    ['a file that is read, named first', run('< list.txt xargs rm'), ['< list.txt xargs rm']],
    [
      'a script of the project',
      run('bin/backup --all\nscripts/fix.sh x'),
      ['bin/backup --all', 'scripts/fix.sh x'],
    ],
    ['a sourced file', run('. $CONFIG/openrc.sh'), ['. $CONFIG/openrc.sh']],
    [
      'a command without the remark behind it',
      run('ls -l   (look)\ndf -h (Where it is full, stop)'),
      ['ls -l', 'df -h'],
    ],
    ['a subshell', run('true && (cd x && ls)'), ['true && (cd x && ls)']],
    [
      'what a client of a database takes without a semicolon',
      lines('# T', '', fence('sql', 'set lines 200', 'select a', 'from b;', 'SHOW SLAVE STATUS\\G')),
      ['set lines 200', 'select a\nfrom b;', 'SHOW SLAVE STATUS\\G'],
    ],
    [
      'a here-document behind a continued line',
      run('if true; then\ncat <<EOF | ls \\\n  -l\n{ "a": 1 }\nEOF\nfi\ndf -h'),
      ['if true; then\ncat <<EOF | ls \\\n  -l\n{ "a": 1 }\nEOF\nfi', 'df -h'],
    ],
    ['the prompt of a Mac', run('mac-12:app jo$ git diff\n+ a'), ['git diff']],
    ['the prompt of Oh My Zsh', run('➜  app git:(main) ✗ git diff\n+ a'), ['git diff']],
    ['the prompt of a machine with a path for a name', run('api/0a1b:~$ df -h\nx  1'), ['df -h']],
    [
      'variables that are set first, and for one command',
      lines('# T', '', 'Look:', '', fence('', 'env=prod', "A_B='x y' tool get --all", 'df -h')),
      ['env=prod', "A_B='x y' tool get --all", 'df -h'],
    ],
    [
      'every tool of a shell block elsewhere',
      lines(run('cd /x\nflip restart web/1\ndf -h'), '', fence('', 'cd /x', 'flip restart web/2')),
      ['cd /x', 'flip restart web/1', 'df -h', 'cd /x', 'flip restart web/2'],
    ],
    [
      'what is exported before a session',
      run('export A=1\nexport B=2\n$ ls -l\ntotal 0'),
      ['export A=1', 'export B=2', 'ls -l'],
    ],
    [
      'a sample block that is surely a command',
      lines('# T', '', 'For example:', '', fence('bash', 'kubectl get pods -n x')),
      ['kubectl get pods -n x'],
    ],
    [
      'a tool that the text itself runs elsewhere',
      lines(run('tg upgrade commit'), '', 'Look:', '', fence('', 'tg state all'), '', 'Or run `tg ls`.'),
      ['tg upgrade commit', 'tg state all', 'tg ls'],
    ],
  ];
  test.each(cases)('takes %s', (_name, text, expected) => {
    expect(commandsOf(text)).toEqual(expected);
  });

  const left: readonly (readonly [string, string, string])[] = [
    ['YAML', lines('# T', '', 'Edit:', '', fence('yaml', 'a: 1')), 'configuration'],
    ['YAML under a shell tag', run('apiVersion: v1\nkind: X\nmetadata:\n  name: a'), 'configuration'],
    ['JSON without a tag', lines('# T', '', fence('', '{', '  "a": 1', '}')), 'configuration'],
    ['a script to save', lines('# T', '', fence('bash', '#!/bin/bash', 'rm -r x')), 'script'],
    ['a Ruby script', lines('# T', '', fence('ruby', 'def a', '  `curl x`', 'end')), 'script'],
    [
      'words without a tag that nobody is told to run',
      lines('# T', '', 'Then:', '', fence('', 'rebooting node now')),
      'mention',
    ],
    ['commented-out commands among comments', run('# find the big files\n# ls -l'), 'mention'],
    [
      'a block that its tag calls output',
      lines('# T', '', 'Run it.', '', fence('output', 'df -h')),
      'output',
    ],
    ['a word in capitals', run('HEALTH_OK'), 'mention'],
    ['a line of a file that no shell can read', run('/srv 10.0.0.0/8(rw,sync)'), 'mention'],
    [
      'a section of a file under statements',
      lines(
        '# T',
        '',
        '## MySQL console',
        '',
        'Set it up in the file:',
        '',
        fence('', '[web]', 'host=db', 'user=a'),
      ),
      'configuration',
    ],
    [
      'an error that is said to follow',
      lines(
        '# T',
        '',
        'If you see the following errors, it is the network. Ask.',
        '',
        fence('console', 'got unexpected HTTP 500'),
      ),
      'output',
    ],
    [
      'lists that follow a fence without an end',
      lines('# T', '', '- A:', '  ```', '  web-1', '- B:', '  ```', '  web-2'),
      'mention',
    ],
    ['a label', run('switch sw-spine-001:'), 'mention'],
    [
      'what is said to be example output before its end',
      lines(
        '# T',
        '',
        'The following example output shows two of them. The rest is left out.',
        '',
        fence('bash', 'sw-1 is alive'),
      ),
      'output',
    ],
    [
      'what a switch printed, under the heading of its commands',
      lines('# T', '', '## Commands', '', 'Example output:', '', fence('text', 'show led')),
      'output',
    ],
    [
      'a script that is to be saved as a file',
      lines('# T', '', '## Rails console', '', 'Save it as a.rb:', '', fence('ruby', 'def a', '  b', 'end')),
      'script',
    ],
    ['a title', lines('# T', '', 'Run it.', '', fence('', 'Last Operation')), 'mention'],
    ['what stands behind names', run('requested state:   started'), 'output'],
    ['declarations of Ruby', lines('# T', '', 'Add:', '', fence('ruby', "gem 'jekyll'")), 'script'],
    [
      'a list of programs as a sample',
      lines('# T', '', 'It looks like this:', '', fence('sh', '/bin/df', '/bin/ls', '/bin/cat', '/bin/sh')),
      'output',
    ],
    ['announced output', lines('# T', '', 'Example output:', '', fence('', 'cray-console-6cf')), 'output'],
    ['a log line in a shell block', run('2024-01-01T00:00:00Z INF started'), 'log'],
    [
      'a table without a tag',
      lines('# T', '', fence('', 'Name      Lag', '--------  ---', 'apply 1   10')),
      'mention',
    ],
    [
      'a configuration file without a tag',
      lines('# T', '', fence('', 'frontend web', '  mode tcp', '  bind 10.0.0.1:80', '  source /etc/x')),
      'configuration',
    ],
    ['a metrics query with a prompt', lines('# T', '', fence('promql', '$ up == 0')), 'query'],
    ['a query without a tag', lines('# T', '', fence('', 'sum(rate(http_requests_total[5m]))')), 'query'],
    [
      'what one may run into',
      lines(
        '# T',
        '',
        'You may run into the following issue:',
        '',
        fence('text', 'systemctl status a', '...'),
      ),
      'output',
    ],
    [
      'settings to put into a file',
      lines(
        '# T',
        '',
        'Also update your `.env.production`:',
        '',
        fence('text', 'ALTERNATE_DOMAINS=a.example'),
      ),
      'configuration',
    ],
    ['a block over 16 KB', run(`ls\n${'x'.repeat(17_000)}`), 'too-long'],
  ];
  test.each(left)('leaves out %s and says why', (_name, text, reason) => {
    expect(commandsOf(text)).toEqual([]);
    expect(reasonsOf(text)[0]).toBe(reason);
  });
});

describe('commands in prose', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['1. Restart it: `systemctl restart nginx`', ['systemctl restart nginx']],
    ['- Check `tail /var/log/x`', ['tail /var/log/x']],
    ['Install `amtool` with `go get a.example/amtool`', ['go get a.example/amtool']],
    ['- become the postgres user with `sudo su postgres`', ['sudo su postgres']],
    ['- Add the user `chef-server-ctl org-user-add ops eve`', ['chef-server-ctl org-user-add ops eve']],
    ['Perform a `terraform apply -destroy` to remove it.', ['terraform apply -destroy']],
    ['You must update the port using `pve-admin sdconfig`.', ['pve-admin sdconfig']],
    ['Start it `/opt/a/bin/redis-cli`', ['/opt/a/bin/redis-cli']],
    ['Look at `/opt/a/bin/redis-cli`.', []],
    ['In the Rails console run `User.find(5).block!`', ['User.find(5).block!']],
    ['Confirm if the firewall stops it with `sudo ufw status`.', ['sudo ufw status']],
    ['`waiting for update of Node Pool "a": Code="B"`', []],
    ['The Rails console shows `User.find(5)`.', []],
    ["Select the 'Invites' option from the 'Users' tab; you are done.", []],
    ['- terraform CLI', []],
    ['- `rm -r /srv/data/*`', ['rm -r /srv/data/*']],
    ['You can restart it with `sudo service x restart`.', ['sudo service x restart']],
    ['Run `uptime` on the host.', ['uptime']],
    ["Then run `select pg_drop_replication_slot('a');`", ["select pg_drop_replication_slot('a');"]],
    ['Never use `rm -rf /srv`.', []],
    ['Do not run `kubectl delete ns x`.', []],
    ['`kubectl get pods` returns the list.', []],
    ['The `terraform plan` should output `No changes`.', []],
    ['The pod is not restarted with `ceph orch`, ask.', []],
    ['Set `replicas` in `values.yaml` to `3`.', []],
    ['It is equivalent to `docker ps -a`.', []],
    ['Look at `/var/log/syslog`.', []],
    ['The state can be checked with `ceph -s` at any time.', ['ceph -s']],
    ['From the host, ping it (`ping -c 3 10.0.0.1`).', ['ping -c 3 10.0.0.1']],
    ['Stop it with `systemctl stop a` or `systemctl kill a`.', ['systemctl stop a', 'systemctl kill a']],
    ['- `df -h /var` to see how full it is', ['df -h /var']],
    ['No keys are visible with `ssh-add -l`.', []],
    ['Memory as reported by `ss -tm`.', []],
    ['List the containers running in `containerd`.', []],
    ['Running `show pools` in the console allows us to see more.', []],
    ['The pipeline will run `terraform plan -out x` on the branch.', []],
    ['After running `terraform apply -auto-approve`, look again.', []],
    ['A slow command (for example `redis-cli keys x`) blocks it.', []],
    ['Run the following `curl` command to list them.', []],
    ['See `oc adm node-logs --help` for more.', []],
    ['Tell them in Slack: `/pd trigger dba`', []],
    ['It sets `state: enabled`.', []],
    ['Run df -h /srv to see how full it is.', ['df -h /srv']],
    ['Then run systemctl restart nginx.service on each host.', ['systemctl restart nginx.service']],
    ['Never run rm -rf /srv by hand.', []],
    ['Run [node setup](a.md) again.', []],
    ['Log in to the region `cf login --sso` first.', ['cf login --sso']],
    ['Look at the `kubectl get pods -A` output.', []],
    [
      'Check the health of the cluster by using the `etcdctl cluster-health` command.',
      ['etcdctl cluster-health'],
    ],
    ['The cluster was made using the `kubeadm init --pod-cidr=10.0.0.0/16` command.', []],
    [
      'To run `etcdctl` using version 3:\n\n```\ndocker exec x etcdctl put a b\n```',
      ['docker exec x etcdctl put a b'],
    ],
    ['Use `(( merge on <key> ))` for lists.', []],
    ['`index=web sourcetype="access"`', []],
    ['Type `ctrl+c` to stop.', []],
    ['- `disk_quota / -k`', []],
    ['See [`kubectl get pods -A`](https://a.example) for more.', []],
    ['Use the command (its output is long) below:\n\n```sh\nmount | grep /srv\n```', ['mount | grep /srv']],
  ];
  test.each(cases)('%s', (text, expected) => {
    expect(commandsOf(lines('# T', '', text))).toEqual(expected);
  });

  test('takes a command once when the sentence before its block names it', () => {
    const text = lines('# T', '', 'Run `ceph osd tree` now:', '', fence('sh', '$ ceph osd tree', 'ID CLASS'));
    expect(commandsOf(text)).toEqual(['ceph osd tree']);
  });

  test('takes bare lines of a plain text under numbered items', () => {
    const text = lines(
      'Disk full',
      '',
      '1. Check the disk:',
      '   df -h',
      '2. Find big files',
      '   find /var -size +100M',
      '3. Wait five minutes.',
    );
    const parse = extract(text);
    expect(parse.kind).toBe('plain');
    expect(parse.title).toBe('Disk full');
    expect(parse.steps.map((s) => [s.description, s.kind, s.commands.map((c) => c.text)])).toEqual([
      ['Check the disk', 'verify', ['df -h']],
      ['Find big files', 'command', ['find /var -size +100M']],
      ['Wait five minutes.', 'wait', []],
    ]);
  });

  test('reads a numbered plain list with inline code', () => {
    expect(commandsOf('1. Check: `df -h`\n2. Clean: `journalctl --vacuum-size=1G`\n')).toEqual([
      'df -h',
      'journalctl --vacuum-size=1G',
    ]);
  });

  test('takes a command after a colon and names a step by its command when it has no other words', () => {
    const parse = extract(
      lines('Step 1: Drain the node: kubectl drain <node> --force', 'Step 2: kubectl uncordon <node>'),
    );
    expect(parse.steps.map((s) => [s.description, s.commands.map((c) => c.text)])).toEqual([
      ['Drain the node', ['kubectl drain <node> --force']],
      ['kubectl uncordon <node>', ['kubectl uncordon <node>']],
    ]);
  });

  test('reads labels of plain text as sections', () => {
    const parse = extract(
      lines(
        'API slow',
        '',
        'Before you begin:',
        '- VPN',
        '',
        'Steps',
        '',
        '1) Restart:',
        '   systemctl restart api',
        '   WARNING: drops requests.',
        '',
        'Rollback:',
        '   systemctl stop api',
      ),
    );
    expect(parse.prerequisites).toEqual(['VPN']);
    expect(parse.steps.map((s) => [s.rollback, s.warnings])).toEqual([
      [false, ['WARNING: drops requests.']],
      [true, []],
    ]);
  });

  test('takes no sentence for a command', () => {
    const text = lines(
      '# T',
      '',
      '1. Find the pods that are stuck',
      '2. kill the process',
      '3. make sure it works',
      '4. watch the dashboard',
      '5. Restart nginx',
    );
    expect(commandsOf(text)).toEqual([]);
    expect(extract(text).steps).toHaveLength(5);
  });

  test('a page without commands yields none', () => {
    expect(commandsOf(lines('# On call', '', 'We meet on Monday. Ask `@ops` about `values.yaml`.'))).toEqual(
      [],
    );
  });
});

describe('steps', () => {
  test('keep order, titles, manual steps and kinds', () => {
    const text = lines(
      '# Rotate keys',
      '',
      '## Prerequisites',
      '',
      '- Admin access',
      '',
      '## Steps',
      '',
      '1. Announce the change.',
      '2. Verify the service.',
      '',
      `   ${fence('bash', 'curl -s localhost').split('\n').join('\n   ')}`,
      '',
      '3. Wait ten minutes.',
      '4. Is the graph flat?',
      '',
    );
    const parse = extract(text);
    expect(parse.title).toBe('Rotate keys');
    expect(parse.prerequisites).toEqual(['Admin access']);
    expect(parse.steps.map((s) => s.kind)).toEqual(['manual', 'verify', 'wait', 'decision']);
  });

  test('carry their condition, from the sentence, the item or the heading', () => {
    const text = lines(
      '# T',
      '',
      '## If the disk is full',
      '',
      'Clean up:',
      '',
      fence('sh', 'ls -l'),
      '',
      '## Next',
      '',
      'If nginx is down, restart it:',
      '',
      fence('sh', 'systemctl restart nginx'),
      '',
      '- **Option 1:**',
      '  1. Do it',
      '',
      `     ${fence('sh', 'df -h').split('\n').join('\n     ')}`,
    );
    expect(extract(text).steps.map((s) => s.branch)).toEqual([
      'If the disk is full',
      'If nginx is down',
      'Option 1',
    ]);
  });

  test('carry the warnings of their item and of a quote before them', () => {
    const text = lines(
      '# T',
      '',
      '> **Warning:** sessions end.',
      '',
      '1. Stop it.',
      '',
      `   ${fence('sh', 'systemctl stop x').split('\n').join('\n   ')}`,
      '',
      '2. Delete it.',
      '',
      '   **Caution:** This cannot be undone.',
      '',
      `   ${fence('sh', 'rm -r /x').split('\n').join('\n   ')}`,
    );
    expect(extract(text).steps.map((s) => s.warnings)).toEqual([
      ['Warning: sessions end.'],
      ['Caution: This cannot be undone.'],
    ]);
  });

  test('keep the warnings of their own paragraph', () => {
    const text = lines(
      '# T',
      '',
      '1. Stop it with `systemctl stop a`.',
      '2. Drop the slot. Warning: the replica is lost.',
      '',
      `   ${fence('sh', 'dropdb a').split('\n').join('\n   ')}`,
      '3. Delete it with `rm -r /srv/a`. This cannot be undone.',
    );
    expect(extract(text).steps.map((s) => s.warnings)).toEqual([
      [],
      ['Warning: the replica is lost.'],
      ['This cannot be undone.'],
    ]);
  });

  test('come from the tasks of a checklist in a fence, which is a template and no code', () => {
    const text = lines(
      '# T',
      '',
      '```',
      '1. [ ] Stop it with `systemctl stop a`',
      '    <!--',
      '    Or run `rm -r /srv`',
      '    -->',
      '1. [ ] Tell the team',
      '    * [ ] `df -h /srv`',
      '```',
    );
    expect(extract(text).steps.map((s) => [s.description, s.commands.map((c) => c.text)])).toEqual([
      ['Stop it with systemctl stop a', ['systemctl stop a']],
      ['Tell the team', []],
      ['df -h /srv', ['df -h /srv']],
    ]);
  });

  test('know that a rollback section undoes', () => {
    const text = lines(
      '# T',
      '',
      '## Do',
      '',
      fence('sh', 'helm upgrade a b'),
      '',
      '## Rollback',
      '',
      fence('sh', 'helm rollback a'),
    );
    expect(extract(text).steps.map((s) => s.rollback)).toEqual([false, true]);
  });

  test('take the comment over a command for its description', () => {
    const text = lines('# T', '', fence('bash', '# Check usage', 'df -h', '', '# List files', 'ls -l'));
    expect(extract(text).steps.map((s) => s.description)).toEqual(['Check usage', 'List files']);
  });

  test('do not come from overviews', () => {
    const text = lines(
      '# T',
      '',
      '## Overview',
      '',
      '1. Stop everything',
      '2. Start everything',
      '',
      '## Procedure',
      '',
      '1. Stop it',
    );
    expect(extract(text).steps.map((s) => s.description)).toEqual(['Stop it']);
  });

  test('take the title of front matter when the heading is a template', () => {
    expect(extract(lines('---', 'title: Delete Metrics', '---', '', '# <%= x %>', '', 'Text.')).title).toBe(
      'Delete Metrics',
    );
  });
});

describe('tables', () => {
  const stepsOf = (text: string): [string, string[]][] =>
    extract(text).steps.map((step) => [step.description, step.commands.map((c) => c.text)]);

  test('whose rows are counted are steps', () => {
    const rows = [
      '| Step | Action | Command | Undo |',
      '|---|---|---|---|',
      '| 1 | Drain the node | `kubectl drain web-1` | `kubectl uncordon web-1` |',
      '| 2 | Tell the on-call | - | |',
      '| 3 | Look | `ps ax \\| grep x` | |',
      '| 4 | Restart it | `systemctl restart nginx` | |',
    ];
    expect(stepsOf(lines('# T', '', ...rows))).toEqual([
      ['Drain the node', ['kubectl drain web-1']],
      ['Tell the on-call', []],
      ['Look: ps ax \\| grep x', []],
      ['Restart it', ['systemctl restart nginx']],
    ]);
  });

  test('of a page too, with code of more lines in a cell', () => {
    const row = (...cells: string[]): string =>
      `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
    const page = `<h1>T</h1><table>${row('#', 'Action', '')}${row('1', 'Check the lag', '<pre>psql -c "select 1"</pre>')}${row('2', 'Restart it', '<code>systemctl restart nginx</code>')}</table><table>${row('Code', 'See')}${row('1', '<code>kubectl get pods -A</code>')}</table>`;
    expect(stepsOf(page)).toEqual([
      ['Check the lag', ['psql -c "select 1"']],
      ['Restart it', ['systemctl restart nginx']],
    ]);
    expect(reasonsOf(page)).toEqual(['mention']);
  });

  test('that count nothing only mention commands', () => {
    const rows = ['| Exit code | Check |', '|---|---|', '| 1 | `kubectl get pods -A` |'];
    expect(stepsOf(lines('# T', '', ...rows))).toEqual([]);
    expect(reasonsOf(lines('# T', '', ...rows))).toEqual(['mention']);
  });
});

describe('variables', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['kubectl get pod <pod-name> -n <namespace>', ['pod-name', 'namespace']],
    ['growpart <device> <partition number>', ['device', 'partition number']],
    ['ls {{work_dir}}/x', ['work_dir']],
    ['kubectl rollout restart "deployment/{deployment}"', ['deployment']],
    ['ssh [HOST]', ['HOST']],
    ['oc logs $DAEMONPOD -c x', ['DAEMONPOD']],
    [`cd ns/\${NAMESPACE}/resources`, ['NAMESPACE']],
    ['ceph osd find OSD_ID', ['OSD_ID']],
    ['switch(config)# qos cos-map <0-7> local-priority VALUE [color COLOR]', ['0-7', 'VALUE', 'COLOR']],
    ['lvcreate --name YYYMMDD', ['YYYMMDD']],
    ['ssh yourname@a', ['yourname']],
    ['etcdctl user add myusername', ['myusername']],
    ['git clone a -b |the_release| | wc -l', ['the_release']],
    ['psql "host=DB-HOST port=5432 dbname=DATABASE" -c "SELECT 1 AS NAME;"', ['DB-HOST', 'DATABASE']],
    ['import REPLACES=replaces DIR=/a', ['REPLACES']],
    ['systemctl restart dirsrv@REALM.service', ['REALM']],
    [`mysql> ALTER ROLE [old-name] PASSWORD '[new-password]';`, ['old-name', 'new-password']],
    [`mysql> select a from b where c = '\${HOST}';`, ['HOST']],
    [`grep '\${HOST}' f`, []],
    ['export API_TOKEN="XXXXXXXX"', ['API_TOKEN']],
    ['echo "$A" <a>', ['A']],
    ['sort <none> -h', []],
    ["docker ps --format '{{.Names}}'", []],
    ["kubectl get x -o jsonpath='{.spec.y}'", []],
    ["awk '{print $1}' file", []],
    ["awk '/x/{print $NF}' file", []],
    ['find . -exec ls {} \\;', []],
    ['cp f{,.bak} && echo {1..3} {a,b}', []],
    ['echo $(date) <(ls) < file', []],
    ['cat <<EOF\nx\nEOF', []],
    ['for x in 1 2; do echo $x; done', []],
    ['A=1; echo $A', []],
    ['while read -r a b; do echo $a $b; done < f', []],
    ['echo $HOME $PATH $? $1 $# $$', []],
    ['echo "$DD0C_RUN $DD0C_STEP $DD0C_ATTEMPT"', []],
    ['[[ -f x ]] && [ -n y ] && grep [a-z] f', []],
    ["curl 'http://x/q?match[]=a'", []],
    ["sed 's/<.b>//' f", []],
    ['echo \\$NAME', []],
    [`echo \${A:-default}`, ['A']],
    ['kubectl logs -n NAMESPACE pod_name', ['NAMESPACE', 'pod_name']],
    ['ssh SERVER.example.com', ['SERVER']],
    ['ceph tell mon.ID status', ['ID']],
    ['rake x:y[OLD_SLUG,NEW_SLUG]', ['OLD_SLUG', 'NEW_SLUG']],
    ['mkfs.xfs /dev/sdX1', ['sdX']],
    ['ssh node-YY reboot', ['YY']],
    ['velero get backup b-YYYYMMDD', ['YYYYMMDD']],
    ['helm upgrade app your-chart', ['your-chart']],
    ['login --token "YOUR TOKEN HERE"', ['YOUR TOKEN HERE']],
    ['kubectl scale deploy/x --replicas=N', ['N']],
    ['ENVIRONMENT=my-env make deploy', ['ENVIRONMENT']],
    ['export TOKEN=...', ['TOKEN']],
    ['ssh <<host>> uptime', ['host']],
    ['deploy %REGION% __CLUSTER_NAME__', ['REGION', 'CLUSTER_NAME']],
    ['ssh host <rsa|ed25519>', ['rsa|ed25519']],
    ["psql -c 'SELECT a FROM b WHERE id = :user_id'", ['user_id']],
    [`ssh db1 'echo "$PGDATA"'`, ['PGDATA']],
    ['curl -X DELETE http://x', []],
    ['kubectl get pods -o custom-columns=NAME:.metadata.name', []],
    ['lsblk -o NAME,TYPE,SIZE', []],
    ['kubectl get pods | grep -E "NAME|worker"', []],
    ['jq --arg NAME x .ID', []],
    ['read -r -p "Name: " HOST_NAME', []],
    ['ip helper-address 10.0.0.1', []],
    ['date +%Y%m%d', []],
    ['java -XX:MaxRAM=1g -Xmx1g', []],
    ['select * from v$database;', []],
    ['GRANT SELECT ON TABLE users TO ROLE;', []],
  ];
  test.each(cases)('of %s', (command, expected) => {
    expect(namesOf(run(command))).toEqual(expected);
  });

  test('are one by name with every spelling, typed, with the example the text gives', () => {
    const text = lines(
      '# T',
      '',
      'Use `<work_dir>`, for example `/tmp/x`.',
      '',
      fence('bash', 'ls <work_dir> $WORK_DIR', 'kubectl get pod <pod> --tail <count>'),
    );
    expect(extract(text).variables).toEqual([
      { name: 'work_dir', type: 'path', spellings: ['<work_dir>', '$WORK_DIR'], example: '/tmp/x' },
      { name: 'pod', type: 'kubernetes-name', spellings: ['<pod>'], example: null },
      { name: 'count', type: 'integer', spellings: ['<count>'], example: null },
    ]);
  });

  test('are samples that the text says to replace, wherever they stand', () => {
    const text = lines(
      '# T',
      '',
      'Replace 4711 with the pid. Substitute `web-0` by your pod. Run this where NODE is the host:',
      '',
      fence('bash', 'jstack 4711', 'kubectl logs web-0', 'ssh NODE'),
    );
    expect(namesOf(text)).toEqual(['4711', 'web-0', 'NODE']);
    const domain = lines(run('certbot -d example.com'), '', 'Replace `example.com` with your own domain.');
    expect(namesOf(domain)).toEqual(['example.com']);
  });

  test('say which have a default in the text and which a command finds', () => {
    const parse = extract(run('export NS=prod\nPOD=$(kubectl -n $NS get pods -o name)\nkubectl logs $POD'));
    expect(parse.variables).toMatchObject([
      { name: 'NS', default: 'prod', example: 'prod' },
      { name: 'POD', output: true },
    ]);
  });

  test('that an inner shell reads from its own surroundings have no spelling to fill', () => {
    const [variable] = extract(run(`kubectl exec x -- sh -c 'psql "$DATABASE_URL"'`)).variables;
    expect(variable).toMatchObject({ name: 'DATABASE_URL', spellings: [] });
  });

  test("that are exported from what a program prints are nobody's to fill either", () => {
    const { variables } = extract(run('export TOKEN=$(get-token)\nX=$(date)\n./upload'));
    expect(variables).toMatchObject([{ name: 'TOKEN', spellings: [], output: true }]);
  });

  test('take the value of an attribute of the page as their default', () => {
    const page = lines(':ns: prod', '= T', '', '[source,bash]', '----', 'kubectl -n {ns} get pods', '----');
    expect(extract(page).variables).toMatchObject([{ name: 'ns', default: 'prod' }]);
  });

  test('that an earlier command sets are still inputs, since every command is a fresh process', () => {
    expect(namesOf(run('export NS=prod\nkubectl -n $NS get pods'))).toEqual(['NS']);
  });
});

describe('checkSource', () => {
  test('refuses nothing and too much, with a sentence', () => {
    expect(checkSource(' \n')).toMatchObject({ ok: false, code: 'empty' });
    expect(checkSource('é'.repeat(MAX_SOURCE_UNITS / 2 + 1))).toMatchObject({ ok: false, code: 'too-large' });
    expect(checkSource('a'.repeat(MAX_SOURCE_UNITS))).toEqual({ ok: true });
  });
});
