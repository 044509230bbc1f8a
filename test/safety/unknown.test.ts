import { beforeAll, expect, test } from '@jest/globals';
import { loadSafety } from '../../src/safety/index.ts';
import { misjudged } from './support.ts';

beforeAll(loadSafety);

test('something unknown whose words say that it removes something is danger', () => {
  const commands = [
    'frob delete x',
    'frob db reset --linked',
    'frob rook purge-osd 4',
    'frob db:reset',
    'frob api post /api/jobs/delete',
    'frob dropDatabase',
    'frob x --action=delete',
    'frob x --action delete',
    'frob --force delete x',
    'frob list --purge',
    'frob delete --dry-run=false',
    'frob delete -- --help',
    'frob x DELETE',
    'purge-cache',
    '/usr/bin/purge-cache --all',
    'kubectl frob delete x',
    'gcloud compute instances frob delete',
    'terraform plan --delete-all',
    'gcloud dns record-sets import z --delete-all-existing',
  ];
  expect(misjudged(commands, ['danger'])).toEqual([]);
});

test('the same words as names, texts, refusals or questions say nothing', () => {
  const commands = [
    'frob list delete',
    'frob --message delete',
    'frob say "please delete it"',
    'frob --grep purge',
    'frob --no-delete x',
    'frob --delete=false x',
    'frob --deletion-protection on',
    'frob deleted',
    'frob delete --help',
    'frob delete --dry-run',
    'gcloud dns record-sets import z --no-delete-all-existing',
  ];
  expect(misjudged(commands, ['caution'])).toEqual([]);
  expect(misjudged(['grep delete f', 'echo purge', 'kubectl get pods -l app=delete'], ['safe'])).toEqual([]);
});

test('what is given to something unknown after -- counts as a command that may run', () => {
  const dangers = [
    'frob x -- rm -rf /srv',
    'kubectl frob node -- systemctl stop auditd',
    'kubectl frob -- sh x.sh',
  ];
  expect(misjudged(dangers, ['danger'])).toEqual([]);
  expect(
    misjudged(['frob x -- uptime', 'kubectl frob node -- df -h', 'kubectl frob --'], ['caution']),
  ).toEqual([]);
});

test('commands passed on too deep are danger, and every one of them is looked at', () => {
  expect(misjudged([`frob ${'-- frob '.repeat(1_900)}`], ['danger'])).toEqual([]);
  expect(
    misjudged(
      ['frob ls; frob ls -- rm x', 'frob nohup frob ls -- rm x', 'frob {find,x} . {-delete,y}'],
      ['danger'],
    ),
  ).toEqual([]);
});

test('an option whose name says that its value is run is danger, where the value may be a program', () => {
  const running = [
    'frob --exec /tmp/x',
    'frob --pre-script=x.sh y',
    'frob list --before-folder-action /opt/x',
    'frob start --hooks-path /tmp/hooks',
    'frob --plugin ./x.js',
    'frob --filter /tmp/x',
    'frob --exec /tmp/x --dry-run',
    'kubectl get pods --helm-command /tmp/helm',
    'consul connect envoy -envoy-binary /tmp/envoy',
    'puppet agent -t --noop --prerun_command=/tmp/x',
    'RSYNC_CONNECT_PROG=/tmp/x rsync a b:',
    'CLOUDSDK_PYTHON=/tmp/python gcloud projects list',
    'FROB_HELPER=/tmp/x ls',
  ];
  expect(misjudged(running, ['danger'])).toEqual([]);
  const others = [
    'frob --exec',
    'frob --command=off',
    'frob --no-script x',
    'frob --plugin name',
    'frob --filter name',
    'frob --run 42',
    'frob --command-timeout 5s',
    'frob --post-data /tmp/x',
  ];
  expect(misjudged(others, ['caution'])).toEqual([]);
});

test('a quoted command that is given to something unknown counts where it would be danger', () => {
  const commands = [
    "frob --prepare 'rm -rf /srv/x' 'ls /srv'",
    "frob 'xargs rm -f'",
    "frob --x='env rm -f a'",
  ];
  expect(misjudged(commands, ['danger'])).toEqual([]);
  const others = [
    "frob 'ls -l'",
    "frob -m 'rm -rf is gone'",
    "frob --summary='rm -rf is gone'",
    "frob 'rm old files'",
    "frob 'say -x rm'",
  ];
  expect(misjudged(others, ['caution'])).toEqual([]);
});

test('SQL that loses data is danger whoever is given it', () => {
  const losing = ['DROP TABLE x', 'TRUNCATE x', 'DELETE FROM x', 'SELECT 1; DROP SCHEMA x CASCADE'];
  const commands = losing.flatMap((sql) => [
    `frob -c '${sql}'`,
    `frob --sql='${sql}'`,
    `kubectl frob -- -c '${sql}'`,
  ]);
  expect(misjudged(commands, ['danger'])).toEqual([]);
  expect(
    misjudged(["frob 'SELECT 1'", "frob 'DELETE FROM x WHERE id = 3'", "frob 'drop table'"], ['caution']),
  ).toEqual([]);
});

test('an option that names a file which may be a program is never safe', () => {
  const scripts = [
    'ansible-inventory -i ./inventory.sh --list',
    'ansible-inventory --inventory=bin/hosts --graph',
    'ansible-playbook -i inventory.py p.yml --list-hosts',
    'ansible all --list-hosts --vault-password-file ./pass.sh',
    'ansible-vault view f --vault-id prod@pass.py',
    'knife node list -c ./knife.rb',
    'puppet facts --custom-dir ./facts',
    `rclone ls ':sftp,ssh="/tmp/x":/'`,
  ];
  expect(misjudged(scripts, ['danger'])).toEqual([]);
  const doubtful = [
    'ansible-inventory -i ./inventory --list',
    'ansible-playbook p.yml --list-tasks --vault-password-file ~/.vault',
    'eksctl get cluster --kubeconfig x',
    'istioctl version --kubeconfig x',
    "salt '*' -c /tmp/x test.ping",
  ];
  expect(misjudged(doubtful, ['caution'])).toEqual([]);
  expect(
    misjudged(
      ['ansible-inventory -i inventories/prod --list', 'ansible-inventory -i ./h.ini --list'],
      ['safe'],
    ),
  ).toEqual([]);
});
