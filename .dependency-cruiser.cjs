/** The import rules of docs/ARCHITECTURE.md: handlers, workers, dev -> src; agent -> only what it shares with the server. */
const only = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|handlers|workers|agent|dev|test|scripts)/', pathNot: to },
});
module.exports = {
  forbidden: [
    only(
      'agent-is-alone',
      '^agent/',
      '^(agent|src/safety|src/protocol|src/text)/',
      'the agent runs in the customer’s network and carries only what it needs to decide alone',
    ),
    only(
      'shared-rooms-are-leaves',
      '^src/(safety|protocol|text)/',
      '^src/(safety|protocol|text)/',
      'what the agent shares may not pull in the server',
    ),
    only(
      'core-knows-no-edge',
      '^src/(?!main\\.ts)',
      '^src/',
      'src decides; handlers and workers carry in and out',
    ),
    {
      name: 'core-is-pure',
      comment: 'what decides imports no adapter, database, queue, Slack client or file system',
      severity: 'error',
      from: { path: '^src/(runbook|safety|run|incident|tenant|slack|text)/' },
      to: {
        path: '(^src/platform/|node_modules/(bullmq|pg|ioredis|@prisma|@slack/bolt|@slack/web-api|@grpc)/|^(node:)?(fs|net|http|https|child_process)(/|$))',
        pathNot: '^src/platform/(ids|clock)\\.ts$',
      },
    },
    only('workers-know-src', '^workers/', '^(workers|src)/', 'a worker carries out what src decided'),
    only(
      'handlers-know-src',
      '^handlers/',
      '^(handlers|src)/',
      'a handler verifies, parses, acknowledges and calls src',
    ),
    {
      name: 'dev-is-never-in-production',
      severity: 'error',
      from: { path: '^(src|handlers|workers|agent)/' },
      to: { path: '^dev/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/generated/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
