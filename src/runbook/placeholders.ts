import type { Quoting } from './shell-scan.ts';
import { ShellScan } from './shell-scan.ts';

/** One place in a command that waits for a value. `spelling` is the exact text there. */
export interface Placeholder {
  readonly name: string;
  readonly spelling: string;
  readonly start: number;
  /** False when the text cannot simply be replaced, as in `${NAME%/}`: such a command cannot be filled. */
  readonly bindable: boolean;
}

/** Set by every shell or by the agent for every step; never an input. */
const ENVIRONMENT =
  /^(?:HOME|PATH|USER|LOGNAME|PWD|OLDPWD|SHELL|HOSTNAME|LANG|LC_\w+|TERM|TMPDIR|EDITOR|PAGER|DISPLAY|UID|EUID|GROUPS|RANDOM|SECONDS|LINENO|PPID|SHLVL|IFS|REPLY|OPTARG|OPTIND|COLUMNS|LINES|HOSTTYPE|OSTYPE|MACHTYPE|EPOCHSECONDS|PIPESTATUS|FUNCNAME|BASH\w*|XDG_\w+|DD0C_RUN|DD0C_STEP|DD0C_ATTEMPT|_)$/;

const ANGLE = /<([A-Za-z][\w .,:'/-]{0,78}[\w.)'-]|[A-Za-z])>/y;
const NOT_ANGLE =
  /^(?:none|nil|null|unknown|computed|no value|unset|invalid|br|p|div|span|pre|code|li|ul|ol|td|tr|eof|stdin|stdout)$|:\/\//i;
const MUSTACHE = /\{\{[ \t]?([A-Za-z_][\w.-]{0,78})[ \t]?\}\}/y;
const NOT_MUSTACHE =
  /^(?:end|else|range|if|with|json|printf|block|define|template|now|len|index|join|nil|true|false)$/;
const BRACE = /\{([A-Za-z][\w-]{1,60})\}/y;
const SQUARE = /\[([A-Za-z][\w -]{1,60}\w)\]/y;
const DOLLAR = /\$(?:([A-Za-z_]\w{0,100})|\{([A-Za-z_]\w{0,100})([^\w}][^}]{0,400})?\})/y;
const CAPITALS =
  /(?:(?:YOUR|MY|ENTER|INSERT|REPLACE|CHANGE|SOME|TARGET)_[A-Z0-9_]{1,60}|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:ID|NAME|HERE|IP|HOST|HOSTNAME|PORT|NODE|POD|NAMESPACE|REGION|ZONE|BUCKET|USER|PASSWORD|TOKEN|KEY|URL|PATH|FILE|DIR|CLUSTER|VERSION|NUMBER|DATE|PID|UUID|ADDRESS))(?![\w=.-])/y;
const CROSSES = /X{3,80}/y;

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

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
  for (const found of text.matchAll(/\b(?:read|mapfile|readarray)((?:\s{1,8}[\w-]{1,100}){1,12})/g)) {
    for (const name of (found[1] ?? '').trim().split(/\s+/)) note(name, found.index);
  }
  for (const found of text.matchAll(/\bprintf\s{1,8}-v\s{1,8}(\w{1,100})/g)) note(found[1], found.index);
  return first;
}

interface Place {
  readonly text: string;
  readonly at: number;
  readonly quoting: Quoting;
  readonly assigned: ReadonlyMap<string, number>;
  /** Names of closing tags in the text: `<b>` beside `</b>` is markup. */
  readonly closed: ReadonlySet<string>;
}

const previous = (place: Place): string => place.text[place.at - 1] ?? '';

function angle(place: Place): Placeholder | null {
  const found = matchAt(ANGLE, place.text, place.at);
  const name = found?.[1];
  if (!found || !name || NOT_ANGLE.test(name) || previous(place) === '<') return null;
  if (place.closed.has(name.split(/\s/)[0] ?? name)) return null;
  return { name, spelling: found[0], start: place.at, bindable: true };
}

function braces(place: Place): Placeholder | null {
  const before = previous(place);
  if (before === '$' || before === '{') return null;
  const mustache = matchAt(MUSTACHE, place.text, place.at);
  if (mustache?.[1] && !NOT_MUSTACHE.test(mustache[1])) {
    return { name: mustache[1], spelling: mustache[0], start: place.at, bindable: true };
  }
  const single = matchAt(BRACE, place.text, place.at);
  if (!single?.[1] || /[%#@\\]/.test(before) || place.text[place.at + single[0].length] === '}') return null;
  if (place.quoting === 'single' && !/[/=:-]/.test(before)) return null;
  return { name: single[1], spelling: single[0], start: place.at, bindable: true };
}

/** `[NAME]` or `[pod-name]` as a word or the end of one; not a test, an index, an option or a character class. */
function square(place: Place): Placeholder | null {
  if (place.quoting !== 'none' || !/^$|[\s/=:@]/.test(previous(place))) return null;
  const found = matchAt(SQUARE, place.text, place.at);
  const name = found?.[1];
  if (
    !found ||
    !name ||
    !/^[A-Z][A-Z0-9_ -]+$|[a-z][_ -][a-z]|^(?:name|host|hostname|pod|node|namespace|cluster|user|username|server|id|ip|port|path|file|region|bucket|service)$/.test(
      name,
    )
  )
    return null;
  if (/^[a-z]-[a-z]$/i.test(name) || /^(?:OPTIONS?|FLAGS?|ARGS?)$/i.test(name)) return null;
  const after = place.text[place.at + found[0].length] ?? '';
  return after === '' || /[\s/:;,.@|&)"-]/.test(after)
    ? { name, spelling: found[0], start: place.at, bindable: true }
    : null;
}

function dollar(place: Place): Placeholder | null {
  if (place.quoting === 'single' || previous(place) === '\\') return null;
  const found = matchAt(DOLLAR, place.text, place.at);
  const name = found?.[1] ?? found?.[2];
  if (!found || !name || ENVIRONMENT.test(name)) return null;
  const set = place.assigned.get(name);
  if (set !== undefined && set < place.at) return null;
  const operation = found[3] ?? '';
  if (/^:?[-=?+]/.test(operation)) return null;
  return { name, spelling: found[0], start: place.at, bindable: operation === '' };
}

/** `OSD_ID` or `YOUR_POD` standing as a whole word where a value is expected. */
function capitals(place: Place): Placeholder | null {
  if (!/[\s/=:@"'.]/.test(previous(place))) return null;
  const found = matchAt(CAPITALS, place.text, place.at);
  if (!found) return null;
  const before = place.text.slice(Math.max(0, place.at - 40), place.at);
  if (/(?:^|[\s;])(?:export|unset|printenv|read|declare|local|readonly|-e|--env|-v)[\s=]+$/.test(before))
    return null;
  if (place.quoting !== 'none' && !/["'=:/@]/.test(previous(place))) return null;
  return { name: found[0], spelling: found[0], start: place.at, bindable: true };
}

/** A run of X that stands for a secret; it takes the name it is assigned to. */
function crosses(place: Place): Placeholder | null {
  if (!/[\s/=:@"'.-]/.test(previous(place))) return null;
  const found = matchAt(CROSSES, place.text, place.at);
  if (!found || /\w/.test(place.text[place.at + found[0].length] ?? '')) return null;
  const assigned = /([A-Za-z_]\w{0,100})=["']?$/.exec(
    place.text.slice(Math.max(0, place.at - 120), place.at),
  )?.[1];
  return { name: assigned ?? found[0].toLowerCase(), spelling: found[0], start: place.at, bindable: true };
}

function placeholderAt(place: Place): Placeholder | null {
  switch (place.text[place.at]) {
    case '<':
      return angle(place);
    case '{':
      return braces(place);
    case '[':
      return square(place);
    case '$':
      return dollar(place);
    case 'X':
      return crosses(place) ?? capitals(place);
    default:
      return /[A-Z]/.test(place.text[place.at] ?? '') ? capitals(place) : null;
  }
}

/** Every placeholder of a command in order; they never overlap. Look-alikes of shell, jq, awk and templates are left. */
export function findPlaceholders(text: string): Placeholder[] {
  const found: Placeholder[] = [];
  const quoting = quotings(text);
  const assigned = assignedNames(text);
  const closed = new Set([...text.matchAll(/<\/([A-Za-z][\w.-]{0,78})/g)].map((tag) => tag[1] ?? ''));
  let at = 0;
  while (at < text.length) {
    const how = quoting[at] ?? 'none';
    const one =
      how === 'comment' || (how === 'literal-heredoc' && text[at] === '$')
        ? null
        : placeholderAt({ text, at, quoting: how, assigned, closed });
    if (one) found.push(one);
    at += one ? one.spelling.length : 1;
  }
  return found;
}
