/** What the tag of a code block says of it; a hint and no more, since the tag lies as often as not. */

/** Tags of shells. */
export const SHELL: ReadonlySet<string> = new Set([
  'bash',
  'sh',
  'shell',
  'zsh',
  'console',
  'shell-session',
  'shellsession',
  'sh-session',
  'terminal',
  'bash-session',
  'ksh',
  'cmd',
  'commandline',
  'shellscript',
  'command',
  'history',
  'powershell',
  'ps1',
  'doscon',
  'bat',
  'fish',
]);
/** Tags of languages that scripts are written in. */
export const SCRIPT: ReadonlySet<string> = new Set([
  'ruby',
  'rb',
  'python',
  'py',
  'python3',
  'javascript',
  'js',
  'typescript',
  'go',
  'java',
  'perl',
  'php',
  'groovy',
  'lua',
]);
/** Tags of queries that no shell runs. */
export const QUERY: ReadonlySet<string> = new Set([
  'promql',
  'logql',
  'kql',
  'kusto',
  'esql',
  'graphql',
  'lucene',
  'spl',
  'traceql',
]);
/** Tags of SQL. */
export const SQL: ReadonlySet<string> = new Set([
  'sql',
  'psql',
  'mysql',
  'postgresql',
  'plsql',
  'postgres',
  'pgsql',
  'tsql',
]);
/** Tags that say nothing of what the block holds. */
export const NEUTRAL: ReadonlySet<string> = new Set([
  '',
  'text',
  'plaintext',
  'txt',
  'plain',
  'none',
  'code',
  'redis',
  'cli',
]);
/** Tags of what a program printed. */
export const PRINTED: ReadonlySet<string> = new Set(['output', 'log', 'logs']);
/** Tags of transcripts: there `# ` is the prompt of root. */
export const TRANSCRIPT: ReadonlySet<string> = new Set([
  'console',
  'terminal',
  'shell-session',
  'shellsession',
  'sh-session',
  'bash-session',
]);
