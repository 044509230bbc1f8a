import { describe, expect, test } from '@jest/globals';
import { extract } from '../../src/runbook/extract.ts';
import { inputsOf } from '../../src/runbook/variables.ts';

const page = (...commands: string[]) => extract(['# T', '', '```bash', ...commands, '```', ''].join('\n'));
const namesOf = (...commands: string[]): string[] => page(...commands).variables.map(({ name }) => name);

describe('a placeholder is found', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['openstack --os-cloud={cloud name} server list', ['cloud name']],
    ['ssh core@{master-ip}', ['master-ip']],
    ["mount -t ceph x -o name=a,secret='{access_key}' d", ['access_key']],
    ['rsync x root@[ip]:/srv', ['ip']],
    ['tar -xf backup.tar [path/inside/archive]', ['path/inside/archive']],
    ['psql -f </path/to/dump.sql>', ['/path/to/dump.sql']],
    ["oathtool --token '[token in plain words]'", ['token in plain words']],
    ['export WORK_DIR=/path/to/work/dir', ['WORK_DIR']],
    ['certutil -N -d /path/to/nssdb', ['path/to/nssdb']],
    ['bundle exec rake pages:publish[page_id,locale]', ['page_id', 'locale']],
    ['fly -t youralias login --team-name yourcompany', ['youralias', 'yourcompany']],
    ['kubectl label node etcd01.your.domain.tld backup=true', ['your.domain.tld']],
    ['kubectl logs my-pod -n my-namespace', ['my-pod', 'my-namespace']],
    ['report generate YYYY-MM', ['YYYY-MM']],
    ['seek topic --time=yyyy-mm-ddThh:mm:ss', ['yyyy-mm-ddThh:mm:ss']],
    ['bin/upgrade --version "x.y.z"', ['x.y.z']],
    ['cryptsetup luksKillSlot /dev/sda X', ['X']],
    ['printf "THENEWKEY" | cryptsetup luksOpen /dev/sda', ['THENEWKEY']],
    ['lvresize -L [NEW TOTAL SIZE]G /dev/vg/[guest name]', ['NEW TOTAL SIZE', 'guest name']],
    ['ipa user-show %username% --all', ['username']],
    ['kubectl rollout restart -f INVENTORY', ['INVENTORY']],
    ['pip install tool@|RELEASE_BRANCH|', ['RELEASE_BRANCH']],
    ['sh -c "VAULT_TOKEN=$VAULT_TOKEN vault status"', ['VAULT_TOKEN']],
    [`curl -u '$API_USER:$API_PASSWORD' https://a/b`, ['API_USER', 'API_PASSWORD']],
    ['kubectl label node n1 example.io/class=xxxx', ['xxxx']],
    [`alias prod='ssh "$BASTION"'`, ['BASTION']],
  ];
  test.each(cases)('in %s', (command, expected) => {
    expect(namesOf(command)).toEqual(expected);
  });

  test('in a name that the page tells to use', () => {
    const text = 'Run this with the relevant `project_id`:\n\n```bash\nbin/purge project_id --now\n```\n';
    expect(extract(text).variables.map(({ name }) => name)).toEqual(['project_id']);
  });
});

describe('no placeholder is seen', () => {
  test.each([
    'awk "{print NR}" f',
    'kubectl get x -o jsonpath="{range .items[*]}{.metadata.name}{end}"',
    'git reset --hard @{upstream}',
    'git log main@{yesterday}',
    'mysql db </dev/null>out.log',
    'wc -l </tmp/a.txt>/tmp/b.txt',
    "grep '[A-Z a-z]' f",
    "jq '.a[foo_bar]' f",
    "curl -s http://a/b | jq '$ENV.HOME_DIR'",
    'curl -w "%{http_code}" http://x',
    'ldapsearch -H ldapi://%2Fusr%2Flocal%2Fldapi',
    'psql -c "select 1 from t where a like \'%query%\'"',
    'cf change-stack web cflinuxfs4',
    './ip.py deallocate-uan-ip --xname x3000',
    'kubectl get node --label-columns=alpha.eksctl.io/nodegroup-name',
    'ARN="arn:aws:eks:eu-west-2:1:cluster/a"',
    'mysqldump --all-databases',
    'connector create --type MYSQL',
    'read -r N && [ "$N" = X ] && echo N',
    'dig +short example.org -t A',
    'kubectl apply -f my-template.yaml',
    'N=1; N=$((N+1)); echo $N',
    'rake db:seed[production]',
    `echo '{"DB_USER": "app", "DB_PASSWORD": "x"}' > /tmp/c.json`,
  ])('in %s', (command) => {
    expect(namesOf(command)).toEqual([]);
  });
});

test('a variable with a default is named, and nobody has to fill it in', () => {
  const parse = page(`deploy --to "\${REGION:-eu-west-1}"`);
  expect(parse.variables.map(({ name }) => name)).toEqual(['REGION']);
  expect(inputsOf(parse)).toEqual([]);
});
