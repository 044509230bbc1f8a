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
  /(?:your(?:user)?|my(?:user|role|group|host|cluster|bucket))name(?![a-z])|(?:your|enter|insert|replace|change)[_-][a-z0-9](?:[a-z0-9_-]{0,60}[a-z0-9])?|[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*[_-]here(?![\w-])/y;
const LEFT_OUT = /\.{3}|…/y;
const DATE = /Y{2,4}[-_/.]?MM[-_/.]?DD(?:[-_T ]?HH[-:]?MM(?:[-:]?SS)?)?/y;
const SAMPLE =
  /(?:my|some|example|dummy|foo|bar|changeme|change-me|redacted|secret|placeholder)(?:[-_.][a-z0-9]+){0,6}/y;
const PHRASE = /(["'])([A-Z][A-Z0-9]*(?: [A-Z][A-Z0-9]*){1,6})\1/y;
const DESCRIBED =
  /[a-z][a-z0-9]*(?:-[a-z0-9]+)*-(?:name|id|ip|address|hostname|namespace)(?![\w-])|[a-z][a-z0-9]*(?:_[a-z0-9]+)*_(?:name|id|ip|address|hostname|namespace)(?!\w)|[a-z]+(?:[A-Z][a-z0-9]*)*(?:Name|Id|Ip|ID|IP)(?!\w)/y;
const NAMED_BIND = /:([a-z_][a-z0-9_]{1,60})(?![\w:])/y;

/** `%NAME%`, `@NAME@`, `__NAME__`. */
const DOUBLE = /%([A-Z][A-Z0-9_]{2,60})%|@@?([A-Z][A-Z0-9_]{2,60})@@?|__([A-Z][A-Z0-9_]{1,60}[A-Z0-9])__/y;
/** `<ip|ipv6>`, `<"Used By" field>`: more than a name between the marks. */
const SPOKEN = /<([A-Za-z"][\w .,:'"/|+()=#@&-]{0,78}[\w.)'"-])>/y;

function doubled(place: Place): Placeholder | null {
  const found = matchAt(DOUBLE, place);
  const name = found?.slice(1).find((group) => group !== undefined);
  return found && name && !/\w/.test(previous(place)) ? placeholder(name, found[0], place.at) : null;
}

function spoken(place: Place): Placeholder | null {
  const found = matchAt(SPOKEN, place);
  const name = found?.[1];
  if (!found || !name || !/[|"+()=#@&]/.test(name) || previous(place) === '<') return null;
  return placeholder(name, found[0], place.at);
}

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

/** `--replicas=N`, `osd.X`: one letter as the value of an option or the end of a name. */
function letter(place: Place): Placeholder | null {
  const char = place.text[place.at] ?? '';
  if (place.quoting !== 'none' || /\w/.test(place.text[place.at + 1] ?? '')) return null;
  if (
    !/(?:--[\w-]{2,40}[= ]|[a-z]\.|[a-z][/=])$/.test(before(place, 50)) ||
    /[-.]\w/.test(place.text.slice(place.at + 1, place.at + 3))
  )
    return null;
  return placeholder(char, char, place.at);
}

/** `podName`, `pod-name`, `pod_name` as an operand of its own. */
function described(place: Place): Placeholder | null {
  if (place.quoting !== 'none' || place.sql || place.program || !/^$|[\s/=]/.test(previous(place)))
    return null;
  const found = matchAt(DESCRIBED, place);
  if (!found || place.at === 0 || !/^$|[\s/:]/.test(place.text[place.at + found[0].length] ?? ''))
    return null;
  // A word that is followed by an argument of its own is a subcommand: `ip helper-address 10.0.0.1`.
  const next = place.text.slice(place.at + found[0].length, place.at + found[0].length + 3);
  const operand =
    /(?:^|\s)--?\w[\w-]*[\s=]$|[/=]$/.test(before(place, 40)) || /^\s*(?:$|[-|;&>)\n])/.test(next);
  if (!operand || NAMES_FOLLOW.test(before(place, 60)) || /(?:^|[|;&(]\s{0,3})$/.test(before(place, 4)))
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
  const assigned = /([A-Za-z_]\w{0,100})=["']?$/.exec(before(place, 120))?.[1];
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
  if (!spelling || /[\w/-]/.test(place.text[place.at + spelling.length] ?? '')) return null;
  return { name, spelling, start: place.at, bindable: true };
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
  }
  if (/[A-Z]/.test(char)) return date(place) ?? crosses(place) ?? capitals(place) ?? letter(place);
  if (!/[a-z]/.test(char) || /\w/.test(previous(place))) return null;
  return dummy(place) ?? sampleValue(place) ?? crosses(place) ?? described(place);
}
