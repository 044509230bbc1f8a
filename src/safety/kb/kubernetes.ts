import type { ToolInput } from '../schema.ts';

const GLOBALS = {
  values: '-n --namespace --context --cluster -v --v --request-timeout --cache-dir --tls-server-name --user',
  switches: '--warnings-as-errors --match-server-version',
} as const;

const OUTPUT = {
  values:
    '-o --output --template -l --selector --field-selector --sort-by -L --label-columns --chunk-size --subresource -f --filename',
  switches:
    '-A --all-namespaces --no-headers --show-labels --show-kind --ignore-not-found -w --watch --watch-only --show-managed-fields -R --recursive --output-watch-events',
} as const;

const SECRETS = {
  at: 'any',
  matches: '(^|,)secrets?(\\.|/|,|$)',
  risk: 'caution',
  says: 'reads secrets',
} as const;
const DRY_RUN = [{ flags: '--dry-run', value: '^(client|server)$' }];
const CHANGE = {
  values:
    '-f --filename -k --kustomize -l --selector -o --output --field-manager --dry-run --timeout --resource-version --field-selector',
  switches: '--all -R --recursive --server-side --overwrite --local --list --record --wait --save-config',
  optional: '--force-conflicts --validate --cascade',
  dryRun: DRY_RUN,
} as const;

/** kubectl, oc and helm. */
export const KUBERNETES: readonly ToolInput[] = [
  {
    name: 'kubectl oc k kubecolor',
    about: 'Shows and steers a Kubernetes cluster.',
    risk: 'safe',
    says: 'prints its help',
    ...GLOBALS,
    raises: [
      {
        flags: '--kubeconfig',
        takes: 'value',
        risk: 'caution',
        says: 'obeys another configuration, which can name programs',
      },
      { flags: '--as --as-group --as-uid', takes: 'value', risk: 'caution', says: 'acts as somebody else' },
      {
        flags:
          '-s --server --token --certificate-authority --client-certificate --client-key --username --password',
        takes: 'value',
        risk: 'caution',
        says: 'uses another server or account',
      },
      {
        flags: '--insecure-skip-tls-verify',
        takes: 'optional',
        risk: 'caution',
        says: 'does not check who the server is',
      },
      { flags: '--profile --profile-output', takes: 'value', risk: 'caution', says: 'writes a file' },
    ],
    commands: {
      get: {
        risk: 'safe',
        says: 'shows objects',
        readOnlyOptions: true,
        ...OUTPUT,
        raises: [
          { flags: '--raw', takes: 'value', risk: 'caution', says: 'reads any address of the server' },
        ],
        operands: [SECRETS],
        traitFlags: { '-w --watch --watch-only': 'endless' },
      },
      describe: {
        risk: 'safe',
        says: 'describes objects',
        readOnlyOptions: true,
        values: '-f --filename -l --selector --chunk-size',
        switches: '-A --all-namespaces -R',
        optional: '--show-events',
      },
      logs: {
        risk: 'safe',
        says: 'shows logs',
        readOnlyOptions: true,
        values:
          '-c --container --since --since-time --tail -l --selector --limit-bytes --max-log-requests --pod-running-timeout',
        switches:
          '-f --follow -p --previous --timestamps --all-containers --prefix --ignore-errors --all-pods',
        traitFlags: { '-f --follow': 'endless' },
      },
      top: {
        readOnlyOptions: true,
        commands: {
          'pod|pods|po|node|nodes|no': {
            risk: 'safe',
            says: 'shows use of resources',
            values: '-l --selector --sort-by --field-selector',
            switches: '-A --all-namespaces --containers --no-headers --sum --show-capacity',
            readOnlyOptions: true,
          },
        },
        risk: 'safe',
        says: 'prints its help',
      },
      explain: {
        risk: 'safe',
        says: 'explains a field',
        readOnlyOptions: true,
        values: '--api-version -o --output',
        switches: '--recursive',
      },
      'api-resources|api-versions|cluster-info|version|whoami|status': {
        risk: 'safe',
        says: 'shows the cluster',
        readOnlyOptions: true,
        values: '-o --output --api-group --verbs --sort-by',
        switches: '--no-headers --client --short --cached --show-token -t -c --suggest',
        optional: '--namespaced',
        commands: {
          dump: {
            risk: 'caution',
            says: 'prints or writes everything',
            values: '--output-directory --namespaces',
            switches: '-A --all-namespaces',
          },
        },
      },
      events: {
        risk: 'safe',
        says: 'shows events',
        readOnlyOptions: true,
        ...OUTPUT,
        values: '--for --types -o --output',
        traitFlags: { '-w --watch': 'endless' },
      },
      wait: {
        risk: 'safe',
        says: 'waits for a condition',
        readOnlyOptions: true,
        values: '--for --timeout -l --selector -f --filename -o --field-selector',
        switches: '-A --all --all-namespaces -R --local',
      },
      diff: {
        risk: 'caution',
        says: 'runs the diff program on objects',
        values: '-f --filename -k --kustomize -l --selector',
        switches: '--server-side -R',
        readOnlyOptions: true,
      },
      kustomize: {
        risk: 'safe',
        says: 'prints objects',
        raises: [
          {
            flags: '--enable-helm --enable-exec --enable-alpha-plugins',
            risk: 'danger',
            says: 'runs programs',
          },
          { flags: '-o --output', takes: 'value', risk: 'caution', says: 'writes a file' },
        ],
      },
      auth: {
        commands: {
          'can-i|whoami': {
            risk: 'safe',
            says: 'asks what is allowed',
            readOnlyOptions: true,
            switches: '-A --all-namespaces --list -q --no-headers',
            values: '--subresource -o --output --as --as-group',
          },
          reconcile: { risk: 'danger', says: 'changes who may do what', ...CHANGE },
        },
      },
      config: {
        simple: {
          safe: 'current-context | get-contexts | get-clusters | get-users',
          caution: 'use-context | set-context | set-cluster | set | rename-context | use | set-credentials',
          danger: 'delete-context | delete-cluster | delete-user | unset',
        },
        commands: {
          view: {
            risk: 'safe',
            says: 'shows the configuration',
            switches: '--minify --flatten',
            values: '-o --output',
            raises: [{ flags: '--raw', risk: 'caution', says: 'shows secrets' }],
          },
        },
      },
      rollout: {
        values: '-l --selector -f --filename --revision --to-revision --timeout',
        switches: '-w --watch -R',
        commands: {
          'status|history': {
            risk: 'safe',
            says: 'shows a rollout',
            readOnlyOptions: true,
            values: '-o --output',
          },
          restart: { risk: 'caution', says: 'restarts pods' },
          undo: {
            risk: 'caution',
            says: 'goes back to an earlier version',
            values: '--dry-run',
            dryRun: DRY_RUN,
          },
          'pause|resume|latest|cancel|retry': { risk: 'caution', says: 'steers a rollout' },
        },
      },
      scale: {
        risk: 'caution',
        says: 'changes how many pods run',
        ...CHANGE,
        values: `${CHANGE.values} --replicas --current-replicas`,
      },
      autoscale: {
        risk: 'caution',
        says: 'changes how many pods run',
        ...CHANGE,
        values: `${CHANGE.values} --min --max --cpu-percent --name`,
      },
      'apply|create|replace|patch|set|label|annotate|expose|convert|import|process|new-app|new-project|start-build|rollback':
        {
          risk: 'caution',
          says: 'changes objects of the cluster',
          ...CHANGE,
          otherOptions:
            '^--(type|patch|patch-file|image|port|target-port|name|from-literal|from-file|replicas|schedule|env|requests|limits|param|template|labels|from|clusterip|protocol|docker-[a-z]+|serviceaccount|rule|grace-period|selector|containers|subresource)$|^-[pceZ]$',
          raises: [
            {
              flags: '--force --prune',
              takes: 'optional',
              risk: 'danger',
              says: 'deletes and makes objects anew',
            },
          ],
          operands: [
            {
              at: 0,
              matches: '^(clusterrolebinding|rolebinding|clusterrole)$',
              risk: 'danger',
              says: 'gives rights',
            },
          ],
        },
      edit: { risk: 'caution', says: 'changes objects in an editor', ...CHANGE, traits: ['interactive'] },
      delete: {
        risk: 'danger',
        says: 'deletes objects',
        ...CHANGE,
        switches: `${CHANGE.switches} -A --all-namespaces --now --ignore-not-found -i --interactive`,
        values: `${CHANGE.values} --grace-period`,
        optional: '--force --cascade --wait',
        alternative: 'A rollout restart replaces pods without deleting what owns them; look first with get.',
      },
      drain: {
        risk: 'caution',
        says: 'moves every pod off a node',
        switches: '--ignore-daemonsets --delete-emptydir-data --delete-local-data --disable-eviction',
        values: '--grace-period --timeout --pod-selector -l --selector --dry-run',
        optional: '--force',
        raises: [
          {
            flags: '--force',
            takes: 'optional',
            risk: 'danger',
            says: 'deletes pods that nothing brings back',
          },
        ],
        dryRun: DRY_RUN,
      },
      'cordon|uncordon|taint': { risk: 'caution', says: 'changes where pods may run', ...CHANGE },
      exec: {
        risk: 'caution',
        says: 'runs it in a container',
        switches: '-i -t -q --stdin --tty --quiet',
        values: '-c --container -f --filename --pod-running-timeout',
        traitFlags: { '-i -t --stdin --tty': 'interactive' },
        runs: {
          form: 'words',
          after: 1,
          remote: true,
          alone: { risk: 'caution', says: 'opens a shell in a container', traits: ['interactive'] },
        },
      },
      'rsh|debug': {
        risk: 'caution',
        says: 'opens a container to work in',
        switches: '-i -t -T -q --stdin --tty --share-processes --replace --same-node',
        optional: '--tty --attach',
        values:
          '-c --container --image --target --copy-to --profile --image-pull-policy --shell --to-namespace --node-name',
        traitUnless: { trait: 'interactive', operands: 2 },
        runs: {
          form: 'words',
          after: 1,
          remote: true,
          alone: { risk: 'caution', says: 'opens a shell in a container', traits: ['interactive'] },
        },
        raises: [{ flags: '--as-root', takes: 'optional', risk: 'danger', says: 'runs as root' }],
      },
      run: {
        risk: 'caution',
        says: 'starts a pod',
        switches: '-i -t --rm --stdin --tty --attach --quiet --command --leave-stdin-open',
        optional: '--restart --privileged',
        otherOptions:
          '^--(image|port|env|labels|overrides|restart|generator|image-pull-policy|dry-run|expose)$|^-[loq]$',
        values: '--image --restart --env --port --labels -l --overrides -o --dry-run --generator',
        raises: [
          {
            flags: '--privileged',
            takes: 'optional',
            risk: 'danger',
            says: 'gives it rights over the machine',
          },
        ],
        dryRun: DRY_RUN,
        traitFlags: { '-i -t --stdin --tty': 'interactive' },
      },
      'port-forward|proxy': {
        risk: 'caution',
        says: 'opens a way into the cluster',
        values: '--address --port -p --pod-running-timeout --www',
        traits: ['endless'],
      },
      attach: {
        risk: 'caution',
        says: 'joins a running process',
        switches: '-i -t --stdin --tty',
        values: '-c',
        traits: ['interactive'],
      },
      'cp|rsync': {
        risk: 'caution',
        says: 'copies files to or from a container',
        values: '-c --container --retries',
        switches: '--no-preserve',
        operands: [
          { at: 'any', matches: 'secret|\\.ssh|serviceaccount', risk: 'caution', says: 'copies a secret' },
        ],
      },
      certificate: { simple: { danger: 'approve | deny' } },
      plugin: { simple: { safe: 'list' } },
      options: { risk: 'safe', says: 'prints options' },
      completion: { risk: 'safe', says: 'prints completions' },
      'project|login|logout': {
        risk: 'caution',
        says: 'changes which cluster or account is used',
        switches: '-q --short',
        values: '-u --username -p --password --token',
      },
      projects: { risk: 'safe', says: 'lists projects', switches: '-q' },
      extract: {
        risk: 'caution',
        says: 'writes secrets or settings to files',
        values: '--to --keys',
        switches: '--confirm',
      },
      adm: {
        simple: {
          safe: 'top node | top nodes | top pod | top pods | top images | node-logs | inspect-certificates',
          caution: 'cordon | uncordon | taint | upgrade | must-gather | inspect',
          danger: 'prune',
        },
        commands: {
          drain: {
            risk: 'caution',
            says: 'moves every pod off a node',
            switches: '--ignore-daemonsets --delete-emptydir-data',
            values: '--grace-period --timeout',
            raises: [
              {
                flags: '--force',
                takes: 'optional',
                risk: 'danger',
                says: 'deletes pods that nothing brings back',
              },
            ],
          },
          policy: {
            patterns: [
              {
                match: '^(who-can|scc-review|scc-subject-review)$',
                risk: 'safe',
                says: 'asks what is allowed',
              },
              { match: '', risk: 'danger', says: 'gives or takes rights', style: 'none' },
            ],
          },
          'node-logs': {
            risk: 'safe',
            says: 'shows logs of a node',
            values: '-u --unit --path --tail --since -l --role',
            readOnlyOptions: true,
          },
          certificate: { risk: 'danger', says: 'approves certificates', style: 'none' },
        },
      },
      policy: {
        patterns: [
          { match: '^(who-can|can-i)$', risk: 'safe', says: 'asks what is allowed' },
          { match: '', risk: 'danger', says: 'gives or takes rights', style: 'none' },
        ],
      },
    },
    examples: {
      safe: [
        'kubectl get deploy -n p',
        'kubectl -n p get pods -o wide',
        "kubectl get pods -o jsonpath='{.items[*].metadata.name}'",
        'kubectl get pods -w',
        'kubectl logs -f deploy/x -c app --tail=50',
        'kubectl describe pod x',
        'kubectl top pods -A',
        'kubectl auth can-i create pods',
        'kubectl config current-context',
        'kubectl rollout status deploy/x',
        'kubectl delete pod a --dry-run=client',
        'kubectl apply -f x.yaml --dry-run=server',
        'kubectl delete --help',
        'oc get clusterrole x',
        'kubectl version --client',
      ],
      caution: [
        'kubectl get --raw /x',
        'kubectl frobnicate',
        'kubectl get secret x -o yaml',
        'kubectl apply -f x.yaml',
        'kubectl scale deploy x --replicas=0',
        'kubectl rollout restart deploy/x',
        'kubectl exec -it p -- df -h',
        'kubectl exec p -c c -- sh',
        'kubectl --kubeconfig x get pods',
        'kubectl get pods --frob',
        'kubectl cordon n1',
        'kubectl drain n1 --ignore-daemonsets',
      ],
      danger: [
        'kubectl delete pod a',
        'kubectl -n p delete ns q',
        'kubectl delete pod a --dry-run=none',
        'kubectl exec p -- rm -rf /x',
        "kubectl exec p -- sh -c 'rm -rf /x'",
        'kubectl $VERB pods',
        'kubectl auth reconcile -f x',
        'oc adm policy add-cluster-role-to-user cluster-admin bob',
        'kubectl replace --force -f x',
      ],
    },
  },
  {
    name: 'helm',
    about: 'Installs packages into a cluster.',
    risk: 'safe',
    says: 'prints its help',
    values: '-n --namespace --kube-context -o --output --burst-limit --qps',
    switches: '--debug',
    raises: [
      {
        flags:
          '--kubeconfig --kube-apiserver --kube-token --kube-as-user --registry-config --repository-config --repository-cache',
        takes: 'value',
        risk: 'caution',
        says: 'uses another configuration',
      },
      {
        flags: '--post-renderer --post-renderer-args',
        takes: 'value',
        risk: 'danger',
        says: 'runs a program',
      },
    ],
    commands: {
      'list|ls': {
        risk: 'safe',
        says: 'lists releases',
        readOnlyOptions: true,
        switches:
          '-a -A -d -q -r --all --all-namespaces --deployed --failed --pending --superseded --uninstalled -l',
        values: '-f --filter -m --max --offset -l --selector',
      },
      'status|history|hist|version|env|verify': {
        risk: 'safe',
        says: 'shows a release',
        readOnlyOptions: true,
        values: '--revision --max',
        switches: '--short --show-desc --show-resources',
      },
      get: {
        commands: {
          'all|hooks|manifest|notes|values|metadata': {
            risk: 'safe',
            says: 'shows a release',
            readOnlyOptions: true,
            values: '--revision --template',
            switches: '-a --all',
          },
        },
      },
      show: {
        commands: {
          'all|chart|values|readme|crds': {
            risk: 'safe',
            says: 'shows a package',
            values: '--version --repo',
          },
        },
      },
      search: {
        commands: {
          'repo|hub': {
            risk: 'safe',
            says: 'looks for packages',
            switches: '-l --versions --devel',
            values: '--version',
          },
        },
      },
      'template|lint': {
        risk: 'safe',
        says: 'prints or checks objects',
        values: '-f --values --set --set-string --version --repo -s --show-only --api-versions',
        switches: '--include-crds --strict',
        raises: [
          { flags: '--output-dir', takes: 'value', risk: 'caution', says: 'writes files' },
          { flags: '--set-file', takes: 'value', risk: 'caution', says: 'reads files' },
        ],
      },
      'upgrade|install': {
        risk: 'caution',
        says: 'changes what runs in the cluster',
        switches:
          '-i --install --atomic --wait --wait-for-jobs --reuse-values --reset-values --create-namespace --cleanup-on-fail --devel --dependency-update --no-hooks',
        values:
          '-f --values --set --set-string --version --repo --timeout --history-max --set-file --description --dry-run',
        optional: '--dry-run',
        raises: [{ flags: '--force', risk: 'danger', says: 'deletes and makes objects anew' }],
        dryRun: [{ flags: '--dry-run' }, { flags: '--dry-run', value: '^(client|server|true)$' }],
      },
      rollback: {
        risk: 'caution',
        says: 'goes back to an earlier release',
        switches: '--wait --cleanup-on-fail --no-hooks --dry-run --recreate-pods',
        values: '--timeout',
        raises: [{ flags: '--force', risk: 'danger', says: 'deletes and makes objects anew' }],
        dryRun: [{ flags: '--dry-run' }],
      },
      'uninstall|delete|del|un': {
        risk: 'danger',
        says: 'removes a release and what it made',
        switches: '--dry-run --keep-history --wait --no-hooks --purge',
        values: '--timeout --cascade --description',
        dryRun: [{ flags: '--dry-run' }],
        alternative: 'helm rollback goes back to the last release that worked.',
      },
      test: { risk: 'caution', says: 'runs test pods', switches: '--logs', values: '--timeout' },
      repo: { simple: { safe: 'list', caution: 'add | update | index', danger: 'remove' } },
      dependency: { simple: { safe: 'list', caution: 'update | build' } },
      plugin: { simple: { safe: 'list', danger: 'install | uninstall | update' } },
      'pull|push|package|create|registry': { risk: 'caution', says: 'moves packages', style: 'none' },
    },
    examples: {
      safe: [
        'helm list -A',
        'helm -n s history x',
        'helm get values x',
        'helm uninstall x --dry-run',
        'helm upgrade x ./c --dry-run',
        'helm status x',
      ],
      caution: ['helm upgrade --install x ./c', 'helm rollback x 1', 'helm frob'],
      danger: [
        'helm uninstall x',
        'helm upgrade x ./c --post-renderer ./y',
        'helm -n s delete x',
        'helm plugin install https://x',
      ],
    },
  },
];
