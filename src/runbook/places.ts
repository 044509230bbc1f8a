import { collect } from '../safety/collect.ts';
import type { Arg, Invocation } from '../safety/model.ts';
import { basename } from '../safety/model.ts';
import type { Reader, ValuePlace } from './value.ts';

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

/** What reads the words of echo and printf when they are piped on. */
function fedTo({ name }: Invocation, invocations: Shape): Reader {
  if (!/^(echo|printf)$/.test(name?.text ?? '')) return 'plain';
  const piped = invocations.filter(({ stdin }) => /^(pipe|text)$/.test(stdin.kind)).map(programOf);
  if (
    piped.some(
      (program) => SHELLS.test(program) || /^(ssh|at|batch|xargs|parallel|sudo|crontab)$/.test(program),
    )
  )
    return 'shell';
  if (piped.some((program) => /^(psql|mysql|mariadb|sqlite3|clickhouse-client)$/.test(program))) return 'sql';
  return piped.some((program) => CODE.test(program) || program === 'redis-cli') ? 'code' : 'plain';
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
    return placeIn(token, word, invocation, programOf(invocation), fedTo(invocation, invocations));
  }
  for (const invocation of invocations) {
    const program = programOf(invocation);
    const { stdin } = invocation;
    if (stdin.kind === 'text' && stdin.text?.includes(token)) {
      const before = stdin.text.slice(0, stdin.text.indexOf(token));
      const reader: Reader = SHELLS.test(program) ? 'shell' : isSql(stdin.text) ? 'sql' : 'plain';
      return {
        quoting: 'heredoc',
        startsWord: false,
        inBraces: false,
        before,
        reader,
        innerQuote: openQuote(before, reader),
        program,
      };
    }
  }
  return null;
}

function placeIn(token: string, word: Arg, invocation: Invocation, program: string, fed: Reader): ValuePlace {
  const raw = word.raw.slice(0, word.raw.indexOf(token));
  const quoting = quotingAfter(raw);
  const known = word.text ?? word.lead;
  const at = known.indexOf(token);
  const before = at < 0 ? raw.replace(/["']/g, '') : known.slice(0, at);
  const isEvaluated = /\$\(\((?:(?!\)\)).)*$|\$\{[^}]*$/s.test(raw);
  const reader = isEvaluated ? 'other' : fed === 'plain' ? readerOf(word, invocation, program) : fed;
  return {
    quoting,
    startsWord: before === '',
    inBraces: quoting === 'none' && /\{[^\s}]*$/.test(raw),
    before,
    reader,
    innerQuote: openQuote(before, reader),
    program,
  };
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
const FILTERS = /^([gmn]?awk|g?sed|jq|yq|gojq)$/;
const CODE = /^(python[\d.]*|perl|ruby|node|php|mongosh|mongo|lua)$/;
const isSql = (text: string): boolean =>
  /^\s*(select|insert|update|delete|with|show|explain|kill|alter|create|drop|truncate|call|set|grant|revoke|vacuum|analyze|copy|begin|replace|merge|use|describe|pragma)\b/i.test(
    text,
  );

/** The last program among the words that says how the rest is read: `sudo -u app psql`, `kubectl exec p -- sh`. */
function programOf({ name, args }: Invocation): string {
  const texts = [name, ...args].map((arg) => basename(arg?.text ?? ''));
  return (
    texts.findLast((text) => SHELLS.test(text) || FILTERS.test(text) || CODE.test(text)) ?? texts[0] ?? ''
  );
}

function readerOf(word: Arg, invocation: Invocation, program: string): Reader {
  const { args } = invocation;
  const at = args.indexOf(word);
  const text = word.text ?? word.lead;
  const previous = args[at - 1]?.text ?? '';
  const names = [invocation.name, ...args].map((arg) => basename(arg?.text ?? ''));
  if (at < 0) return 'plain';
  const isScript = /^-[a-z]*c$|^--command$/.test(previous);
  if (isScript && (SHELLS.test(program) || names.includes('su') || names.includes('flock'))) return 'shell';
  if (/^(eval|watch|parallel|pdsh|clush|pssh|dsh|trap)$/.test(names[0] ?? '')) return 'shell';
  if (names.includes('ansible') && /^(-a|--args)$/.test(previous)) return 'shell';
  if (names.includes('cmd.run') && at >= names.indexOf('cmd.run')) return 'shell';
  if (
    /^--?(command|exec|scripts?|parameters|shell-command|rsh|post-renderer)=?/.test(text) ||
    /^--(command|exec|scripts?|parameters|rsh)$/.test(previous)
  )
    return 'shell';
  if (names.includes('ssh') && at > hostAt(args, names.lastIndexOf('ssh'))) return 'shell';
  if (isSql(text)) return 'sql';
  if (/^\s*[{[]/.test(text) && text.includes('"')) return 'json';
  if (CODE.test(program) && /^-\w*[cerpE]$|^--eval$/.test(previous)) return 'code';
  const isScriptLike = /[^\w./:@%+=,~-]/.test(text) || isFirstOperand(args, at, names.lastIndexOf(program));
  if (FILTERS.test(program) && isScriptLike && at >= names.lastIndexOf(program)) return 'filter';
  return 'plain';
}

/** The place of ssh's host among the arguments: its first word that is neither an option nor the value of one. */
function hostAt(args: readonly Arg[], ssh: number): number {
  let at = ssh;
  while (at < args.length) {
    const text = args[at]?.text ?? args[at]?.lead ?? '';
    if (!text.startsWith('-')) return at;
    at += /^-[bcDEeFIiJLlmOopQRSWw]$/.test(text) ? 2 : 1;
  }
  return at;
}

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
