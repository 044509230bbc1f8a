import { TOOLS } from './tools.ts';

/** How much a line looks like a command: `strong` names a known tool or path, `weak` only has the shape. */
export type Shape = 'strong' | 'weak' | 'none';

const STOPWORDS =
  /^(?:the|a|an|is|are|was|were|be|been|to|of|and|or|that|this|these|those|it|its|you|your|we|our|should|will|would|can|could|may|might|must|from|with|by|as|have|has|had|not|if|when|then|there|which|who|any|all|into|because|so|but)$/i;
/** More than this of a line is never needed to tell what it is. */
const WINDOW = 1000;

const SQL =
  /^(?:select\s+(?!\w+\s+in\s|(?:the|this|your)\s|\/\w)\S.{0,400}|select$|insert\s+into\s|update\s+\S+\s+set\b|delete\s+from\s|with\s+\w+\s+as\s*\(|create\s+(?:or\s+replace\s+)?(?:table|index|user|role|database|view|function|extension|unique)\b|alter\s+(?:table|system|user|role|database|index|session)\b|drop\s+(?:table|index|user|role|database|view|function|extension)\b|truncate\s+table\b|explain\s+(?:\(|analyze|select)|vacuum\b(?:\s+(?:full|analyze|verbose|\w+))?;?$|show\s+[\w. ]+;|grant\s.+\sto\s|revoke\s.+\sfrom\s|reindex\s+(?:table|index|database)\b|flush\s+(?:tables|privileges|logs|hosts|status)\b|change\s+(?:master|replication)\s+(?:to|source)\b|(?:start|stop|reset)\s+(?:slave|replica|master)\b\s*(?:all)?\s*;?$|(?:un)?lock\s+tables\b|set\s+(?:global|session|password|local)\s|show\s+(?:slave|master|replica|processlist|databases|tables|engine|variables|grants|status)\b[^.]{0,80}$|call\s+\w+[\w.]*\(|merge\s+into\s|(?:begin|commit|end|rollback|checkpoint)\s*;$|refresh\s+materialized\s|comment\s+on\s|kill\s+(?:query\s+)?\d+;)/i;

/** The first line of a compound command: prose does not end in `; then` or `; do`, nor begin `for x in`. */
const COMPOUND =
  /^(?:if|elif|while|until)\s.{1,900}(?:;\s*|\s)(?:then|do)(?:\s|$)|^(?:if|while|until)\s+(?:!\s+)?(?:\[\[?|\(\()\s|^(?:for|select)\s+\w+\s+in\s(?:.{1,900};\s*do\b|.{0,900}[$`{*].{0,900}$)|^for\s*\(\(|^case\s+\S+\s+in(?:\s|$)|^(?:function\s+)?\w+\s*\(\)\s*\{/;
const RELATIVE = /^[\w.-]+(?:\/[\w.-]+)+$/;
/** Folders of a project that hold what is run. */
const PROGRAMS =
  /^(?:s?bin|scripts?|tools|hack|utils?|vendor\/bin|node_modules\/\.bin)\/|\.(?:sh|bash|py|rb|pl)$/;
/** A folder, or a file that is read and not run. */
const DATA_PATH =
  /\/(?:[\w.-]+\.(?:ya?ml|json|toml|ini|conf|cfg|tf|xml|html?|md|rst|adoc|txt|log|csv|sql|pem|crt|key))?$/;
const PATH_WORD = /^(?:\.{1,2}|~|\$\{?\w+\}?|<[\w -]{1,40}>)?\/[\w./@+~<>${}-]+$/;

/** Words between brackets of any sort stand for one value and are no prose. */
const PLACEHOLDER = /<[^<>\n]{1,80}>|\[[^[\]\n]{1,80}\]|\{[^{}\n]{1,80}\}/g;

/** The line without what is inside quotes, so that words of a message do not count as prose. Linear. */
function unquoted(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"?|'[^']*'?/g, '""');
}

const hasFlag = (words: readonly string[]): boolean => words.some((word) => /^--?[A-Za-z0-9]/.test(word));
const hasPath = (words: readonly string[]): boolean =>
  words.some((word) => /^[.~]?\/\S|\/\S+\.\w+$|^\*\.|^\w[\w-]*\/\w/.test(word));

/** A copy to or from another machine: `scp dump.xz db2:` ends like a sentence and is none. */
const REMOTE_COPY = /^(?:sudo\s+)?(?:scp|rsync)\s.*\S:$/;

/** A line that ends in a colon: what follows it is named by it. */
const isLabel = (line: string): boolean =>
  /^[^|<>&]*\w:$/.test(line) && !/\s-/.test(line) && !REMOTE_COPY.test(line);

/** True for a line of ordinary language: function words outside quotes, or the end of a sentence, and no options. */
export function isProse(text: string): boolean {
  const line = unquoted(text.trim().slice(0, WINDOW).replace(PLACEHOLDER, 'x'));
  const words = line.split(/\s+/);
  const functionWords = words.filter((word) => STOPWORDS.test(word.replace(/[,;:.]$/, ''))).length;
  if (functionWords >= 2 && !hasFlag(words)) return true;
  if (functionWords >= 3) return true;
  if (REMOTE_COPY.test(line)) return false;
  return (
    words.length >= 3 && !hasFlag(words) && /[A-Za-z][.?!]$|[a-z]:$/.test(line) && !/\s\.{1,2}$/.test(line)
  );
}

/** False for a line that no shell could read: `/srv 10.0.0.0/8(rw)`. */
export const isShell = (text: string): boolean => !/[\w/]\([\w*,]/.test(unquoted(text.slice(0, WINDOW)));

/** True for the first line of an SQL statement. */
export function isSql(text: string): boolean {
  return SQL.test(text.trim().slice(0, WINDOW));
}

/** Variables set for one command, before it. */
const SETTINGS =
  /^(?:[A-Za-z_]\w{0,100}=(?:"[^"\n]{0,300}"|'[^'\n]{0,300}'|[^\s"'`()[\]{}]{0,300})[ \t]{1,20}(?=[^\s;&|]))+/;

/** The words after leading assignments: what is really called. */
const calledWords = (text: string): string[] =>
  text
    .trim()
    .slice(0, WINDOW)
    .replace(/=<[A-Za-z][^<>\n]{0,78}>/g, '=x')
    .replace(SETTINGS, '')
    .split(/\s+/);

/** `NAME=value tool …`: nothing but a command sets variables in capitals for what follows. */
const isSetFor = (line: string): boolean =>
  /^(?:[A-Z_][A-Z0-9_]*=\S*\s+)+\\$/.test(line) ||
  (/^[A-Z_][A-Z0-9_]*=/.test(line) && /^(?:[a-z]|\.?\/)[\w./+-]*$/.test(calledWords(line)[0] ?? ''));

function assignmentShape(text: string): Shape {
  const value = text.slice(text.indexOf('=') + 1);
  if (value === '' || /^[=\s]/.test(value)) return 'none';
  return /^["']?(?:\$\(|`|\$\{|\$\w)/.test(value) || /^[A-Z_][A-Z0-9_]*\+?=/.test(text) ? 'strong' : 'weak';
}

/** A file that is read, named before the command: `< list.txt xargs rm`. */
const REDIRECTED = /^<\s+[\w./-]{1,200}\s+(?=[a-z])/;

/** A program in a folder that the reader has to name: `<repo>/bin/show`. */
const PLACED = /^<[\w-]{1,40}>\/\w/;

/** Judges one logical line by its first words. */
export function shapeOf(text: string, tools = TOOLS): Shape {
  const line = text.trim().replace(REDIRECTED, '');
  const words = calledWords(line);
  const first = words[0] ?? '';
  // Settings only: the command is on the next line.
  if (first === '\\') return isSetFor(line) ? 'strong' : 'none';
  if (first === '' || (/^[#<>|&=,;:!?%+*-]/.test(first) && !PLACED.test(first)))
    return /^!\s+\w/.test(line) ? 'weak' : 'none';
  if (/^[A-Za-z_]\w*\+?=/.test(first)) return assignmentShape(line);
  if (COMPOUND.test(line)) return 'strong';
  if (isProse(line) || isLabel(line)) return 'none';
  const second = words[1] ?? '';
  if (first === '.') return words.length === 2 && /[/$]/.test(second) ? 'strong' : 'none';
  if (/^(?:=|:=|=>|->|:|==)$/.test(second) || /[:,]$/.test(first)) return 'none';
  // An order to a reader, and no compiler: `Go to https://…`.
  if (/^Go (?:to|into|back)\s/.test(line)) return 'none';
  // Two words in the case of a title: `Last Operation`.
  if (/^[A-Z][a-z]+ [A-Z][a-z]+$/.test(line)) return 'none';
  if (/^(?:\(+|\[\[?)$/.test(first)) return 'weak';
  const bare = first.replace(/^[({]+/, '').replace(/(?:[;)]+|[|&].*)$/, '');
  if (tools.isPlain(bare) || (tools.isWord(bare) && !/^[A-Z]/.test(bare)))
    return /^[\w./~+-]+$/.test(bare) ? 'strong' : 'weak';
  if (second === '/') return 'none';
  // One name behind the root is no program, but what chat services take: `/deploy web`.
  if (/^\/[\w-]+$/.test(bare)) return words.length > 1 ? 'weak' : 'none';
  if (words.length === 1 && DATA_PATH.test(bare)) return 'none';
  if (PATH_WORD.test(bare))
    return words.length > 1 || /^\.{1,2}\/|\.(?:sh|bash|py|rb|pl)$/.test(bare) ? 'strong' : 'none';
  if (/^[\w+-]+\.(?:sh|py|rb|pl|bash)$/.test(bare)) return 'strong';
  if (isSetFor(line) && words.length > 1) return 'strong';
  if (RELATIVE.test(bare)) {
    if (words.length > 1 && (PROGRAMS.test(bare) || hasFlag(words))) return 'strong';
    return words.length === 1 && /\.(?:sh|bash|py|rb|pl)$/.test(bare) ? 'weak' : 'none';
  }
  if (/^\$\{?\w+\}?$/.test(bare) && words.length > 1) return 'weak';
  return /^[a-z][\w+.-]*$/.test(bare) ? 'weak' : 'none';
}

/** `export NAME=value`, `NAME=$(…)`: nothing but a shell is told so. */
const SETS = /^(?:export\s+[A-Za-z_]\w*=|[A-Za-z_]\w*=["']?(?:\$\(|`))/;
/** The name of a thing that is not run: `terraform CLI`. */
const THING = /^[\w.-]+(?: [\w.-]+)? (?:CLI|API|UI|GUI|SDK)$/;
/** A tool and words in the case of a title: a heading. */
const TITLE = /^\S+(?: (?:[a-z]{1,4}|[A-Z][A-Za-z-]+)){1,4}$/;

/** Nothing but a shell is told so, though `service` is an everyday word. */
const SERVICE = /^service [\w.@-]+ (?:start|stop|restart|reload|status)$/;
/** What is said of a role named like a tool: `cluster-admin privileges`. */
const ROLE = /^[a-z-]+-admin(?: [A-Za-z]+)+$/;

/**
 * True for a line that is a command even where prose is expected: a known tool with arguments and no function
 * words. A tool whose name is an everyday word needs an option or a path.
 */
export function isBareCommand(text: string, tools = TOOLS): boolean {
  const line = text.trim();
  if (line.length > 16_384 || /^(?:[-*]\s|>\s)/.test(line)) return false;
  if (/[A-Za-z][.?!]$/.test(line) || isLabel(line)) return false;
  if (COMPOUND.test(line) || SETS.test(line) || SERVICE.test(line)) return true;
  if (THING.test(line) || ROLE.test(line) || (TITLE.test(line) && /\s[A-Z][a-z]/.test(line))) return false;
  if (isSql(line)) return /;$/.test(line) || /^select\s.+\sfrom\s/i.test(line.slice(0, WINDOW));
  const words = calledWords(line);
  const [first = '', ...rest] = words[0] === 'sudo' ? words.slice(1) : words;
  if (first !== first.toLowerCase()) return false;
  if (rest.length === 0)
    return words.length === 2 && (tools.isPlain(first) || tools.isWord(first) || PATH_WORD.test(first));
  if (
    unquoted(line.slice(0, WINDOW).replace(PLACEHOLDER, 'x'))
      .split(/\s+/)
      .some((word) => STOPWORDS.test(word))
  )
    return false;
  if (tools.isPlain(first) || isSetFor(line)) return true;
  if (/^(?:\.{1,2}|~)?\/[\w./-]+$/.test(first)) return true;
  return tools.isWord(first) && (hasFlag(rest) || hasPath(rest));
}

/** True for a line of a log: it begins with a time, or carries one and a level. */
export function isLog(text: string): boolean {
  const line = text.trim().slice(0, WINDOW);
  if (
    /^\[?\d{4}[-/]\d\d[-/]\d\d[ T_]\d|^\[ {0,6}\d{1,8}\.\d{3,9}\] |^[IWEF]\d{4} \d\d:|^[A-Z][a-z]{2}\s+\d{1,2} \d\d:\d\d:\d\d/.test(
      line,
    )
  )
    return true;
  return (
    /^(?:time|ts|level|t)=\S+ .*(?:msg|level|caller)=/.test(line) ||
    /^\{"(?:level|time|ts|timestamp|severity|@timestamp)":/.test(line)
  );
}

/** True for a line that only programs print: log lines, tables, trees, results of a change. */
export function isOutput(text: string): boolean {
  const line = text.trimEnd().slice(0, WINDOW);
  const bare = line.trim();
  if (isLog(bare)) return true;
  if (/[│├└─┌┐┘═║╔╗]/.test(bare) || /^[-=+~*_|]{3,}/.test(bare) || /^\|.*\|$/.test(bare)) return true;
  if (/^[A-Z][\w()%:/-]*(?: [A-Z][\w()%:/-]*)?(?:\s{2,}|\t)\S.*(?:\s{2,}|\t)\S/.test(bare)) return true;
  if (
    /^\S+ (?:"\S+" )?(?:created|deleted|configured|unchanged|patched|uninstalled|scaled|restarted|labeled|annotated|cordoned|drained|evicted)$/.test(
      bare,
    )
  ) {
    return /[/"]/.test(bare);
  }
  if (
    /^(?:=>|->|Error\b|ERROR\b|WARN|INFO\b|DEBUG\b|FATAL|Every \d+\.\ds:|\d+ rows?\b|\(\d+ rows?\))/.test(
      bare,
    )
  )
    return true;
  if (/^[-dlbcps](?:[r-][w-][xsStT-]){3}[.+@]?\s|^total \d+[KMG]?$|^HTTP\/\d/.test(bare)) return true;
  if (/\b(?:FATAL|ERROR|PANIC): |^command terminated with /.test(unquoted(bare))) return true;
  if (/^[A-Za-z][\w ()/-]{1,40}:(?: {2,}|\t)\S/.test(bare)) return true;
  if (/\S {2,}\|\s.*\S\s+\|\s/.test(bare) || /^[\w.+-]+ version v?\d+\.\d/.test(bare)) return true;
  const words = bare.split(/\s+/);
  const gaps = bare.match(/\S(?: {2,}|\t+)\S/g)?.length ?? 0;
  return gaps >= 3 && !hasFlag(words) && !TOOLS.isPlain(words[0] ?? '') && !/['"\\|]/.test(bare);
}

/**
 * Lines of files that look like commands: fstab (what is mounted, where, its kind, its options, two digits), sources of
 * apt, the head of a diff, modules that are kept out, what an image copies.
 */
const OF_FILES =
  /^\S+\s+\/\S*\s+[a-z]\w*\s+\S+\s+\d\s+\d$|^deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(?:https?|ftp|cdrom|file):|^diff --git a\/|^install \w+ \/bin\/(?:false|true)$|^(?:ADD|COPY) \S+ \.?\/\S*$/;

/** True for a line of a configuration file: YAML, JSON, ini, HCL, XML, or a diff. */
export function isConfiguration(text: string): boolean {
  const line = text.trim().slice(0, WINDOW);
  if (/^(?:- )?["']?[\w./$<>{}-]+["']?:(?:\s|$)/.test(line) && !/^\w+:\/\//.test(line)) return true;
  if (/^(?:[{}[\]],?|\[\[?[\w.:/ -]+\]\]?|<\/?[\w!?].*>|[\])}]+[,;]?)$/.test(line)) return true;
  if (/^[\w.-]+\s+=\s+\S/.test(line) || /^[\w-]+(?:\s+"[^"]*")*\s*\{$/.test(line)) return true;
  if (OF_FILES.test(line)) return true;
  return /^[+-]\s+\S/.test(line) || /^(?:---|\.\.\.|@@ )/.test(line) || /^["'][\w.-]+["']\s*:/.test(line);
}

/** True for a query of a metrics or log console: a metric with labels, an aggregation, or a filter pipe. */
export function isQuery(text: string): boolean {
  const line = text.trim().slice(0, WINDOW);
  if (
    /^(?:sum|rate|avg|max|min|count|increase|histogram_quantile|topk|bottomk|absent|irate|delta|predict_linear)\s*(?:by\s*\([^)]*\)\s*)?\(/.test(
      line,
    )
  )
    return true;
  if (/^(?:search\s+)?(?:index|sourcetype)\s?=\s?\S/.test(line)) return true;
  return (
    /^[a-z_:][\w:]*\s?\{[^}]*(?:=|!=|=~)[^}]*\}/i.test(line) || /^\{[\w.]+\s*(?:=~?|!=|!~)\s*"/.test(line)
  );
}
