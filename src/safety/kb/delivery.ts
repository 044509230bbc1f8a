import type { ToolInput } from '../schema.ts';

/** Building, delivering and installing. */
export const DELIVERY: readonly ToolInput[] = [
  {
    name: 'terraform tofu',
    about: 'Makes infrastructure match files.',
    style: 'single-dash',
    risk: 'safe',
    says: 'prints its help',
    values: '-var -var-file -target -state -chdir -parallelism -lock-timeout -backend-config -replace',
    switches:
      '-no-color -input -json -refresh -lock -compact-warnings -detailed-exitcode -refresh-only -reconfigure -upgrade -raw -recursive -diff -check -list',
    otherOptions: '^-(input|refresh|lock|backend|get)$',
    commands: {
      plan: {
        risk: 'safe',
        says: 'shows what would change',
        raises: [
          { flags: '-out -generate-config-out', takes: 'value', risk: 'caution', says: 'writes a file' },
          { flags: '-destroy', risk: 'safe', says: 'shows what would be destroyed' },
        ],
      },
      'show|output|validate|version|providers|graph|console_help|metadata': {
        risk: 'safe',
        says: 'shows the infrastructure',
      },
      fmt: { risk: 'caution', says: 'rewrites files', dryRun: [{ flags: '-check' }] },
      'init|get|login|logout|test|modules': {
        risk: 'caution',
        says: 'fetches code and sets up the directory',
        raises: [{ flags: '-migrate-state -force-copy', risk: 'danger', says: 'moves the state' }],
      },
      'apply|import|refresh|untaint|taint': {
        risk: 'caution',
        says: 'changes infrastructure',
        raises: [
          { flags: '-auto-approve', risk: 'danger', says: 'asks nobody before it changes infrastructure' },
          { flags: '-destroy', risk: 'danger', says: 'destroys infrastructure' },
        ],
        alternative: 'terraform plan shows the change first.',
      },
      destroy: {
        risk: 'danger',
        says: 'destroys infrastructure',
        raises: [{ flags: '-auto-approve', risk: 'danger', says: 'asks nobody' }],
      },
      'force-unlock': { risk: 'danger', says: 'takes away the lock of somebody else' },
      state: {
        simple: { safe: 'list | show | pull', caution: 'mv | replace-provider', danger: 'rm | push' },
      },
      workspace: { simple: { safe: 'list | show', caution: 'select | new', danger: 'delete' } },
      console: { risk: 'caution', says: 'opens a console', traits: ['interactive'] },
    },
    examples: {
      safe: [
        'terraform plan',
        'terraform show',
        'terraform state list',
        'terraform validate',
        'terraform -chdir=x plan',
        'terraform output -json',
      ],
      caution: ['terraform apply', 'terraform init', 'terraform plan -out=x', 'terraform frob'],
      danger: [
        'terraform destroy',
        'terraform apply -auto-approve',
        'terraform state rm x',
        'terraform workspace delete x',
      ],
    },
  },
  {
    name: 'terragrunt pulumi cdk crossplane',
    about: 'Makes infrastructure match files.',
    style: 'none',
    risk: 'safe',
    says: 'prints its help',
    simple: {
      safe: 'version | output | validate | list | ls',
      caution: 'preview | plan | up | apply | deploy | refresh | init | diff | synth',
      danger: 'destroy | rm | run-all',
    },
    examples: { danger: ['pulumi destroy', 'terragrunt destroy'], caution: ['pulumi up'] },
  },
  {
    name: 'ansible',
    about: 'Runs a module on many machines.',
    risk: 'caution',
    says: 'runs a module on many machines',
    switches: '-b -k -K -C -D -o -v -h --become --check --diff --list-hosts --one-line',
    values:
      '-i -m -a -u -l -e -f -t -B -P --inventory --module-name --args --limit --user --extra-vars --forks',
    dryRun: [{ flags: '--list-hosts' }],
    raises: [
      {
        flags: '-m --module-name',
        takes: 'value',
        risk: 'danger',
        says: 'changes or runs something on many machines',
        except:
          '^(ping|setup|debug|stat|gather_facts|service_facts|package_facts|ansible\\.builtin\\.(ping|setup|debug|stat))$',
      },
      {
        flags: '-a --args',
        takes: 'value',
        risk: 'danger',
        says: 'runs a command on many machines',
        except:
          '^(uptime|df( -[hiT]+)?|free( -[mgh])?|hostname|date|uname -a|id|whoami|state=.*|filter=.*|msg=.*|path=.*)$',
      },
      {
        flags: '-M --module-path --playbook-dir --ssh-common-args --ssh-extra-args',
        takes: 'value',
        risk: 'danger',
        says: 'names code or a program to run',
      },
    ],
    examples: {
      safe: ['ansible all --list-hosts'],
      caution: ['ansible all -m ping', 'ansible web -a uptime'],
      danger: ["ansible all -m shell -a 'rm -rf x'", 'ansible all -b -m copy'],
    },
  },
  {
    name: 'ansible-playbook',
    about: 'Runs a playbook on many machines.',
    risk: 'danger',
    says: 'runs a playbook nobody here has seen',
    switches:
      '-b -k -K -C -D -v --become --check --diff --list-hosts --list-tasks --list-tags --syntax-check',
    values:
      '-i -u -l -e -f -t --inventory --limit --user --extra-vars --tags --skip-tags --vault-password-file --start-at-task',
    dryRun: [{ flags: '--list-hosts --list-tasks --list-tags --syntax-check' }],
    examples: {
      safe: ['ansible-playbook -i h p.yml --list-tasks'],
      danger: ['ansible-playbook p.yml', 'ansible-playbook --check p.yml'],
    },
  },
  {
    name: 'ansible-inventory ansible-doc ansible-config',
    about: 'Show Ansible.',
    risk: 'safe',
    says: 'shows settings of Ansible',
    switches: '--list --graph -l --yaml -v',
    values: '-i --host',

    examples: { safe: ['ansible-inventory -i h --list'] },
  },
  {
    name: 'ansible-vault',
    about: 'Opens encrypted files.',
    values: '--vault-password-file --vault-id',
    simple: { caution: 'view | encrypt | encrypt_string | create | edit | rekey | decrypt' },
    examples: { caution: ['ansible-vault view x'] },
  },
  {
    name: 'ansible-galaxy ansible-pull ansible-console',
    about: 'Fetch code for Ansible.',
    risk: 'danger',
    says: 'fetches or runs code',
    style: 'none',
    examples: { danger: ['ansible-pull -U x'] },
  },
  {
    name: 'apt apt-get aptitude',
    about: 'Installs packages.',
    switches:
      '-y -q -s -V -f -d -m --yes --quiet --simulate --dry-run --no-install-recommends --only-upgrade --reinstall --allow-downgrades --installed --upgradable',
    values: '-t',
    raises: [
      {
        flags: '-o --option -c --config-file',
        takes: 'value',
        risk: 'danger',
        says: 'sets options that can name programs',
      },
      {
        flags: '--allow-unauthenticated --force-yes --allow-insecure-repositories',
        risk: 'danger',
        says: 'installs without checking who made it',
      },
    ],
    commands: {
      'list|search|show|policy|depends|rdepends|changelog|madison|showpkg|check': {
        risk: 'safe',
        says: 'shows packages',
      },
      'update|install|upgrade|full-upgrade|dist-upgrade|reinstall|download|source|build-dep|clean|autoclean|hold|unhold':
        {
          risk: 'caution',
          says: 'changes installed packages',
          dryRun: [{ flags: '-s --simulate --dry-run' }],
        },
      'remove|purge|autoremove|autopurge': {
        risk: 'danger',
        says: 'removes packages',
        dryRun: [{ flags: '-s --simulate --dry-run' }],
      },
    },
    examples: {
      safe: ['apt list --installed', 'apt-get -s install x', 'apt show x'],
      caution: ['apt-get install -y x', 'apt update'],
      danger: ['apt-get purge x', 'apt-get -o APT::Update::Pre-Invoke::=x update', 'apt-get autoremove'],
    },
  },
  {
    name: 'yum dnf microdnf zypper',
    about: 'Installs packages.',
    switches: '-y -q -v -C --assumeyes --quiet --cacheonly --installed --available',
    values: '--enablerepo --disablerepo --releasever --exclude -x',
    raises: [
      {
        flags: '--nogpgcheck --no-gpg-checks',
        risk: 'danger',
        says: 'installs without checking who made it',
      },
      {
        flags: '-c --config --setopt --installroot',
        takes: 'value',
        risk: 'danger',
        says: 'obeys other settings',
      },
    ],
    simple: {
      safe: 'list | info | search | provides | repolist | check-update | deplist | updateinfo | repoquery | history list | history info | lr | se',
      caution:
        'install | update | upgrade | reinstall | downgrade | localinstall | groupinstall | makecache | clean | distro-sync | in | up | versionlock | module',
      danger: 'remove | erase | autoremove | history undo | history rollback | swap | rm',
    },
    examples: {
      safe: ['yum list installed', 'dnf info x'],
      caution: ['yum install -y x'],
      danger: ['yum remove x', 'dnf install --nogpgcheck x'],
    },
  },
  {
    name: 'dpkg-query apt-cache rpmquery',
    about: 'Show packages.',
    risk: 'safe',
    says: 'shows packages',
    style: 'none',
    examples: { safe: ['apt-cache policy x', 'dpkg-query -l'] },
  },
  {
    name: 'dpkg',
    about: 'Installs package files.',
    risk: 'caution',
    says: 'changes installed packages',
    switches:
      '-l -L -s -S -p -C --list --listfiles --status --search --print-architecture --audit --get-selections -I -c --info --contents',
    dryRun: [
      {
        flags:
          '-l -L -s -S -p -C --list --listfiles --status --search --print-architecture --audit --get-selections -I -c --info --contents',
      },
    ],
    raises: [
      { flags: '-i --install --unpack --configure -R', risk: 'caution', says: 'installs a package' },
      { flags: '-r -P --remove --purge --force-all', risk: 'danger', says: 'removes packages' },
      {
        flags: '--pre-invoke --post-invoke --status-logger',
        takes: 'value',
        risk: 'danger',
        says: 'runs a program',
      },
    ],
    examples: {
      safe: ['dpkg -l', 'dpkg -S /bin/ls'],
      caution: ['dpkg -i x.deb'],
      danger: ['dpkg -r x', 'dpkg --pre-invoke=x -i y'],
    },
  },
  {
    name: 'rpm',
    about: 'Installs package files.',
    risk: 'caution',
    says: 'changes installed packages',
    switches:
      '-q -a -i -l -f -p -v -h -V -c -d -R --query --all --info --list --file --verify --changelog --last',
    values: '--qf --queryformat',
    dryRun: [{ flags: '-q --query -V --verify' }],
    raises: [
      {
        flags: '-e --erase --nodeps --nosignature --nodigest',
        risk: 'danger',
        says: 'removes packages or skips checks',
      },
      { flags: '-U -F --upgrade --install --force', risk: 'caution', says: 'installs a package' },
      {
        flags: '--pipe --define -D --eval -E --macros --rcfile',
        takes: 'value',
        risk: 'danger',
        says: 'runs a program',
      },
    ],
    examples: {
      safe: ['rpm -qa', 'rpm -qi x', 'rpm -qf /bin/ls'],
      caution: ['rpm -ivh x.rpm', 'rpm -Uvh x.rpm'],
      danger: ['rpm -e x', "rpm --eval '%(id)'"],
    },
  },
  {
    name: 'pip pip3 pipx uv npm yarn pnpm npx gem cargo go bundle composer brew snap conda poetry',
    about: 'Fetch and run code of others.',
    style: 'none',
    risk: 'safe',
    says: 'prints its help',
    commands: {
      'list|show|freeze|search|ls|outdated|view|info|root|why|env|version|check|config_list|audit': {
        risk: 'safe',
        says: 'shows packages',
        style: 'none',
        operands: [{ at: 'any', matches: '^(-w|--fix|fix)$', risk: 'danger', says: 'changes packages' }],
      },
    },
    patterns: [{ match: '', style: 'none', risk: 'danger', says: 'fetches or runs code of others' }],
    examples: {
      safe: ['pip list', 'npm ls', 'pip show x'],
      danger: ['pip install x', 'npm install', 'npx x', 'npm run build', 'go run x.go'],
    },
  },
  {
    name: 'argocd flux',
    about: 'Delivers what a repository says.',
    style: 'gnu',
    otherOptions:
      '^--?(n|o|output|namespace|A|all-namespaces|grpc-web|server|timeout|refresh|revision|project|selector|l)$',
    simple: {
      safe: 'version | app get | app list | app diff | app history | app manifests | app resources | app logs | cluster list | repo list | proj list | get | logs | check | tree | stats | context',
      caution:
        'login | app sync | app wait | app set | app rollback | app create | app patch | suspend | resume | reconcile | create | cluster add | repo add | app terminate-op',
      danger: 'app delete | app delete-resource | delete | uninstall | cluster rm | repo rm | proj delete',
    },
    examples: {
      safe: ['argocd app get x', 'flux get kustomizations'],
      caution: ['argocd app sync x', 'flux reconcile x'],
      danger: ['argocd app delete x', 'flux uninstall'],
    },
  },
  {
    name: 'gh glab',
    about: 'Talks to the code host.',
    otherOptions: '^--?[a-zA-Z][a-z-]*$',
    simple: {
      safe: 'pr list | pr view | pr diff | pr checks | pr status | issue list | issue view | run list | run view | repo list | repo view | release list | release view | workflow list | workflow view | auth status | mr list | mr view | ci list | ci view',
      caution:
        'pr create | pr merge | pr comment | pr checkout | pr review | pr close | issue create | issue comment | issue close | run rerun | run cancel | workflow run | release create | repo clone | repo fork | run watch | run download',
      danger:
        'repo delete | release delete | run delete | secret set | secret delete | api | extension install | repo edit | issue delete | auth login | auth token | auth logout | ssh-key add | gist create',
    },
    examples: {
      safe: ['gh pr list'],
      caution: ['gh run rerun 1'],
      danger: ['gh repo delete x', 'gh api -X DELETE x'],
    },
  },
  {
    name: 'cloud-init',
    about: 'Sets up a machine at first start.',
    simple: {
      safe: 'query | status | analyze | schema',
      caution: 'init | single | modules | collect-logs',
      danger: 'clean',
    },
    otherOptions: '^(-a|--all|--long|--wait|-l|--format)$',
    examples: {
      safe: ['cloud-init query -a', 'cloud-init status --long'],
      caution: ['cloud-init init'],
      danger: ['cloud-init clean'],
    },
  },
  {
    name: 'gitlab-ctl',
    about: 'Steers GitLab.',
    simple: {
      safe: 'status | tail | service-list | show-config',
      caution: 'start | stop | restart | hup | reconfigure | term | once | promote-db',
      danger: 'cleanse | uninstall | kill | remove-accounts',
    },
    examples: {
      safe: ['gitlab-ctl status'],
      caution: ['gitlab-ctl restart nginx'],
      danger: ['gitlab-ctl cleanse'],
    },
  },
];
