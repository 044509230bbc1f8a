import { describe, expect, test } from '@jest/globals';
import { boundedForm } from '../../src/runbook/bounded.ts';
import { extract } from '../../src/runbook/extract.ts';
import { opensSession } from '../../src/runbook/sessions.ts';
import { ShellState } from '../../src/runbook/state.ts';

const read = (...commands: string[]) => {
  const state = new ShellState();
  return commands.map((text) => state.read({ text, source: { start: 0, end: text.length } }));
};

describe('variables that a command sets', () => {
  test.each([
    ['POD=$(kubectl get pods -o name | head -1)', [{ name: 'POD', from: 'output' }]],
    ['IP=`hostname -i`', [{ name: 'IP', from: 'output' }]],
    ['export NAMESPACE="$(kubectl get x -A | awk \'{print $1}\')"', [{ name: 'NAMESPACE', from: 'output' }]],
    [`NEW=\${OLD}-$(date +%s)`, [{ name: 'NEW', from: 'output' }]],
    ['X=$(a); echo "$X"', [{ name: 'X', from: 'output' }]],
    ['export NS=prod', [{ name: 'NS', from: 'value' }]],
    ['NAME="a b"', [{ name: 'NAME', from: 'value' }]],
    ['NS=prod kubectl get pods', undefined],
    ['echo A=b', undefined],
    ['ls', undefined],
  ])('%s', (text, sets) => {
    expect(read(text)[0]?.sets).toEqual(sets);
  });
});

describe('the folder of later commands', () => {
  test('is where cd went, step by step, as the author wrote it', () => {
    const commands = read(
      'ls',
      'cd /opt/app',
      'git status',
      'cd ../<env>',
      'make',
      'cd ~/x',
      'ls',
      'cd -',
      'ls',
    );
    expect(commands.map((command) => command.cwd)).toEqual([
      undefined,
      undefined,
      '/opt/app',
      '/opt/app',
      '/opt/<env>',
      '/opt/<env>',
      '~/x',
      '~/x',
      undefined,
    ]);
  });

  test('is left at the door of a session and found again behind it', () => {
    const commands = read('cd /opt', 'ssh db1', 'ls', 'exit', 'ls');
    expect(commands.map((command) => command.cwd)).toEqual([undefined, '/opt', undefined, undefined, '/opt']);
  });

  test('does not follow a cd that is part of a longer command', () => {
    expect(read('cd /opt && make', 'ls')[1]?.cwd).toBeUndefined();
  });
});

describe('sessions', () => {
  test.each([
    ['ssh db1', 'shell'],
    ['ssh <host>', 'shell'],
    ['kubectl exec -it <pod name> -- bash', 'shell'],
    ['psql -h <host> -U app', 'sql'],
    ['psql -h db1 < dump.sql', null],
    ['ssh -i key.pem -p 22 ops@db1', 'shell'],
    ['kubectl -n x exec -it pod -- bash', 'shell'],
    ['docker exec -it mariadb /bin/sh', 'shell'],
    ['oc debug node/x', 'shell'],
    ['oc rsh pod', 'shell'],
    ['chroot /host', 'shell'],
    ['sudo su - jenkins', 'shell'],
    ['sudo -i', 'shell'],
    ['bash', 'shell'],
    ['psql -U app db', 'sql'],
    ['docker exec -it mariadb mysql -u root -p', 'sql'],
    ['sqlplus / as sysdba', 'sql'],
    ['kubectl exec -it x -- rails console', 'ruby'],
    ['python manage.py lms shell --settings=aws', 'python'],
    ['mongo host/db -u master', 'javascript'],
    ['redis-cli -h 10.0.0.1 -a pw', 'other'],
    ['ssh db1 uptime', null],
    ['kubectl exec pod -- ls', null],
    ['kubectl exec -it pod -- ls -l', null],
    ['oc debug node/x -- chroot /host uptime', null],
    ['psql -c "select 1"', null],
    ['mysql db < dump.sql', null],
    ['redis-cli -h 10.0.0.1 info', null],
    ['mongo --eval "db.x()"', null],
    ['bash script.sh', null],
    ['su -c ls', null],
    ['python3 -m http.server', null],
  ])('%s opens %s', (command, language) => {
    expect(opensSession(command)).toBe(language);
  });

  test('nest, and end where the reader leaves them', () => {
    const commands = read('ssh db1', 'psql', 'select 1;', '\\q', 'ls', 'exit', 'ls');
    expect(commands.map((command) => command.session?.opener ?? null)).toEqual([
      null,
      'ssh db1',
      'psql',
      'psql',
      'ssh db1',
      'ssh db1',
      null,
    ]);
  });

  test('of a console make statements of blocks that are no shell, one a statement', () => {
    const page = [
      '# T',
      '',
      'Open a console:',
      '',
      '```',
      'rails console',
      '```',
      '',
      'Then fix them:',
      '',
      '```ruby',
      "user = User.find_by(name: 'x')",
      'Post.where(user: user).each do |post|',
      '  post.touch',
      'end',
      '# => 3',
      '```',
      '',
      'And outside again:',
      '',
      '```',
      'kubectl get pods',
      '```',
    ].join('\n');
    const commands = extract(page).steps.flatMap((step) => step.commands);
    expect(commands.map(({ text, session }) => [text, session?.language ?? null])).toEqual([
      ['rails console', null],
      ["user = User.find_by(name: 'x')", 'ruby'],
      ['Post.where(user: user).each do |post|\n  post.touch\nend', 'ruby'],
      ['kubectl get pods', null],
    ]);
  });

  test('end with their section when they are shells', () => {
    const page = '# T\n\n## A\n\n```sh\nssh db1\nls\n```\n\n## B\n\n```sh\nls\n```\n';
    const commands = extract(page).steps.flatMap((step) => step.commands);
    expect(commands.map((command) => command.session?.opener ?? null)).toEqual([null, 'ssh db1', null]);
  });
});

describe('the bounded form', () => {
  test.each([
    ['kubectl exec -it pod -- df -h', 'kubectl exec pod -- df -h'],
    ['docker exec -i -t db ls', 'docker exec db ls'],
    ['kubectl logs -f deploy/x -n a', 'kubectl logs --tail=100 deploy/x -n a'],
    ['journalctl -u x -f', 'journalctl -u x -n 100 --no-pager'],
    ['tail -f /var/log/x', 'tail -n 100 /var/log/x'],
    ["watch 'kubectl get pods | grep x'", 'kubectl get pods | grep x'],
    ['watch -n 5 ceph -s', 'ceph -s'],
    ['kubectl get pods -w', 'kubectl get pods'],
    ['top', 'top -b -n 1'],
    ['ping 10.0.0.1', 'ping -c 4 10.0.0.1'],
  ])('of %s is %s', (command, form) => {
    expect(boundedForm(command)).toBe(form);
  });

  test.each([
    'ls -l',
    'vim /etc/hosts',
    'kubectl exec -it pod -- bash',
    'psql',
    'ping -c 3 10.0.0.1',
    'tail -n 5 x',
    'tail -f x | grep y',
    'kubectl logs -f a && rm b',
  ])('of %s is none', (command) => {
    expect(boundedForm(command)).toBeNull();
  });
});
