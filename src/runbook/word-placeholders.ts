import type { Place, Placeholder } from './placeholder.ts';
import { before, matchAt, placeholder, previous } from './placeholder.ts';
import { isValueName } from './value-names.ts';

/**
 * Words that stand for a value without a mark around them: `NAMESPACE`, `sdX`, `your-cluster`, `YYYY-MM-DD`. Each may be
 * just that word in another command, so they are looked for where a runbook is read, and filled in only where it was
 * read so.
 */

const CAPITALS = /[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)*/y;
const CROSSES =
  /(?:[Xx]{1,3}[-.:]){2,7}[Xx]{1,3}|[a-z]{0,20}(?:X{2,80}|x{3,40}|YY|ZZ|NN)|[a-z]{2,20}X(?=\d|$|[^A-Za-z])/y;
const DUMMY =
  /your(?!s\b|self)[a-z]{3,30}|my(?:user|role|group|host|cluster|bucket)name(?![a-z])|your[_-][a-z0-9](?:[a-z0-9_-]{0,60}[a-z0-9])?|your(?:\.[a-z][a-z-]{0,30}){1,5}|(?:enter|insert|replace|change)[_-](?:me|this|with|by|your|the)(?:[_-][a-z0-9]{1,30}){0,6}(?![\w-])|[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*[_-]here(?![\w-])/y;
const LEFT_OUT = /\.{3}|…/y;
const DATE =
  /yyyy([-_/.]?)mm\1dd(?:[T_-]?hh[-:]?mm(?:[-:]?ss)?)?|YYYY[-_/.]MM(?![-_/.\w])|Y{2,4}[-_/.]?MM[-_/.]?DD(?:[-_T ]?HH[-:]?MM(?:[-:]?SS)?)?/y;
const SAMPLE =
  /(?:my|some|example|dummy|foo|bar|changeme|change-me|redacted|secret|placeholder)(?:[-_.][a-z0-9]+){0,6}/y;
const PHRASE = /(["'])([A-Z][A-Z0-9]*(?: [A-Z][A-Z0-9]*){1,6})(?: ?(?:…|\.{3}))?\1/y;
const DESCRIBED =
  /[a-z][a-z0-9]*(?:-[a-z0-9]+)*-(?:name|id|ip|address|hostname|namespace)(?![\w-])|[a-z][a-z0-9]*(?:_[a-z0-9]+)*_(?:name|id|ip|address|hostname|namespace)(?!\w)|[a-z]+(?:[A-Z][a-z0-9]*)*(?:Name|Id|Ip|ID|IP)(?!\w)/y;
const OWN = /my[-_]([a-z][a-z0-9]*(?:[-_][a-z0-9]+){0,4})(?![\w.-])/y;
/** `/path/to/file`. */
const PATH_TO = /\/?path\/to(?:\/[\w.-]{1,60}){1,8}/y;
const NAMED_BIND = /:([a-z_][a-z0-9_]{1,60})(?![\w:])/y;

/** `%NAME%`, `%name%`, `@NAME@`, `__NAME__`. */
const DOUBLE =
  /%([A-Z][A-Z0-9_]{2,60})%|%([a-z][a-z_]{2,60})%(?=\s|$)|@@?([A-Z][A-Z0-9_]{2,60})@@?|__([A-Z][A-Z0-9_]{1,60}[A-Z0-9])__/y;
/** `<ip|ipv6>`, `<"Used By" field>`: more than a name between the marks. */
const SPOKEN = /<([A-Za-z"][\w .,:'"/|+()=#@&-]{0,78}[\w.)'"-])>/y;

function doubled(place: Place): Placeholder | null {
  const found = matchAt(DOUBLE, place);
  const name = found?.slice(1).find((group) => group !== undefined);
  if (found && /^%[a-z]/.test(found[0]) && (place.quoting !== 'none' || !/\s/.test(previous(place))))
    return null;
  return found && name && !/\w/.test(previous(place)) ? placeholder(name, found[0], place.at) : null;
}

function spoken(place: Place): Placeholder | null {
  const found = matchAt(SPOKEN, place);
  const name = found?.[1];
  if (!found || !name || !/[|"+()=#@&]/.test(name) || previous(place) === '<') return null;
  return placeholder(name, found[0], place.at);
}

/** What begins like this is a subcommand: `allocate-ip`. */
const VERB =
  /^(?:(?:de|re|un)?(?:allocate|assign|register)|get|set|list|create|delete|remove|add|show|update|check|describe|find|print|resolve|change|release|rotate|import|export)[-_]/;

/** After these a word in capitals is a name for the program, not a value: an environment variable, a column, a pattern. */
const NAMES_FOLLOW =
  /(?:^|[\s;])(?:export|unset|printenv|read|declare|local|readonly|-e|--env|-v|--arg(?:json)?|-X|--request|-s|--signal|-o|--output|--sort-by|--columns?|e?grep|grep(?:\s+-\w+)+|for|echo|kill)[\s=]+["']?$/;

/** A word in capitals where a value is expected, and whose parts say what value: `OSD_ID`, `NAMESPACE`, `YOUR_POD`. */
function capitals(place: Place): Placeholder | null {
  const last = previous(place);
  if (!/[\s/=:@"'.,[-]/.test(last)) return null;
  const name = matchAt(CAPITALS, place)?.[0];
  if (
    !name ||
    !(isValueName(name) || place.names.has(name) || isArgument(place, name) || isNamed(place, name))
  )
    return null;
  const after = place.text.slice(place.at + name.length, place.at + name.length + 2);
  const explicit = /^(?:YOUR|ENTER|INSERT|REPLACE|CHANGE)|HERE$/.test(name);
  if (
    (place.program && !explicit) ||
    place.assigned.has(name) ||
    /(?:^|[^a-z0-9])\.$|\bs[/|#]$/.test(before(place, 3))
  )
    return null;
  if (/^[\w=({[$]|^:[.\d]|^["']:|^\.[A-Z]/.test(after) || /(?:^|\s)-$/.test(before(place, 2))) return null;
  if (NAMES_FOLLOW.test(before(place, 60)) || insideList(place, name)) return null;
  // In a statement only what a client connects with: `psql "host=HOST dbname=DATABASE" -c …`.
  const connects = /\b(?:host|port|dbname|user|password)=$/.test(before(place, 12));
  if (place.sql && (place.quoting !== 'none' || place.statement) && !explicit && !connects) return null;
  if (place.quoting !== 'none' && !/["'=:/@[]/.test(last)) return null;
  if (place.quoting !== 'none' && !connects && !/^$|^["'/:,.@\]&?-]/.test(after)) return null;
  return { name, spelling: name, start: place.at, bindable: true };
}

/** `color COLOR`: the word before says what it is. */
const isNamed = (place: Place, name: string): boolean =>
  before(place, name.length + 1) === `${name.toLowerCase()} `;

/** `task[CODE,NAME]`: an argument of a task. */
const isArgument = (place: Place, name: string): boolean =>
  name.includes('_') && /\w\[[^[\]\s]*$/.test(before(place, 200));

/** `NAME,TYPE,SIZE`: columns, unless they are the arguments in brackets of a task. */
function insideList(place: Place, name: string): boolean {
  if (place.text.lastIndexOf('[', place.at) > place.text.lastIndexOf(' ', place.at)) return false;
  const next = place.text.slice(place.at + name.length, place.at + name.length + 2);
  return /^,[A-Z]/.test(next) || /[A-Z],$/.test(before(place, 2));
}

/** Words in capitals that fill a pair of quotes: `"YOUR TOKEN HERE"`. */
function phrase(place: Place): Placeholder | null {
  const found = matchAt(PHRASE, place);
  const words = found?.[2];
  if (!found || !words || place.sql || !isValueName(words.replaceAll(' ', '_'))) return null;
  return placeholder(words, words, place.at + 1);
}

/** `x.y.z`, `vX.Y`. */
const RELEASE = /v?(?:x\.y(?:\.z)?|X\.Y(?:\.Z)?)(?![\w.])/y;

function release(place: Place): Placeholder | null {
  const found = /^$|[\s/=:@"'-]/.test(previous(place)) ? matchAt(RELEASE, place) : null;
  return found && !place.program ? placeholder(found[0], found[0], place.at) : null;
}

/** `--replicas=N`, `osd.X`, `kill X`: one letter as the value of an option, the end of a name or a word of its own. */
function letter(place: Place): Placeholder | null {
  const char = place.text[place.at] ?? '';
  if (place.quoting !== 'none' || /\w/.test(place.text[place.at + 1] ?? '')) return null;
  const next = place.text.slice(place.at + 1, place.at + 3);
  const valued = /(?:--[\w-]{2,40}[= ]|[a-z]\.|[a-z][/=])$/.test(before(place, 50)) && !/[-.]\w/.test(next);
  return valued || isWordOfItsOwn(place, next) ? placeholder(char, char, place.at) : null;
}

/** `X` and `N` between blanks; not a name that is read, compared or printed. */
const isWordOfItsOwn = (place: Place, next: string): boolean =>
  /[XN]/.test(place.text[place.at] ?? '') &&
  /[\w})"'>\]]\s$/.test(before(place, 2)) &&
  /^\s?(?:$|[\n;|&)]|-)/.test(next) &&
  !place.sql &&
  !place.program &&
  !place.assigned.has(place.text[place.at] ?? '') &&
  !NAMES_FOLLOW.test(before(place, 60));

/** `podName`, `pod-name`, `pod_name` as an operand of its own. */
function described(place: Place): Placeholder | null {
  if (place.quoting !== 'none' || place.sql || place.program || !/^$|[\s/=]/.test(previous(place)))
    return null;
  const found = matchAt(DESCRIBED, place);
  if (!found || place.at === 0 || !/^$|[\s/:]/.test(place.text[place.at + found[0].length] ?? ''))
    return null;
  if (VERB.test(found[0]) || /\.(?:io|com|org|net)\/$/.test(before(place, 5))) return null;
  // A word that is followed by an argument of its own is a subcommand: `ip helper-address 10.0.0.1`.
  const next = place.text.slice(place.at + found[0].length, place.at + found[0].length + 3);
  const operand =
    /(?:^|\s)--?\w[\w-]*[\s=]$|[/=]$/.test(before(place, 40)) || /^\s*(?:$|[-|;&>)\n])/.test(next);
  if (!operand || NAMES_FOLLOW.test(before(place, 60)) || /(?:^|[|;&(]\s{0,3})$/.test(before(place, 4)))
    return null;
  return placeholder(found[0], found[0], place.at);
}

/** `my-pod` as an operand, by the words that make a name in capitals one for a value. */
function own(place: Place): Placeholder | null {
  if (place.quoting !== 'none' || place.sql || place.program || !/[\s/=]/.test(previous(place))) return null;
  const found = matchAt(OWN, place);
  const what = found?.[1]?.split(/[-_]/).at(-1)?.toUpperCase() ?? '';
  if (!found || !isValueName(what) || !/^$|[\s/:]/.test(place.text[place.at + found[0].length] ?? ''))
    return null;
  return placeholder(found[0], found[0], place.at);
}

/** A run of X, alone or at the end of a word, that stands for a value; it takes the name it is assigned to. */
function crosses(place: Place): Placeholder | null {
  const last = previous(place);
  if (!/^$|[\s/=:@"'.,_-]/.test(last) || /(?:^|\s)-$/.test(before(place, 2))) return null;
  const found = matchAt(CROSSES, place);
  if (!found || /[A-Za-z]/.test(place.text[place.at + found[0].length] ?? '')) return null;
  if (place.quoting !== 'none' && /[\s,]/.test(last) && /[a-z]X$/.test(found[0])) return null;
  const assigned = /(?:^|[\s;"'])([A-Za-z_]\w{0,100})=["']?$/.exec(before(place, 120))?.[1];
  return placeholder(assigned ?? found[0], found[0], place.at);
}

/** `YYYY-MM-DD` or `YYMMDD` where a date belongs; not the format of one. */
function date(place: Place): Placeholder | null {
  const found = matchAt(DATE, place);
  if (!found || /[\w%]/.test(previous(place)) || /\w/.test(place.text[place.at + found[0].length] ?? ''))
    return null;
  return placeholder(found[0], found[0], place.at);
}

/** `your-cluster`, `table_name_here`. */
function dummy(place: Place): Placeholder | null {
  if (!/^$|[\s/=:@"'.,(]/.test(previous(place))) return null;
  const found = matchAt(DUMMY, place);
  if (!found || /[\w(]/.test(place.text[place.at + found[0].length] ?? '')) return null;
  return placeholder(found[0], found[0], place.at);
}

/** A sample that a variable in capitals is set to: `ENVIRONMENT=my-env`, `ID=id`. It takes the name it is assigned to. */
function sampleValue(place: Place): Placeholder | null {
  const name = /(?:^|[\s;])(?:export\s+)?([A-Z][A-Z0-9_]{1,60})=["']?$/.exec(before(place, 120))?.[1];
  if (!name) return null;
  const own = name.toLowerCase();
  const spelling = place.text.startsWith(own, place.at) ? own : matchAt(SAMPLE, place)?.[0];
  if (!spelling || /[\w/:-]/.test(place.text[place.at + spelling.length] ?? '')) return null;
  return { name, spelling, start: place.at, bindable: true };
}

/** `/path/to/file`, under the name of what is set to it where there is one. */
function pathTo(place: Place): Placeholder | null {
  const found = /^$|[\s=:"'@~]/.test(previous(place)) ? matchAt(PATH_TO, place) : null;
  if (!found) return null;
  const name = /(?:^|[\s;])([A-Za-z_]\w{0,100})=["']?$/.exec(before(place, 120))?.[1];
  return placeholder(name ?? found[0].replace(/^\//, ''), found[0], place.at);
}

/** `rake pages:publish[page_id,locale]`: a name for each argument of a task. */
function taskArgument(place: Place): Placeholder | null {
  const name = matchAt(/[a-z]+(?:_[a-z]+)*(?=[,\]])/y, place)?.[0];
  if (
    !name ||
    !isValueName(name.toUpperCase()) ||
    !/\brake\s[^[\]]{1,160}\w\[[^[\]]{0,120}$/.test(before(place, 300))
  )
    return null;
  return placeholder(name, name, place.at);
}

/** `:id` in a statement of SQL; not the cast of a value. */
function namedBind(place: Place): Placeholder | null {
  if (!place.sql || !/[\s(=,<>]/.test(previous(place))) return null;
  const found = matchAt(NAMED_BIND, place);
  return found?.[1] ? placeholder(found[1], found[0], place.at) : null;
}

/** `...` alone as a value that somebody left out: `TOKEN=...`. */
function leftOut(place: Place): Placeholder | null {
  const name = /(?:^|\s)([A-Za-z_]\w{0,100})=["']?$/.exec(before(place, 120))?.[1];
  const found = matchAt(LEFT_OUT, place);
  if (!name || !found || /[^\s"';&|)]/.test(place.text[place.at + found[0].length] ?? ' ')) return null;
  return { name, spelling: found[0], start: place.at, bindable: false };
}

/** The word that waits for a value here, or null. */
export function wordAt(place: Place): Placeholder | null {
  const char = place.text[place.at] ?? '';
  switch (char) {
    case '<':
      return spoken(place);
    case '%':
    case '@':
    case '_':
      return doubled(place);
    case '"':
    case "'":
      return phrase(place);
    case ':':
      return namedBind(place);
    case '.':
    case '…':
      return leftOut(place);
    case '/':
      return pathTo(place);
  }
  if (/[A-Z]/.test(char))
    return date(place) ?? release(place) ?? crosses(place) ?? capitals(place) ?? letter(place);
  if (!/[a-z]/.test(char) || /\w/.test(previous(place))) return null;
  return (
    pathTo(place) ??
    date(place) ??
    release(place) ??
    dummy(place) ??
    sampleValue(place) ??
    crosses(place) ??
    taskArgument(place) ??
    own(place) ??
    described(place)
  );
}
