import type { Place, Placeholder } from './placeholder.ts';
import { before, matchAt, placeholder, previous } from './placeholder.ts';
import { isSql } from './shape.ts';
import type { Quoting } from './shell-scan.ts';
import { ShellScan } from './shell-scan.ts';
import { wordAt } from './word-placeholders.ts';

export type { Placeholder } from './placeholder.ts';

/** Set by every shell or by the agent for every step; never an input. */
const ENVIRONMENT =
  /^(?:HOME|PATH|USER|LOGNAME|PWD|OLDPWD|SHELL|HOSTNAME|LANG|LC_\w+|TERM|TMPDIR|EDITOR|PAGER|DISPLAY|UID|EUID|GROUPS|RANDOM|SECONDS|LINENO|PPID|SHLVL|IFS|REPLY|OPTARG|OPTIND|COLUMNS|LINES|HOSTTYPE|OSTYPE|MACHTYPE|EPOCHSECONDS|PIPESTATUS|FUNCNAME|BASH\w*|XDG_\w+|DD0C_RUN|DD0C_STEP|DD0C_ATTEMPT|_)$/;

/** Fields of awk. */
const AWK_OWN = /^(?:NF|NR|FNR)$/;

const ANGLE = /<([A-Za-z][\w .,:'/-]{0,78}[\w.)'-]|[A-Za-z]|\d{1,8}-\d{1,8})>/y;
/** `</path/to/file>`; any other path is one that a shell reads from. */
const ANGLE_PATH = /<(\/path\w{0,10}(?:\/[\w.-]{1,60}){1,8})>/y;
/** `<<name>>`. */
const DOUBLE_ANGLE = /<<([A-Za-z][\w .-]{1,60})>>/y;
const NOT_ANGLE =
  /^(?:none|nil|null|unknown|computed|no value|unset|invalid|br|p|div|span|pre|code|li|ul|ol|td|tr|eof|stdin|stdout)$|:\/\//i;
const MUSTACHE = /\{\{[ \t]?([A-Za-z_][\w.-]{0,78})[ \t]?\}\}/y;
const NOT_MUSTACHE =
  /^(?:end|else|range|if|with|json|printf|block|define|template|now|len|index|join|nil|true|false)$/;
const BRACE = /\{([A-Za-z][\w-]{1,60}(?: [\w-]{1,60}){0,8})\}/y;
/** Statements of awk and the end of a template's loop; and behind `@` what git calls a commit. */
const NOT_BRACE = /^(?:printf?|next|exit|end)\b/;
const GIT_NAME = /^(?:upstream|push|yesterday)$/;
const SQUARE = /\[([A-Za-z](?:[\w -]{0,60}\w)?|path(?:\/[\w.-]{1,60}){1,8})\]/y;
const DOLLAR = /\$(?:([A-Za-z_]\w{0,100})|\{([A-Za-z_]\w{0,100})([^\w}][^}]{0,400})?\})/y;
const CAPITALS =
  /(?:(?:YOUR|MY|ENTER|INSERT|REPLACE|CHANGE|SOME|TARGET)_[A-Z0-9_]{1,60}|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:ID|NAME|HERE|IP|HOST|HOSTNAME|PORT|NODE|POD|NAMESPACE|REGION|ZONE|BUCKET|USER|PASSWORD|TOKEN|KEY|URL|PATH|FILE|DIR|CLUSTER|VERSION|NUMBER|DATE|PID|UUID|ADDRESS))(?![\w=.-])/y;
const CROSSES = /X{3,80}/y;
const REFERENCE = /\|([A-Za-z]\w{0,30}_[\w-]{1,40})\|(?=[\s/:.]|$)/y;

/** How every unit of a command is quoted. */
function quotings(text: string): Quoting[] {
  const quoting: Quoting[] = [];
  const scan = new ShellScan();
  for (const line of text.split('\n')) {
    const base = quoting.length;
    for (let i = 0; i <= line.length; i++) quoting.push('none');
    scan.feed(line, (index, how) => {
      quoting[base + index] = how;
    });
  }
  return quoting;
}

/** Names that the command itself gives a value: assignments, loops, `read`. */
export function assignedNames(text: string): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  const note = (name: string | undefined, at: number): void => {
    if (name && !first.has(name)) first.set(name, at);
  };
  for (const found of text.matchAll(/(?:^|[\s;&|(`])([A-Za-z_]\w{0,100})(?:\[[^\]\n]{0,40}\])?\+?=(?!=)/g))
    note(found[1], found.index);
  for (const found of text.matchAll(/\b(?:for|select)\s{1,20}([A-Za-z_]\w{0,100})\s/g))
    note(found[1], found.index);
  for (const found of text.matchAll(
    /\b(?:read|mapfile|readarray)(?:\s{1,8}(?:-\w{1,8}|"[^"\n]{0,200}"|'[^'\n]{0,200}')){0,8}((?:\s{1,8}[\w-]{1,100}){1,12})/g,
  )) {
    for (const name of (found[1] ?? '').trim().split(/\s+/)) note(name, found.index);
  }
  for (const found of text.matchAll(/\bprintf\s{1,8}-v\s{1,8}(\w{1,100})/g)) note(found[1], found.index);
  return first;
}

function angle(place: Place): Placeholder | null {
  const other = matchAt(DOUBLE_ANGLE, place) ?? matchAt(ANGLE_PATH, place);
  if (other?.[1]) return placeholder(other[1], other[0], place.at);
  const found = matchAt(ANGLE, place);
  const name = found?.[1];
  if (!found || !name || NOT_ANGLE.test(name) || previous(place) === '<') return null;
  if (place.closed.has(name.split(/\s/)[0] ?? name)) return null;
  return placeholder(name, found[0], place.at);
}

function braces(place: Place): Placeholder | null {
  const last = previous(place);
  if (last === '$' || last === '{') return null;
  const mustache = matchAt(MUSTACHE, place);
  if (mustache?.[1] && !NOT_MUSTACHE.test(mustache[1])) {
    return placeholder(mustache[1], mustache[0], place.at);
  }
  const single = matchAt(BRACE, place);
  const next = place.text[place.at + (single?.[0].length ?? 0)] ?? '';
  if (!single?.[1] || NOT_BRACE.test(single[1]) || /[%#\\]/.test(last) || next === '}') return null;
  if (last === '@' && GIT_NAME.test(single[1])) return null;
  const whole = last === "'" && next === "'" && before(place, 2).startsWith('=');
  if (place.quoting === 'single' && !/[/=:-]/.test(last) && !whole) return null;
  return placeholder(single[1], single[0], place.at);
}

const NAMED_SQUARE =
  /^path\/|^[A-Z][A-Z0-9_ -]+$|[a-z][_ -][a-z]|^(?:name|host|hostname|pod|node|namespace|cluster|user|username|server|id|ip|port|path|file|region|bucket|service|switch|vlan|interface|instance|container|image|version|tag|group|project|environment|domain|database|table|key|value|number|date|device|disk|volume|topic|queue)$/;

/** `[NAME]` or `[pod-name]` as a word or the end of one; not a test, an index, an option or a character class. */
function square(place: Place): Placeholder | null {
  if (!/^$|[\w\s/=:@."']/.test(previous(place))) return null;
  const found = matchAt(SQUARE, place);
  const name = found?.[1];
  if (!found || !name || !NAMED_SQUARE.test(name)) return null;
  // In the text of a program only words, as no pattern and no index has them.
  const literal = place.quoting === 'single' && !place.statement;
  if (literal && (/\w/.test(previous(place)) || !/^[A-Za-z]{2,}(?:[ _-][A-Za-z]{2,}){1,8}$/.test(name)))
    return null;
  if (/\w/.test(previous(place)) && (place.quoting !== 'none' || !/^[a-z]+$/.test(name))) return null;
  if (/^[a-z]-[a-z]$/i.test(name) || /^(?:OPTIONS?|FLAGS?|ARGS?)$/i.test(name)) return null;
  const after = place.text.slice(place.at + found[0].length, place.at + found[0].length + 4);
  // A unit may follow: `-L [new size]G`.
  return /^(?:$|[\s/:;,.@|&)"'\\-]|[KMGT]i?B?(?:\s|$))/.test(after)
    ? placeholder(name, found[0], place.at)
    : null;
}

/** `curl -H 'Authorization: Bearer $TOKEN'`: nothing would be put there but by a person. */
const isSentAsItIs = ({ text, at }: Place): boolean =>
  /^\$\{?[A-Z][A-Z0-9_]{2,}/.test(text.slice(at, at + 8)) &&
  /(?:^|[\s|;&(])curl\s[^|;]*$/.test(text.slice(Math.max(0, at - 1000), at));

function dollar(place: Place): Placeholder | null {
  // The single quotes of a statement of SQL are no shell's.
  if (place.quoting === 'single' && !place.statement && !isSentAsItIs(place)) return null;
  if (previous(place) === '\\') return null;
  if (place.statement && /\w/.test(previous(place))) return null;
  const found = matchAt(DOLLAR, place);
  const name = found?.[1] ?? found?.[2];
  if (!found || !name || ENVIRONMENT.test(name) || AWK_OWN.test(name)) return null;
  const set = place.assigned.get(name);
  // `TOKEN=$TOKEN` reads what was there before.
  if (set !== undefined && set < place.at && /\S\s/.test(place.text.slice(set, place.at))) return null;
  const operation = found[3] ?? '';
  if (/^:?[-=?+]/.test(operation)) return null;
  return { name, spelling: found[0], start: place.at, bindable: operation === '' };
}

/** `OSD_ID` or `YOUR_POD` standing as a whole word where a value is expected. */
function capitals(place: Place): Placeholder | null {
  if (!/[\s/=:@"'.]/.test(previous(place))) return null;
  const found = matchAt(CAPITALS, place);
  if (!found || place.assigned.has(found[0])) return null;
  if (
    /(?:^|[\s;])(?:export|unset|printenv|read|declare|local|readonly|-e|--env|-v)[\s=]+$/.test(
      before(place, 40),
    )
  )
    return null;
  if (place.quoting !== 'none' && !/["'=:/@]/.test(previous(place))) return null;
  // The key of an object: `"DB_USER": "app"`.
  if (/^["']\s?:/.test(place.text.slice(place.at + found[0].length, place.at + found[0].length + 3)))
    return null;
  return placeholder(found[0], found[0], place.at);
}

/** A run of X that stands for a secret; it takes the name it is assigned to. */
function crosses(place: Place): Placeholder | null {
  if (!/[\s/=:@"'.-]/.test(previous(place))) return null;
  const found = matchAt(CROSSES, place);
  if (!found || /\w/.test(place.text[place.at + found[0].length] ?? '')) return null;
  const assigned = /(?:^|[\s;"'])([A-Za-z_]\w{0,100})=["']?$/.exec(before(place, 120))?.[1];
  return placeholder(assigned ?? found[0].toLowerCase(), found[0], place.at);
}

/** `|release|`: what reStructuredText puts there when the page is built. */
function reference(place: Place): Placeholder | null {
  const found = !place.program && /[\s/=:@-]/.test(previous(place)) ? matchAt(REFERENCE, place) : null;
  return found?.[1] ? placeholder(found[1], found[0], place.at) : null;
}

/** The mark that waits for a value here, or null. */
function markAt(place: Place): Placeholder | null {
  switch (place.text[place.at]) {
    case '<':
      return angle(place);
    case '{':
      return braces(place);
    case '[':
      return square(place);
    case '$':
      return dollar(place);
    case '|':
      return reference(place);
    case 'X':
      return crosses(place) ?? capitals(place);
    default:
      return /[A-Z]/.test(place.text[place.at] ?? '') ? capitals(place) : null;
  }
}

const SQL_INSIDE =
  /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|GRANT|REVOKE|SHOW|VACUUM|ANALYZE|TRUNCATE|REINDEX|EXPLAIN|SET)\s+[\w*"'(:]/i;

/** Ruby, Python and the like: a method called on a value, an assignment with blanks, an import. */
const PROGRAM = /^[\w.@:[\]"'()]+\.\w+[(!?]|^\w+(?:, \w+)* = |^(?:from|import|require|puts|print)\b|=>/;

/** Which words without marks count, and which literals the runbook says to replace. */
interface Words {
  accepts(spelling: string): boolean;
  readonly literals: readonly string[];
}

/** A literal that the text says to replace, where it stands as a word of its own. */
function literalAt({ text, at }: Place, literals: readonly string[]): Placeholder | null {
  const found = literals.find((each) => {
    const inWord = /^\d+$/.test(each) ? /\d/ : /[\w-]/;
    return (
      text.startsWith(each, at) &&
      !inWord.test(text[at - 1] ?? '') &&
      !inWord.test(text[at + each.length] ?? '')
    );
  });
  return found ? placeholder(found, found, at) : null;
}

function placeholderAt(place: Place, { accepts, literals }: Words): Placeholder | null {
  const marked = literalAt(place, literals) ?? markAt(place);
  if (marked) return marked;
  const word = wordAt(place);
  return word && accepts(word.spelling) ? word : null;
}

function search(text: string, names: ReadonlySet<string>, words: Words): Placeholder[] {
  const found: Placeholder[] = [];
  const quoting = quotings(text);
  const statement = isSql(text);
  const place: Place = {
    text,
    at: 0,
    quoting: 'none',
    assigned: assignedNames(text),
    closed: new Set([...text.matchAll(/<\/([A-Za-z][\w.-]{0,78})/g)].map((tag) => tag[1] ?? '')),
    statement,
    sql: statement || SQL_INSIDE.test(text.slice(0, 4000)),
    program: PROGRAM.test(text.slice(0, 2000)),
    names,
  };
  while (place.at < text.length) {
    place.quoting = quoting[place.at] ?? 'none';
    const skipped =
      place.quoting === 'comment' || (place.quoting === 'literal-heredoc' && text[place.at] === '$');
    const one = skipped ? null : placeholderAt(place, words);
    if (one) found.push(one);
    place.at = one ? one.start + one.spelling.length : place.at + 1;
  }
  return found;
}

const inCapitals = (word: string): boolean => /^[A-Z][A-Z0-9_-]*$/.test(word);

/** A literal that may be replaced wherever it stands: with a digit, a hyphen or an underscore in it, or an example's domain. */
const isLiteral = (word: string): boolean =>
  /^[\w.@-]{2,}$/.test(word) && /[\d_-]|\bexample\.(?:com|org|net)$/.test(word) && !inCapitals(word);

/**
 * The placeholders of a command in order; they never overlap. Marked ones always (`<pod>`, `$POD`, `OSD_ID`); words
 * without marks only in the `declared` spellings, those of the runbook's own inputs. Look-alikes of shell, jq, awk and
 * templates are left.
 */
export function findPlaceholders(text: string, declared: readonly string[] = []): Placeholder[] {
  const known = new Set(declared);
  return search(text, new Set(declared.filter(inCapitals)), {
    accepts: (spelling) => known.has(spelling),
    literals: declared.filter(isLiteral),
  });
}

/** The same, with every word that seems to wait for a value. `announced` are words that the runbook says to replace. */
export function findCandidates(text: string, announced: readonly string[]): Placeholder[] {
  return search(text, new Set(announced.filter(inCapitals)), {
    accepts: () => true,
    literals: announced.filter(isLiteral),
  });
}

const INNER_SHELL =
  /\b(?:(?:ba|z|k|da)?sh\s+-\w*c\s+|alias\s+[\w-]+=)'([^']{1,4000})'|\bssh\s+(?:-\S+\s+){0,6}\S+\s+'([^']{1,4000})'/g;

const DEFAULTED = /\$\{([A-Za-z_]\w{0,100}):?[-=?+]/g;

/** `${REGION:-eu-west-1}`: a variable that may be set and need not be. */
function defaultedNames(text: string): string[] {
  const quoting = quotings(text);
  const assigned = assignedNames(text);
  return [...text.matchAll(DEFAULTED)].flatMap(({ 1: name = '', index }) =>
    quoting[index] === 'single' || assigned.has(name) || ENVIRONMENT.test(name) ? [] : [name],
  );
}

/**
 * Variables that nobody fills in: what a shell inside the command reads from its own surroundings,
 * `ssh db 'echo "$PGDATA"'`, and what has a default where it is read.
 */
export function innerNames(text: string): string[] {
  const inner = [...text.slice(0, 16_384).matchAll(INNER_SHELL)].flatMap((found) => {
    const shell = found[1] ?? found[2] ?? '';
    const assigned = assignedNames(shell);
    return findPlaceholders(shell)
      .filter(({ spelling, name }) => spelling.startsWith('$') && !assigned.has(name))
      .map(({ name }) => name)
      .concat(defaultedNames(shell));
  });
  return inner.concat(defaultedNames(text.slice(0, 16_384)));
}
