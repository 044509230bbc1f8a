import type { Session } from './runbook.ts';

type Language = Session['language'];

/** Programs that read statements until they are left, by the command that starts them and no statement with it. */
const CONSOLES: readonly (readonly [Language, RegExp, RegExp | null])[] = [
  [
    'ruby',
    /(?:^|\s|\/)(?:rails(?:-console)?\s+c(?:onsole)?|gitlab-rails\s+c(?:onsole)?|irb|pry)(?:\s+-\S+|\s+\w+)*\s*$/,
    null,
  ],
  [
    'python',
    /(?:^|\s|\/)(?:i?python[\d.]*|bpython)\s*$|manage\.py\s(?:\S+\s)*?shell(?:_plus)?(?:\s+--\S+)*\s*$|\bflask\s+shell\s*$/,
    null,
  ],
  [
    'javascript',
    /(?:^|\s|\/)(?:mongo|mongosh)(?:\s|$)|(?:^|\s)node\s*$/,
    /--eval|--quiet\s+\S+\.js|<|\|\s*\w/,
  ],
  [
    'sql',
    /(?:^|\s|\/)(?:psql|gitlab-psql|pgb-console\S*|mysql|mariadb|sqlite3|sqlplus|clickhouse-client|cockroach\s+sql|cqlsh|rails\s+db(?:console)?|rman|dgmgrl|bq\s+shell)(?:\s|$)/,
    /\s-(?:c|e|f|Q|q)\b|--(?:command|execute|query|file|eval)\b|<|\s-l\b|--list|--version|\|\s*\w|\s["']\s*(?:select|show)\b/i,
  ],
  [
    'other',
    /(?:^|\s|\/)(?:redis-cli|valkey-cli|sftp|ftp|telnet|zkCli\.sh|zookeeper-shell|rabbitmqadmin\s+shell|gdb|vtysh|etcdctl\s+shell|jshell|groovysh|iex|erl|nslookup|bconsole|lftp|virsh)\b/,
    /\s-c\b|<|\||--(?:scan|bigkeys|stat|pipe|version)|-x\b/,
  ],
];
/** Clients that take a statement as their operand: `redis-cli -h db info`. The options that take the next word. */
const TAKES_STATEMENT = /(?:^|[\s/])(?:redis-cli|valkey-cli|virsh)(?=\s|$)/;
const REDIS_VALUE = /^(?:-[hpnausicr]|--(?:user|pass|tls|cacert|cert|key|sni))$/;

const LEAVES = /^(?:exit|quit|logout|\\q|\\quit|exit\(\)|quit\(\)|exit;|quit;|:q|bye|\^D|ctrl-d)\s*;?$/i;

const SHELL = /^(?:\/(?:usr\/)?bin\/)?(?:ba|z|k|da|a)?sh$/;
/** Options of ssh that take the next word. */
const SSH_VALUE = /^-[bcDEeFIiJLlmOopQRSWw]$/;

/** The words of a command behind `sudo` and assignments. */
function wordsOf(line: string): string[] {
  const words = line.split(/\s+/);
  while (/^(?:sudo|\w+=\S*)$/.test(words[0] ?? '') && words.length > 1 && !/^-[is]$/.test(words[1] ?? ''))
    words.shift();
  return words;
}

/** True for options that give a program a terminal: `-it`, or `-i` and `-t`. */
export function wantsTerminal(words: readonly string[]): boolean {
  const short =
    words.some((word) => /^-(?:it|ti)$/.test(word)) || (words.includes('-i') && words.includes('-t'));
  return short || (words.includes('--stdin') && words.includes('--tty')) || words.includes('--interactive');
}

/** True when the last word starts a shell. */
export function endsInShell(words: readonly string[]): boolean {
  const last = words.at(-1) ?? '';
  return SHELL.test(last === '-l' || last === '-i' ? (words.at(-2) ?? '') : last);
}

function sshWithoutCommand(words: readonly string[]): boolean {
  let operands = 0;
  for (let at = 1; at < words.length; at++) {
    const word = words[at] ?? '';
    if (SSH_VALUE.test(word)) at += 1;
    else if (!word.startsWith('-')) operands += 1;
  }
  return operands === 1;
}

function opensShell(line: string): boolean {
  const words = wordsOf(line);
  const [first = '', second = ''] = words;
  if (/[|;&<>]/.test(line)) return false;
  switch (first) {
    case 'ssh':
    case 'mosh':
      return sshWithoutCommand(words);
    case 'sudo':
      return words.length === 2;
    case 'su':
      return !words.includes('-c');
    case 'chroot':
      return words.length === 2 || endsInShell(words);
    case 'bash':
    case 'sh':
    case 'zsh':
    case 'toolbox':
      return words.length === 1;
  }
  if (/^(?:oc|kubectl|k)$/.test(first) && /^(?:debug|rsh)$/.test(second)) return !words.includes('--');
  return (
    words.some((word) => /^(?:exec|run|attach)$/.test(word)) && wantsTerminal(words) && endsInShell(words)
  );
}

/** `<pod>` is one word, and no redirection. */
const PLACEHOLDER = /<[A-Za-z][^<>\n|;&]{0,78}>/g;

function hasStatement(line: string): boolean {
  const client = TAKES_STATEMENT.exec(line);
  if (!client) return false;
  const words = line
    .slice(client.index + client[0].length)
    .trim()
    .split(/\s+/)
    .filter(Boolean);
  return words.some((word, at) => !word.startsWith('-') && !REDIS_VALUE.test(words[at - 1] ?? ''));
}

/** The language of the session that a command opens, or null. */
export function opensSession(text: string): Language | null {
  if (text.length > 2000) return null;
  const line = text
    .replace(/\s*\\\n\s*/g, ' ')
    .replace(PLACEHOLDER, 'x')
    .trim();
  if (line.includes('\n')) return null;
  if (opensShell(line)) return 'shell';
  for (const [language, starts, not] of CONSOLES) {
    if (starts.test(line) && !not?.test(line) && !hasStatement(line)) return language;
  }
  return null;
}

/** True for what leaves a session. */
export function leavesSession(text: string): boolean {
  return LEAVES.test(text.trim());
}

const CONSOLE_NAMES: readonly (readonly [Language, RegExp])[] = [
  ['ruby', /\b(?:rails|ruby|irb|pry)\b[^.]{0,20}\b(?:console|shell|prompt|session)\b|\brails console\b/i],
  ['python', /\b(?:python|django|flask)\b[^.]{0,20}\b(?:console|shell|prompt|session|interpreter)\b/i],
  ['javascript', /\bmongo(?:db|sh)?\b[^.]{0,20}\b(?:console|shell|prompt|session)\b/i],
  [
    'sql',
    /\b(?:psql|mysql|mariadb|postgres(?:ql)?|sql(?:ite|plus|\*plus)?|database|db)\b[^.]{0,20}\b(?:console|shell|prompt|session|client)\b/i,
  ],
  ['other', /\b(?:redis|redis-cli|switch|router)\b[^.]{0,20}\b(?:console|shell|prompt|session|cli)\b/i],
];

/** The console that prose says the reader is in: `in the Rails console`; or null. */
export function consoleNamed(text: string): Language | null {
  return CONSOLE_NAMES.find(([, pattern]) => pattern.test(text.slice(-400)))?.[0] ?? null;
}
