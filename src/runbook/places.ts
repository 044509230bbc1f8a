import { collect } from '../safety/collect.ts';
import type { Arg, Invocation } from '../safety/model.ts';
import { basename } from '../safety/model.ts';
import { firstOperand, SSH_TAKES, startedBy } from './started.ts';
import type { Reader, ValuePlace } from './value-place.ts';

/** What a text runs, as the shell reads it. */
export type Shape = readonly Invocation[];

/** Every command of a text; null when it is not complete shell. */
export function shapeOf(text: string): Shape | null {
  const collected = collect(text, { kind: 'inherited' }, (start, end) => ({ start, end }));
  return collected.parsed ? collected.invocations : null;
}

const wordsOf = ({ name, args, assignments, redirects }: Invocation): readonly Arg[] => [
  ...assignments.flatMap(({ value }) => value ?? []),
  ...(name ? [name] : []),
  ...args,
  ...redirects.map(({ target }) => target),
];

/** The same commands, word for word, when each token (`zq0qz`) is read as its value. */
export function isSame(shaped: Shape, filled: Shape | null, heldBy: (token: string) => string): boolean {
  const fill = (text: string | null): string | null =>
    text === null ? null : text.replace(/zq\d+qz/g, heldBy);
  const texts = (list: Shape, read: (text: string | null) => string | null): string =>
    JSON.stringify(
      list.map((invocation) => [
        wordsOf(invocation).map(({ text, lead, unknown }) => [
          read(text),
          text === null ? read(lead) : '',
          unknown,
        ]),
        invocation.assignments.map(({ name }) => name),
        invocation.redirects.map(({ operator, direction }) => [operator, direction]),
        invocation.stdin.kind,
        invocation.stdin.kind === 'text' ? read(invocation.stdin.text) : null,
      ]),
    );
  return filled !== null && texts(shaped, fill) === texts(filled, (text) => text);
}

/** What reads the text that a program prints: a file of that kind, or whoever stands behind the bar. */
function readerOfOutput({ redirects }: Invocation, text: string, invocations: Shape): Reader | null {
  const fed = invocations.filter(({ stdin }) => /^(pipe|text)$/.test(stdin.kind));
  const copies = fed.filter((each) => wordsOf(each).some((word) => basename(word.text ?? '') === 'tee'));
  const targets = [...redirects.map(({ target }) => target), ...copies.flatMap(wordsOf)];
  const readers = [
    ...targets.map((target) => readerOfFile(target.text ?? target.raw)),
    ...fed.map((invocation) => readerOfInput(invocation, text)),
  ];
  return (
    (['shell', 'sql', 'code', 'yaml', 'json'] as const).find((reader) => readers.includes(reader)) ?? null
  );
}

function readerOfFile(name: string): Reader {
  if (/\.(ba|z|k)?sh$|(^|\/)\.?(cron|profile|bashrc|bash_profile|zshrc)/.test(name)) return 'shell';
  if (/\.sql$/.test(name)) return 'sql';
  return /\.(py|pl|rb|js|lua)$/.test(name) ? 'code' : 'plain';
}

const PRINTS = /^(echo|printf|cat|tee)$/;
const INTERPRETS = /^(tclsh|expect|bc|dc|[gl]db|irb|R|Rscript|octave|osascript|vim?|ed|ex|emacs)$/;
const KEEPS =
  /^(cat|tee|grep|wc|sort|head|tail|tr|cut|base64|\w+sum|mail|mailx|sendmail|logger|wall|write|jq|yq|[gmn]?awk|g?sed|column|less)$/;
const SQL =
  /^(psql|mysql|mariadb|sqlite3|duckdb|clickhouse(-client)?|cqlsh|sqlcmd|sqlplus|snowsql|bq|cockroach|trino|presto|beeline|hive|influx)$/;

/** What a program makes of the text on its standard input; null when nobody knows. */
function readerOfInput({ name, args }: Invocation, text: string): Reader | null {
  const names = [name, ...args].map((arg) => basename(arg?.text ?? ''));
  const has = (pattern: RegExp): boolean => names.some((word) => pattern.test(word));
  if (has(CODE) || has(INTERPRETS)) return 'code';
  if (has(SQL)) return 'sql';
  if (
    has(SHELLS) ||
    has(/^(ssh|su|chroot|nsenter|at|batch|crontab|xargs|parallel|redis-cli|socat|nc|ncat|telnet)$/)
  )
    return 'shell';
  if (has(/^(sudo|doas)$/)) return has(/^tee$/) ? 'plain' : 'shell';
  if (isSql(text)) return 'sql';
  if (isJson(text)) return 'json';
  if (has(/^(kubectl|oc|helm|kustomize|docker-compose|envsubst|ansible-playbook)$/)) return 'yaml';
  return has(KEEPS) ? 'plain' : null;
}

/** Where a token stands among the words of a shape, in the innermost command; null when it is in no word. */
export function placeOf(token: string, invocations: Shape): ValuePlace | null {
  const holding = invocations.flatMap((invocation) =>
    wordsOf(invocation)
      .filter(({ raw }) => raw.includes(token))
      .map((word) => ({ word, invocation })),
  );
  const [innermost] = holding.sort((a, b) => a.word.raw.length - b.word.raw.length);
  if (innermost) {
    const { word, invocation } = innermost;
    return placeIn(token, word, invocation, invocations);
  }
  for (const invocation of invocations) {
    const { stdin, name } = invocation;
    if (stdin.kind !== 'text' || !stdin.text?.includes(token)) continue;
    const [before = '', after = ''] = stdin.text.split(token);
    const read = readerOfInput(invocation, stdin.text) ?? 'yaml';
    const printed = read === 'plain' && PRINTS.test(name?.text ?? '');
    const reader = (printed ? readerOfOutput(invocation, stdin.text, invocations) : null) ?? read;
    return {
      quoting: 'heredoc',
      startsWord: false,
      inBraces: false,
      before,
      after,
      reader,
      innerQuote: openQuote(before, reader),
      program: programOf(invocation),
      option: '',
      isCommand: false,
    };
  }
  return null;
}

function placeIn(token: string, word: Arg, invocation: Invocation, invocations: Shape): ValuePlace {
  const raw = word.raw.slice(0, word.raw.indexOf(token));
  const quoting = quotingAfter(raw);
  const known = word.text ?? word.lead;
  const at = known.indexOf(token);
  const before = at < 0 ? raw.replace(/["']/g, '') : known.slice(0, at);
  const after = at < 0 ? '' : known.slice(at + token.length);
  const reader = isEvaluated(raw) ? 'other' : readerOf(word, invocation, before, invocations);
  const words = wordsBefore(word, invocation);
  const program = words === null ? '' : startedBy(words);
  return {
    quoting,
    startsWord: before === '',
    inBraces: quoting === 'none' && /\{[^\s}]*$/.test(raw),
    before,
    after,
    reader,
    innerQuote: openQuote(before, reader),
    program: program ?? '',
    option: words?.at(-1) ?? '',
    isCommand: program === null && before === '' && after === '',
  };
}

const isEvaluated = (raw: string): boolean => /\$\(\((?:(?!\)\)).)*$|\$\{[^}]*$/s.test(raw);

/** The words of a command before this one; null for what is assigned and for the target of a redirection. */
function wordsBefore(word: Arg, { name, args }: Invocation): readonly string[] | null {
  const words = name ? [name, ...args] : args;
  const at = words.indexOf(word);
  return at < 0 ? null : words.slice(0, at).map((each) => each.text ?? each.lead);
}

/** How the shell quotes what follows this beginning of a word. */
function quotingAfter(raw: string): 'none' | 'single' | 'double' {
  let quote = '';
  for (let at = 0; at < raw.length; at += 1) {
    const char = raw[at] ?? '';
    if (char === '\\' && quote !== "'") at += 1;
    else if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === "'" || char === '"') quote = char;
  }
  return quote === '' ? 'none' : quote === "'" ? 'single' : 'double';
}

const SHELLS = /^(ba|da|z|k|a)?sh$/;
/** Programs that read the value of -c as shell. */
const TAKES_SCRIPT = /^(su|runuser|sg|flock|script|vagrant)$/;
/** Programs that hand their words to a shell, or type them into one. */
const RUNS_WORDS = /^(eval|watch|parallel|pdsh|clush|pssh|dsh|trap|tmux|screen|script)$/;
const FILTERS = /^([gmn]?awk|g?sed|jq|yq|gojq)$/;
const CODE = /^(python[\d.]*|perl|ruby|node|php|mongosh|mongo|lua)$/;
const isSql = (text: string): boolean =>
  /^\s*(select|insert|update|delete|with|show|explain|kill|alter|create|drop|truncate|call|set|grant|revoke|vacuum|analyze|copy|begin|replace|merge|use|describe|pragma)\b/i.test(
    text,
  );

const isJson = (text: string): boolean => /^\s*[{[]/.test(text) && text.includes('"');

/** The last program among the words that says how the rest is read: `sudo -u app psql`, `kubectl exec p -- sh`. */
function programOf({ name, args }: Invocation): string {
  const texts = [name, ...args].map((arg) => basename(arg?.text ?? ''));
  return (
    texts.findLast((text) => SHELLS.test(text) || FILTERS.test(text) || CODE.test(text)) ?? texts[0] ?? ''
  );
}

function readerOf(word: Arg, invocation: Invocation, before: string, invocations: Shape): Reader {
  const { redirects } = invocation;
  if (redirects.some(({ target, operator }) => target === word && operator === '<<<'))
    return readerOfInput(invocation, before) ?? 'yaml';
  const prints = PRINTS.test(invocation.name?.text ?? '');
  const printed = prints ? readerOfOutput(invocation, before, invocations) : null;
  return printed ?? readerOfWord(word, invocation, programOf(invocation));
}

function readerOfWord(word: Arg, invocation: Invocation, program: string): Reader {
  const { args } = invocation;
  const at = args.indexOf(word);
  const text = word.text ?? word.lead;
  const previous = args[at - 1]?.text ?? '';
  const names = [invocation.name, ...args].map((arg) => basename(arg?.text ?? ''));
  if (at < 0) return 'plain';
  const isScript = /^-[a-z]*c$|^--command$/.test(previous);
  if (isScript && (SHELLS.test(program) || names.some((each) => TAKES_SCRIPT.test(each)))) return 'shell';
  const started = startedBy(wordsBefore(word, invocation) ?? []) ?? '';
  if ([names[0] ?? '', started].some((each) => RUNS_WORDS.test(each))) return 'shell';
  if (names.includes('ansible') && /^(-a|--args)$/.test(previous)) return 'shell';
  if (names.includes('cmd.run') && at >= names.indexOf('cmd.run')) return 'shell';
  if (
    /^--?(command|exec|scripts?|parameters|shell-command|rsh|post-renderer)=?/.test(text) ||
    /^--(command|exec|scripts?|parameters|rsh)$/.test(previous)
  )
    return 'shell';
  if (names.includes('ssh') && at > hostAt(args, names.lastIndexOf('ssh'))) return 'shell';
  const isStatement =
    /^-[a-z]*[ceqQ]$|^--(command|execute|query|eval)$/.test(previous) && names.some((each) => SQL.test(each));
  if (isSql(text) || isStatement || (/^(sqlite3|duckdb)$/.test(program) && text.startsWith('.')))
    return 'sql';
  if (isJson(text)) return 'json';
  if (/^ldap/.test(names[0] ?? '') && text.startsWith('(')) return 'filter';
  if ((CODE.test(program) || INTERPRETS.test(started)) && /^-\w*[cerpE]$|^-ex$|^--eval$/.test(previous))
    return 'code';
  const isScriptLike = /[^\w./:@%+=,~-]/.test(text) || isFirstOperand(args, at, names.lastIndexOf(program));
  if (started === 'rabbitmqctl' && previous === 'eval') return 'code';
  if (FILTERS.test(program) && isScriptLike && at >= names.lastIndexOf(program)) return 'filter';
  return 'plain';
}

/** The place of ssh's host among the arguments: its first word that is neither an option nor the value of one. */
const hostAt = (args: readonly Arg[], ssh: number): number =>
  firstOperand(
    args.map((arg) => arg.text ?? arg.lead),
    ssh,
    SSH_TAKES,
  );

/** True for the first word after the program that is no option: its script. */
function isFirstOperand(args: readonly Arg[], at: number, program: number): boolean {
  return args.slice(Math.max(0, program), at).every((arg) => (arg.text ?? arg.lead).startsWith('-'));
}

/** The quote that is open for the next reader after this beginning of its text. */
function openQuote(before: string, reader: Reader): ValuePlace['innerQuote'] {
  const kinds = reader === 'json' ? '"' : reader === 'sql' ? "'" : '\'"';
  let quote: ValuePlace['innerQuote'] = '';
  for (let at = 0; at < before.length; at += 1) {
    const char = before[at] ?? '';
    if (char === '\\') at += 1;
    else if (quote !== '') quote = char === quote ? '' : quote;
    else if (kinds.includes(char) && (char === "'" || char === '"')) quote = char;
  }
  return quote;
}
