import type { ToolInput } from '../schema.ts';

/** Clients and tools of databases. */
export const DATABASES: readonly ToolInput[] = [
  {
    name: 'psql',
    about: 'The client of PostgreSQL.',
    risk: 'safe',
    says: 'talks to PostgreSQL',
    switches:
      '-A -a -b -e -E -H -l -n -q -s -S -t -w -W -x -X -z -0 -1 --list --tuples-only --no-align --quiet --expanded --no-psqlrc --csv --no-password --single-transaction --echo-all --html',
    values: '-c -d -F -h -p -P -R -T -U --command --dbname --host --port --username --pset --field-separator',
    raises: [
      { flags: '-f --file', takes: 'value', risk: 'danger', says: 'runs a script nobody here has seen' },
      {
        flags: '-v --set --variable',
        takes: 'value',
        risk: 'danger',
        says: 'puts values into the SQL unseen',
        except: '^ON_ERROR_STOP=\\w+$',
      },
      { flags: '-o --output -L --log-file', takes: 'value', risk: 'caution', says: 'writes a file' },
    ],
    operands: [
      { at: 'any', matches: '^(postgres(ql)?://|.*=)', risk: 'safe', says: 'connects as its address says' },
    ],
    programs: [{ language: 'sql-postgres', flags: '-c --command', stdin: true }],
    traitUnless: { trait: 'interactive', flags: '-c --command -l --list -f --file' },
    examples: {
      safe: [
        'psql -l',
        'psql -c "SELECT 1"',
        'psql -h db -U app -d x -c "SELECT count(*) FROM t"',
        "psql -c '\\dt+'",
        "psql <<'E'\nSELECT 1;\nE",
        "psql -c 'SELECT now() - query_start AS age FROM pg_stat_activity'",
      ],
      caution: [
        'psql -c "UPDATE t SET a=1 WHERE id=2"',
        'psql -c "SELECT pg_terminate_backend(1)"',
        'psql -o out -c "SELECT 1"',
      ],
      danger: [
        'psql -c "DROP TABLE t"',
        'psql -f x.sql',
        'psql -c "DELETE FROM t"',
        "psql -c '\\! id'",
        'cat x | psql',
        'psql -c "$SQL"',
        'psql -c "SELECT 1; TRUNCATE t"',
      ],
    },
  },
  {
    name: 'mysql mariadb',
    about: 'The client of MySQL.',
    risk: 'safe',
    says: 'talks to MySQL',
    switches:
      '-A -B -C -E -f -H -n -N -q -r -s -t -v -w -X --batch --table --vertical --skip-column-names --silent --raw --no-auto-rehash',
    values:
      '-D -h -P -S -u -e --host --port --user --database --socket --execute --connect-timeout --default-character-set',
    optional: '-p --password --ssl-mode',
    raises: [
      {
        flags:
          '--init-command --pager --tee --plugin-dir --default-auth --defaults-file --defaults-extra-file',
        takes: 'value',
        risk: 'danger',
        says: 'runs or loads something nobody here has seen',
      },
    ],
    programs: [{ language: 'sql-mysql', flags: '-e --execute', stdin: true }],
    traitUnless: { trait: 'interactive', flags: '-e --execute' },
    examples: {
      safe: ["mysql -e 'SHOW PROCESSLIST'", "mysql -h db -u root -p -e 'SELECT 1' x"],
      caution: ["mysql -e 'UPDATE t SET a=1 WHERE id=2'", "mysql -e 'KILL 5'"],
      danger: [
        "mysql -e 'DROP DATABASE x'",
        "mysql -e 'SELECT 1 /*!50000 INTO OUTFILE x */'",
        'mysql x < f.sql',
        "mysql -e 'system id'",
        "mysql --pager=x -e 'SELECT 1'",
      ],
    },
  },
  {
    name: 'redis-cli valkey-cli',
    about: 'The client of Redis.',
    risk: 'safe',
    says: 'talks to Redis',
    style: 'gnu',
    switches:
      '-3 -2 -c --raw --no-raw --csv --json --tls --insecure --no-auth-warning --askpass --scan --bigkeys --memkeys --hotkeys --stat --latency --latency-history --intrinsic-latency',
    values: '-h -p -s -a -u -n -r -i -d -D --user --pass --cacert --cert --key --sni --pattern --count',
    raises: [
      {
        flags: '--eval --ldb --ldb-sync-mode --functions-rdb',
        takes: 'value',
        risk: 'danger',
        says: 'runs a script',
      },
      { flags: '--pipe -x -X', risk: 'danger', says: 'runs what it reads' },
      { flags: '--rdb', takes: 'value', risk: 'caution', says: 'writes a file' },
      {
        flags: '--cluster',
        takes: 'value',
        risk: 'danger',
        says: 'changes the cluster',
        except: '^(check|info|help)$',
      },
    ],
    programs: [{ language: 'redis', operand: 'all', stdin: true }],
    traitUnless: { trait: 'interactive', operands: 1, flags: '--scan --bigkeys --cluster --stat' },
    traitFlags: { '--stat --latency --latency-history': 'endless' },
    examples: {
      safe: [
        'redis-cli info replication',
        'redis-cli -h h -p 6379 get x',
        "redis-cli --scan --pattern 'a:*'",
        'redis-cli ping',
      ],
      caution: ['redis-cli set x 1', 'redis-cli config set maxmemory 1'],
      danger: [
        'redis-cli flushall',
        'redis-cli del x',
        "redis-cli eval 'x' 0",
        'cat f | redis-cli --pipe',
        'echo flushall | redis-cli',
      ],
    },
  },
  {
    name: 'pg_controldata pg_isready pg_config pg_lsclusters pg_waldump pg_test_fsync pg_archivecleanup_list',
    about: 'Show PostgreSQL.',
    risk: 'safe',
    says: 'shows the state of PostgreSQL',
    readOnlyOptions: true,
    switches: '-q -f -x -z',
    values: '-h -p -U -d -t -D -n -s -e -r',
    examples: { safe: ['pg_isready -h db', 'pg_controldata /var/lib/pg'] },
  },
  {
    name: 'pg_ctl pg_ctlcluster patronictl repmgr pgbackrest barman',
    about: 'Steer PostgreSQL.',
    values: '-D -l -t -m -c -f -k --stanza -o',
    switches: '-w -W -s -c',
    simple: {
      safe: 'status | list | show-config | history | topology | version | info | check | cluster show | list-backup | show-server | show-backup',
      caution: 'start | stop | restart | reload | pause | resume | backup | edit-config | flush',
      danger:
        'promote | failover | switchover | reinit | remove | kill | initdb | init | restore | expire | stanza-delete | delete | standby switchover | recover',
    },
    examples: {
      safe: ['pg_ctl status -D /x', 'patronictl list'],
      caution: ['pg_ctl restart -D /x'],
      danger: ['pg_ctl promote -D /x', 'patronictl failover c'],
    },
  },
  {
    name: 'pg_dump pg_dumpall mysqldump mongodump',
    about: 'Print or write a copy of a database.',
    risk: 'caution',
    says: 'copies the data of a database',
    switches:
      '-a -c -C -s -v -x -O -Fc -w -g -r --schema-only --data-only --single-transaction --quick --routines --all-databases --no-owner',
    values: '-h -p -U -d -t -n -f -F -j -u -P --host --port --username --dbname --file --out --uri --db',
    optional: '-p --password',
    examples: { caution: ['pg_dump -h db x', 'mysqldump x > f.sql'] },
  },
  {
    name: 'createdb createuser vacuumdb reindexdb clusterdb pg_basebackup',
    about: 'Work on PostgreSQL.',
    risk: 'caution',
    says: 'changes a database',
    values: '-h -p -U -d -D -j -t -X -R',
    switches: '-a -z -f -v -P -w',
    raises: [{ flags: '-s --superuser', risk: 'danger', says: 'gives administrator rights' }],
    examples: { caution: ['vacuumdb -d x -z'] },
  },
  {
    name: 'dropdb dropuser pg_restore pg_resetwal pg_rewind pg_upgrade initdb mongorestore',
    about: 'Remove or replace a database.',
    risk: 'danger',
    says: 'removes or overwrites a database',
    style: 'none',
    examples: { danger: ['dropdb x', 'pg_resetwal -f /x'] },
  },
  {
    name: 'mysqladmin',
    about: 'Steers MySQL.',
    values: '-h -P -u -S',
    optional: '-p',
    simple: {
      safe: 'status | extended-status | ping | processlist | variables | version',
      caution:
        'flush-logs | flush-hosts | flush-tables | reload | refresh | kill | stop-slave | start-slave | create',
      danger: 'drop | shutdown | password',
    },
    examples: {
      safe: ['mysqladmin status', 'mysqladmin -u root -p processlist'],
      danger: ['mysqladmin drop x', 'mysqladmin shutdown'],
    },
  },
  {
    name: 'mongosh mongo sqlite3 cqlsh clickhouse-client influx sqlplus snowsql bq nodetool',
    about: 'Clients whose language is not analysed.',
    risk: 'danger',
    says: 'runs text that is not analysed',
    style: 'none',
    traitUnless: { trait: 'interactive', operands: 2 },
    commands: {
      '--version': { risk: 'safe', says: 'prints its version' },
      'status|info|ring|tpstats|describecluster|netstats|compactionstats|version|ls': {
        risk: 'safe',
        says: 'shows the state',
        style: 'none',
      },
      'drain|flush|repair|cleanup|compact|snapshot': {
        risk: 'caution',
        says: 'changes the state',
        style: 'none',
      },
    },
    patterns: [{ match: '', risk: 'danger', says: 'runs text that is not analysed', style: 'none' }],
    examples: { safe: ['nodetool status'], danger: ["mongosh --eval 'db.x.drop()'", "sqlite3 x 'SELECT 1'"] },
  },
];
