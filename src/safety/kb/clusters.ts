import type { ToolInput } from '../schema.ts';

/** Storage, configuration and message clusters. */
export const CLUSTERS: readonly ToolInput[] = [
  {
    name: 'ceph',
    about: 'Steers a Ceph cluster.',
    risk: 'safe',
    says: 'shows the cluster',
    switches: '-s -w --status --watch --concise --verbose',
    values: '-c --conf -n --name --id --cluster -f --format --connect-timeout -k --keyring',
    traitFlags: { '-w --watch': 'endless' },
    traitUnless: { trait: 'interactive', flags: '-s -w --status --watch' },
    simple: {
      safe: 'status | health | health detail | df | df detail | versions | version | report | quorum_status | features | fsid | time-sync-status | osd tree | osd df | osd df tree | osd stat | osd status | osd dump | osd perf | osd find | osd metadata | osd ls | osd getmap | osd pool ls | osd pool get | osd pool stats | osd pool autoscale-status | osd crush tree | osd crush dump | osd crush rule ls | osd crush rule dump | osd safe-to-destroy | osd ok-to-stop | osd blocked-by | osd utilization | osd lspools | osd blocklist ls | pg stat | pg dump | pg ls | pg map | pg query | pg dump_stuck | mon stat | mon dump | mon metadata | mgr stat | mgr dump | mgr services | mgr module ls | mds stat | fs ls | fs status | fs dump | fs get | orch ps | orch ls | orch status | orch host ls | orch device ls | orch upgrade status | crash ls | crash info | crash stat | config dump | config get | config show | config log | device ls | device info | log last | balancer status | insights | telemetry status | progress | auth ls | auth get | node ls',
      caution:
        'osd set | osd unset | osd out | osd in | osd reweight | osd reweight-by-utilization | osd down | osd scrub | osd deep-scrub | osd repair | osd set-full-ratio | osd set-nearfull-ratio | osd pool set | osd pool create | osd crush reweight | osd crush move | pg scrub | pg deep-scrub | pg repair | config set | config rm | orch daemon | orch restart | orch redeploy | orch apply | orch start | orch stop | orch pause | orch resume | orch host add | orch upgrade | orch daemon restart | orch daemon start | orch daemon stop | orch daemon redeploy | mgr fail | mgr module enable | mgr module disable | mds fail | balancer on | balancer off | crash archive | crash archive-all | crash prune | health mute | health unmute | tell | daemon | auth get-or-create | auth caps | auth add | fs set | osd primary-affinity | osd require-osd-release',
      danger:
        'osd purge | osd destroy | osd rm | osd lost | osd pool rm | osd pool delete | osd pool rmsnap | osd crush rm | osd crush remove | osd force-create-pg | pg force_create_pg | mon rm | mon remove | fs rm | fs fail | fs reset | auth rm | auth del | orch rm | orch host rm | orch osd rm | orch device zap | orch daemon rm | osd zap | config-key rm | fs volume rm | fs subvolume rm',
    },
    examples: {
      safe: [
        'ceph -s',
        'ceph osd tree',
        'ceph health detail',
        'ceph orch ps',
        'ceph --version',
        'ceph osd find 3',
        'ceph -w',
        'ceph osd tree down',
      ],
      caution: ['ceph osd set noout', 'ceph orch daemon restart osd.1', 'ceph frob', 'ceph osd out 3'],
      danger: [
        'ceph osd purge 3 --yes-i-really-mean-it',
        'ceph osd pool delete a a --yes-i-really-really-mean-it',
      ],
    },
  },
  {
    name: 'rbd rados radosgw-admin cephfs-shell',
    about: 'Objects of Ceph.',
    values: '-p --pool -n --name --id --uid --bucket --cluster -c --format',
    simple: {
      safe: 'ls | info | status | df | showmapped | snap ls | du | list | lspools | stat | listxattr | user list | user info | bucket list | bucket stats | sync status | usage show | zone get | period get',
      caution:
        'create | map | unmap | resize | snap create | get | put | clone | import | export | user create | user modify | bucket link | bucket check | reshard',
      danger:
        'rm | remove | snap rm | snap purge | snap rollback | trash | user rm | bucket rm | purge | object rm | cleanup | truncate',
    },
    examples: {
      safe: ['rbd ls -p pool', 'radosgw-admin user list'],
      danger: ['rbd rm pool/x', 'radosgw-admin bucket rm --bucket=x'],
    },
  },
  {
    name: 'vault bao',
    about: 'Keeps secrets.',
    style: 'single-dash',
    risk: 'safe',
    says: 'prints its help',
    values: '-format -field -mount -version -namespace -method -path',
    switches: '-detailed -versions -no-print',
    raises: [
      {
        flags: '-address -ca-cert -client-cert -client-key',
        takes: 'value',
        risk: 'caution',
        says: 'talks to another server',
      },
      { flags: '-tls-skip-verify', risk: 'caution', says: 'does not check who the server is' },
    ],
    simple: {
      safe: 'status | version | list | kv list | secrets list | auth list | policy list | policy read | audit list | operator members | operator raft list-peers | token lookup | token capabilities | lease lookup | namespace list | plugin list | path-help | kv metadata get | print',
      caution:
        'read | kv get | login | unwrap | operator unseal | operator step-down | operator rotate | write | kv put | kv patch | kv rollback | kv undelete | token create | token renew | lease renew | policy write | secrets enable | secrets tune | auth enable | auth tune | operator raft snapshot | audit enable | ssh | agent',
      danger:
        'delete | kv delete | kv destroy | kv metadata delete | secrets disable | secrets move | auth disable | audit disable | policy delete | token revoke | lease revoke | operator seal | operator init | operator rekey | operator generate-root | operator raft remove-peer | operator raft join | namespace delete | plugin register | plugin deregister | operator migrate',
    },
    examples: {
      safe: ['vault status', 'vault secrets list', 'vault kv list secret/', 'vault token lookup'],
      caution: [
        'vault kv get secret/x',
        'vault read database/creds/x',
        'vault kv put secret/x a=b',
        'vault frob',
      ],
      danger: [
        'vault secrets disable secret/',
        'vault operator seal',
        'vault kv destroy -versions=1 secret/x',
        'vault audit disable file',
      ],
    },
  },
  {
    name: 'consul',
    about: 'Keeps configuration and names.',
    style: 'single-dash',
    values: '-datacenter -namespace -stale -filter -near',
    switches: '-detailed -wan -keys -recurse -services',
    raises: [
      {
        flags: '-http-addr -token -token-file',
        takes: 'value',
        risk: 'caution',
        says: 'uses another server or account',
      },
      { flags: '-delete', risk: 'danger', says: 'deletes keys' },
    ],
    simple: {
      safe: 'members | info | version | operator raft list-peers | operator autopilot state | operator autopilot get-config | catalog nodes | catalog services | catalog datacenters | kv get | rtt | intention list | intention check | config list | config read | acl token read | acl policy list | acl policy read | validate',
      caution:
        'kv put | kv import | kv export | join | leave | reload | maint | lock | services register | config write | intention create | acl token create | acl policy create | snapshot save | debug | login | connect | operator autopilot set-config',
      danger:
        'kv delete | force-leave | services deregister | config delete | intention delete | acl token delete | acl policy delete | acl bootstrap | snapshot restore | operator raft remove-peer | keyring | exec | watch | event | agent',
    },
    examples: {
      safe: ['consul members', 'consul kv get x'],
      caution: ['consul kv put x 1'],
      danger: ['consul kv delete x', 'consul snapshot restore x', 'consul exec uptime'],
    },
  },
  {
    name: 'nomad',
    about: 'Runs jobs.',
    style: 'single-dash',
    values: '-namespace -region -job -task -n -t',
    switches: '-verbose -short -f -tail -stderr -json -stats -allocs',
    traitFlags: { '-f': 'endless' },
    simple: {
      safe: 'status | job status | job inspect | job history | job plan | job deployments | node status | alloc status | alloc logs | deployment status | deployment list | server members | version | eval status | operator raft list-peers | logs | plan | validate',
      caution:
        'job run | run | job restart | job scale | job revert | job promote | deployment promote | deployment fail | alloc restart | alloc signal | node eligibility | node drain | alloc exec',
      danger:
        'job stop | stop | alloc stop | system gc | operator raft remove-peer | acl | namespace delete | volume delete | volume deregister | var purge | server force-leave',
    },
    examples: { safe: ['nomad job status x', 'nomad node status'], danger: ['nomad job stop x'] },
  },
  {
    name: 'etcdctl',
    about: 'Reads and writes etcd.',
    values:
      '--endpoints --cacert --cert --key --dial-timeout --command-timeout --user --password -w --write-out --limit --order --sort-by',
    switches:
      '--cluster --prefix --keys-only --count-only --print-value-only --insecure-transport --insecure-skip-tls-verify --write-out=table',
    simple: {
      safe: 'get | version | member list | endpoint health | endpoint status | endpoint hashkv | alarm list | user list | user get | role list | role get | auth status | lease list | lease timetolive | check perf | snapshot status | ls',
      caution:
        'put | set | txn | lease grant | lease keep-alive | compaction | compact | defrag | alarm disarm | member add | member promote | move-leader | snapshot save | user add | role add | user grant-role | elect | lock | watch',
      danger:
        'del | rm | rmdir | lease revoke | member remove | snapshot restore | auth disable | auth enable | user delete | role delete | make-mirror | member update',
    },
    examples: {
      safe: [
        'etcdctl endpoint health --cluster',
        'etcdctl member list -w table',
        'etcdctl get /x --prefix --keys-only',
      ],
      caution: ['etcdctl put a b', 'etcdctl defrag'],
      danger: ['etcdctl del /x --prefix', 'etcdctl member remove 1', 'etcdctl snapshot restore x'],
    },
  },
  {
    name: 'kafka-topics.sh kafka-topics',
    about: 'Topics of Kafka.',
    risk: 'caution',
    says: 'changes topics',
    values:
      '--bootstrap-server --topic --command-config --zookeeper --partitions --replication-factor --config',
    switches:
      '--list --describe --under-replicated-partitions --unavailable-partitions --exclude-internal --if-exists --if-not-exists --under-min-isr-partitions --at-min-isr-partitions',
    dryRun: [{ flags: '--list --describe' }],
    raises: [
      { flags: '--delete', risk: 'danger', says: 'deletes topics' },
      { flags: '--create --alter', risk: 'caution', says: 'changes topics' },
    ],
    examples: {
      safe: [
        'kafka-topics.sh --bootstrap-server b:9092 --list',
        'kafka-topics.sh --bootstrap-server b --describe --topic t',
      ],
      caution: ['kafka-topics.sh --bootstrap-server b --create --topic t'],
      danger: ['kafka-topics.sh --bootstrap-server b --delete --topic t'],
    },
  },
  {
    name: 'kafka-consumer-groups.sh kafka-consumer-groups',
    about: 'Consumer groups of Kafka.',
    risk: 'caution',
    says: 'changes consumer groups',
    values:
      '--bootstrap-server --group --topic --command-config --to-offset --to-datetime --shift-by --timeout',
    switches:
      '--list --describe --all-groups --members --verbose --state --offsets --to-earliest --to-latest --all-topics --dry-run',
    dryRun: [{ flags: '--list --describe' }],
    raises: [
      { flags: '--delete --delete-offsets', risk: 'danger', says: 'deletes groups' },
      { flags: '--reset-offsets --execute', risk: 'danger', says: 'makes consumers skip or repeat messages' },
    ],
    examples: {
      safe: ['kafka-consumer-groups.sh --bootstrap-server b --describe --group g'],
      danger: [
        'kafka-consumer-groups.sh --bootstrap-server b --group g --reset-offsets --to-latest --execute --topic t',
      ],
    },
  },
  {
    name: 'kafka-configs.sh kafka-configs kafka-acls.sh kafka-acls kafka-reassign-partitions.sh kafka-leader-election.sh',
    about: 'Settings of Kafka.',
    risk: 'caution',
    says: 'changes settings',
    values:
      '--bootstrap-server --entity-type --entity-name --command-config --add-config --topic --group --reassignment-json-file',
    switches: '--describe --list --verify --all',
    dryRun: [{ flags: '--describe --list --verify' }],
    raises: [
      { flags: '--add --alter --execute --generate', risk: 'caution', says: 'changes settings' },
      {
        flags: '--remove --delete-config --cancel',
        takes: 'optional',
        risk: 'danger',
        says: 'removes settings or rights',
      },
    ],
    examples: {
      safe: ['kafka-configs.sh --bootstrap-server b --describe --entity-type topics'],
      caution: ['kafka-configs.sh --bootstrap-server b --alter --entity-type topics'],
      danger: ['kafka-acls.sh --bootstrap-server b --remove --topic t'],
    },
  },
  {
    name: 'kafka-console-consumer.sh kafka-console-consumer kcat kafkacat',
    about: 'Prints messages.',
    risk: 'caution',
    says: 'reads messages, which can move a group',
    values:
      '--bootstrap-server --topic --group --max-messages --partition --offset -b -t -o -c -p --consumer.config --timeout-ms',
    switches: '--from-beginning -C -L -e -q -J',
    raises: [{ flags: '-P', risk: 'caution', says: 'writes messages' }],
    traitUnless: { trait: 'endless', flags: '--max-messages --timeout-ms -c -e -L' },
    examples: { caution: ['kafka-console-consumer.sh --bootstrap-server b --topic t'] },
  },
  {
    name: 'kafka-delete-records.sh kafka-streams-application-reset.sh kafka-storage.sh',
    about: 'Remove messages.',
    risk: 'danger',
    says: 'removes messages',
    style: 'none',
    examples: { danger: ['kafka-delete-records.sh --bootstrap-server b --offset-json-file x'] },
  },
  {
    name: 'rabbitmqctl rabbitmq-diagnostics rabbitmq-queues rabbitmqadmin',
    about: 'Steers RabbitMQ.',
    values: '-n -p -t -f --formatter',
    switches: '-q --local --online --offline',
    simple: {
      safe: 'status | cluster_status | list_queues | list_connections | list_channels | list_exchanges | list_bindings | list_consumers | list_users | list_vhosts | list_policies | list_permissions | environment | ping | check_running | check_local_alarms | check_port_connectivity | node_health_check | memory_breakdown | list | show | quorum_status | alarms',
      caution:
        'start_app | stop_app | set_policy | add_vhost | close_connection | set_vm_memory_high_watermark | rotate_logs | declare | publish | get | sync_queue | enable_feature_flag',
      danger:
        'reset | force_reset | purge_queue | delete_queue | delete_user | delete_vhost | forget_cluster_node | stop | shutdown | add_user | set_user_tags | set_permissions | change_password | clear_policy | delete | purge | eval | close_all_connections',
    },
    examples: {
      safe: ['rabbitmqctl status', 'rabbitmqctl list_queues name messages'],
      danger: ['rabbitmqctl purge_queue x', 'rabbitmqctl force_reset', 'rabbitmqctl eval x'],
    },
  },
];
