import type { NodeInput, ToolInput } from '../schema.ts';

const PARAMETERS = '^--[a-z][a-z0-9-]*$';
/** Verbs of the AWS command line: reading verbs are a closed list, everything else is at least caution. */
const OPERATIONS: readonly (NodeInput & { readonly match: string })[] = [
  {
    match:
      '^(get-(secret-value|random-password|login|login-password|authorization-token|session-token|federation-token|cluster-credentials.*|password-data|credential.*|ecr-login)|.*credentials.*|.*password.*|.*presigned.*|.*-token|decrypt|generate-data-key.*|get-object|get-parameters?|get-parameter-history|get-parameters-by-path)$',
    risk: 'caution',
    says: 'reads a secret or fetches data',
    otherOptions: PARAMETERS,
  },
  {
    match: '^(get|list|describe|head)-[a-z0-9-]+$',
    risk: 'safe',
    readOnlyOptions: true,
    says: 'only reads',
    otherOptions: PARAMETERS,
  },
  { match: '^wait$', risk: 'safe', says: 'waits', otherOptions: PARAMETERS },
  {
    match:
      '^(delete|terminate|purge|deregister|revoke|destroy|remove|disable|disassociate|detach|release|cancel|reset|batch-delete|schedule-key-deletion|stop-logging|deactivate)(-|$)',
    risk: 'danger',
    says: 'removes or turns off something',
    otherOptions: PARAMETERS,
  },
  {
    match:
      '^(attach-(user|role|group)-policy|put-(user|role|group|bucket|key|resource)-policy|create-access-key|add-user-to-group|create-login-profile|add-permission|put-bucket-acl|modify-instance-attribute|send-command|create-policy-version|update-assume-role-policy|authorize-security-group-ingress|invoke|execute-command|start-session|stop-configuration-recorder|update-trail|put-public-access-block)$',
    risk: 'danger',
    says: 'gives rights or runs code',
    otherOptions: PARAMETERS,
  },
  { match: '^[a-z][a-z0-9-]*$', risk: 'caution', says: 'changes something', otherOptions: PARAMETERS },
];

const VERBS: readonly (NodeInput & { readonly match: string })[] = [
  { match: '^(list|show|describe|read|stats|status)$', risk: 'safe', says: 'only shows', otherOptions: '^-' },
  {
    match:
      '^(delete|purge|remove|unset|revoke|destroy|reset|abandon|failover|evacuate|force-delete|rebuild|disable|clear|invoke|run-command|exec)$',
    risk: 'danger',
    says: 'removes or turns off something',
    otherOptions: '^-',
  },
  {
    match:
      '^(create|set|add|start|stop|reboot|restart|update|resize|migrate|lock|unlock|pause|unpause|save|attach|detach|issue|enable|configure|rescue|suspend|resume|confirm|shelve|unshelve|backup|restore|scale|run|deploy|apply|ssh|connect)$',
    risk: 'caution',
    says: 'changes something',
    otherOptions: '^-',
  },
];
const NOUN = '^[a-z][a-z0-9-]*$';

/** Command lines of clouds. */
export const CLOUD: readonly ToolInput[] = [
  {
    name: 'gsutil s3cmd mc azcopy rclone swift',
    about: 'Objects of clouds.',
    risk: 'safe',
    says: 'prints its help',
    otherOptions: '^--?[a-zA-Z][a-zA-Z-]*$',
    simple: {
      safe: 'ls | du | stat | info | version | lsd | lsl | lsf | size | cat | list | about | tree | la | hash | post',
      caution:
        'cp | sync | copy | mv | mb | mkdir | put | get | upload | download | touch | iam | acl | rewrite | mirror | move | setmeta',
      danger: 'rm | rb | delete | purge | rmdir | rmdirs | deletefile | cleanup | remove | del',
    },
    examples: {
      safe: ['gsutil ls gs://x', 'rclone lsd r:'],
      caution: ['gsutil cp a gs://x'],
      danger: ['gsutil rm -r gs://x', 'rclone purge r:x'],
    },
  },
  {
    name: 'aws',
    about: 'The command line of AWS.',
    risk: 'safe',
    says: 'prints its help',
    values:
      '--region --output --query --profile --color --cli-read-timeout --cli-connect-timeout --page-size --max-items',
    switches: '--no-cli-pager --no-paginate --debug --no-sign-request',
    raises: [
      {
        flags: '--endpoint-url --ca-bundle',
        takes: 'value',
        risk: 'caution',
        says: 'talks to another server',
      },
      { flags: '--no-verify-ssl', risk: 'caution', says: 'does not check who the server is' },
      { flags: '--with-decryption', risk: 'caution', says: 'shows a secret' },
      {
        flags: '--cli-input-json --cli-input-yaml',
        takes: 'value',
        risk: 'caution',
        says: 'obeys a file nobody here has seen',
      },
    ],
    commands: {
      s3: {
        commands: {
          ls: { risk: 'safe', says: 'lists objects', switches: '--recursive --human-readable --summarize' },
          presign: { risk: 'caution', says: 'makes an address that opens an object', values: '--expires-in' },
          'cp|sync|mv': {
            risk: 'caution',
            says: 'copies objects',
            switches:
              '--recursive --dryrun --quiet --only-show-errors --no-progress --exact-timestamps --size-only',
            values: '--exclude --include --sse --storage-class --content-type --metadata',
            raises: [
              { flags: '--delete', risk: 'danger', says: 'deletes objects' },
              {
                flags: '--acl',
                takes: 'value',
                risk: 'danger',
                says: 'changes who may read',
                when: 'public|authenticated',
              },
            ],
            dryRun: [{ flags: '--dryrun' }],
          },
          mb: { risk: 'caution', says: 'makes a bucket' },
          'rm|rb': {
            risk: 'danger',
            says: 'deletes objects',
            switches: '--recursive --force --dryrun --quiet',
            values: '--exclude --include',
            dryRun: [{ flags: '--dryrun' }],
          },
        },
      },
      configure: {
        simple: { safe: 'list | list-profiles', caution: 'get | set | import | sso | add-model' },
      },
      eks: {
        patterns: [
          { match: '^get-token$', risk: 'caution', says: 'makes a token', otherOptions: PARAMETERS },
          {
            match: '^update-kubeconfig$',
            risk: 'caution',
            says: 'changes the configuration of kubectl',
            otherOptions: PARAMETERS,
          },
          ...OPERATIONS,
        ],
      },
      logs: {
        commands: {
          tail: {
            risk: 'safe',
            says: 'shows logs',
            values: '--since --filter-pattern --log-stream-names --format',
            switches: '--follow',
            traitFlags: { '--follow': 'endless' },
          },
          'filter-log-events|start-query|get-query-results': {
            risk: 'safe',
            says: 'shows logs',
            otherOptions: PARAMETERS,
          },
        },
        patterns: OPERATIONS,
      },
      dynamodb: {
        commands: {
          'scan|query|get-item|batch-get-item': {
            risk: 'safe',
            says: 'reads rows',
            otherOptions: PARAMETERS,
          },
        },
        patterns: OPERATIONS,
      },
      sso: { simple: { caution: 'login | logout' } },
    },
    patterns: [{ match: '^[a-z][a-z0-9-]*$', patterns: OPERATIONS }],
    examples: {
      safe: [
        'aws ec2 describe-instances --instance-ids i-1',
        'aws s3 ls s3://b',
        'aws sts get-caller-identity',
        'aws --region eu-west-1 rds describe-db-instances',
        'aws s3 rm s3://b/k --dryrun',
        'aws logs tail g --since 1h',
      ],
      caution: [
        'aws secretsmanager get-secret-value --secret-id x',
        'aws ec2 start-instances --instance-ids i-1',
        'aws s3 cp a s3://b/',
        'aws ssm get-parameter --name x --with-decryption',
        'aws eks update-kubeconfig --name x',
        'aws ecr get-login-password',
      ],
      danger: [
        'aws ec2 terminate-instances --instance-ids i-1',
        'aws s3 rm s3://b --recursive',
        'aws s3 sync a s3://b --delete',
        'aws iam attach-user-policy --user-name b --policy-arn x',
        'aws rds delete-db-instance --db-instance-identifier x',
        'aws $SVC list-x',
      ],
    },
  },
  {
    name: 'openstack gcloud az doctl hcloud ibmcloud oci linode-cli',
    about: 'Command lines of clouds: nouns, then a verb.',
    risk: 'safe',
    says: 'prints its help',
    raises: [
      {
        flags: '--command --metadata-from-file --scripts',
        takes: 'value',
        risk: 'danger',
        says: 'runs a command on another machine that is not analysed',
      },
    ],
    otherOptions:
      '^--?(os-[a-z-]+|project|zone|region|format|filter|c|f|subscription|resource-group|g|o|output|query|limit|quiet|q)$',
    patterns: [
      ...VERBS,
      {
        match: NOUN,
        patterns: [
          ...VERBS,
          {
            match: NOUN,
            patterns: [
              ...VERBS,
              {
                match: NOUN,
                patterns: [
                  ...VERBS,
                  { match: NOUN, risk: 'caution', says: 'does something that is not known' },
                ],
              },
            ],
          },
        ],
      },
    ],
    examples: {
      safe: [
        'openstack server list',
        'openstack server show x',
        'gcloud compute instances list',
        'openstack loadbalancer amphora show x',
      ],
      caution: [
        'openstack server reboot x',
        'openstack loadbalancer amphora configure x',
        'gcloud container clusters resize x',
      ],
      danger: [
        'openstack server delete x',
        'gcloud compute instances delete x',
        'az vm delete -n x',
        'openstack loadbalancer amphora delete x',
      ],
    },
  },
];
