import { refuseReading } from './readings.ts';
import { HOST, type Kind, keyOf, kindOf, type Named, NOT_HERE, refuseKind, SCHEMES } from './value-kind.ts';
import { isReadAgain, readPlace, type ValuePlace } from './value-place.ts';

/** The longest name: that of a DNS name (RFC 1035), which also holds any Kubernetes name. */
const MAX_NAME = 253;
/** The longest other value, in UTF-16 units: a long URL. */
export const MAX_TEXT = 1_000;

/** Characters that mean nothing to a shell in any quoting, nor to globbing. */
const INERT = /^[A-Za-z0-9_./:@%+,=-]+$/;
const HIDDEN = /(?! )[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
/** Greek, Cyrillic or Armenian beside Latin letters. */
const MIXED = /[A-Za-z][\u0370-\u058f]|[\u0370-\u058f][A-Za-z]/;
/** Letters that are another form of a plain one: full width, mathematical, ligatures. */
const hasForms = (value: string): boolean =>
  [...value].some((char) => /\p{L}|[\uff01-\uff5e]/u.test(char) && char.normalize('NFKC') !== char);

/** Says what a value may not be here, as the end of the sentence "The value of x …", or null when it may stand. */
export function refuseValue({ name, type }: Named, value: string, place: ValuePlace): string | null {
  if (value.trim() === '') return 'is empty. Type one.';
  if (HIDDEN.test(value)) return 'holds a line break, a control character or one that cannot be seen.';
  if (MIXED.test(value) || hasForms(value))
    return 'mixes letters of two alphabets that look alike. Type it again.';
  const kind = kindOf(name, type);
  if (/`|\$(?![\s)|.]|$)|<[A-Za-z][^<>]*>|\{\{/.test(kind === 'sentence' ? withoutPrices(value) : value))
    return 'holds a substitution, or an input that is still to be filled in.';
  if (/(^|[/\\])\.\.([/\\]|$)/.test(value) || value === '.')
    return 'leaves the folder it stands in. Use a path without "..".';
  const read = readPlace(place);
  if (read.isCommand) return 'would choose the program itself. Write its name in the runbook.';
  if (read.startsWord && /^[-@=~\u2010-\u2015\u2212]/u.test(value) && !isNegative(value, read))
    return `begins with "${value[0]}", which gives the word another meaning.`;
  if (value.startsWith('@') && place.before.endsWith('='))
    return 'begins with "@", which may stand for a file.';
  if (place.inBraces && (!INERT.test(value) || /,|\.\./.test(value)))
    return 'stands inside braces, where "," and ".." would add words.';
  if (/(^|[=:])~(?!")/.test(value)) return 'begins with "~", which stands for a home folder.';
  if (
    (place.startsWord || /=$/.test(place.before)) &&
    /^[a-z][a-z0-9+.-]*:\/\//i.test(value) &&
    !SCHEMES.test(value)
  )
    return 'must be a URL such as https://example.com/path.';
  const long = kind === 'name' || kind === 'host' || kind === 'integer' ? MAX_NAME : MAX_TEXT;
  if (value.length > long) return `is longer than ${long} characters. Use a shorter one.`;
  if (value !== value.trim() && (place.quoting === 'none' || !/^(text|pattern)$/.test(kind)))
    return 'begins or ends with a blank.';
  return (
    refuseKind(kind, value, place) ??
    refuseReading(keyOf(name), value, read) ??
    refuseInUrl(kind, keyOf(name), value, place) ??
    refuseMarks(kind, keyOf(name), value, read) ??
    refusePlace(kind, value, place)
  );
}

/** A sentence without its prices: `costs $5`. Where it stands in double quotes the sign is written as text. */
const withoutPrices = (value: string): string =>
  value.replace(/(?<!\S)\$(?=\d+(?:[.,]\d+)*(?:[.,!?]?(?:\s|$)))/g, '');

/** Where a word may be below zero: kafka-consumer-groups and whatever reads times, find(1), journalctl(1), nice(1). */
const BELOW_ZERO: readonly (readonly [program: RegExp, option: RegExp])[] = [
  [/./, /^--(since|until|shift-by)$/],
  [/^find$/, /^-([acm](time|min)|size)$/],
  [/^journalctl$/, /^(-[SUb]|--boot)$/],
  [/^(re)?nice$/, /^(-n|--adjustment|--priority|renice)$/],
];

const isNegative = (value: string, place: ValuePlace): boolean =>
  /^-\d+(\.\d+)?[A-Za-z]{0,7}$/.test(value) &&
  BELOW_ZERO.some(([program, option]) => program.test(place.program) && option.test(place.option));

/** What stands before a value in SQL, where only numbers are no text, name or condition. */
const COMPARED = /([=<>(,+*/-]|\b(limit|offset|kill|in|between|and|or|like|top))\s*$/i;

/** The pattern or the replacement of a command of sed that is not parted by slashes: `s|a|b|`. */
const INSIDE_S = /^s([|#!@,])(?:(?!\1).)*(?:\1(?:(?!\1).)*)?$/;

function refusePlace(kind: Kind, value: string, place: ValuePlace): string | null {
  const fits = (pattern: RegExp): string | null => (pattern.test(value) ? null : NOT_HERE);
  switch (place.reader) {
    case 'shell':
      return place.innerQuote === '' || isReadAgain(place.before)
        ? fits(INERT)
        : fits(/^[\w./:@%+,=~^!?*()[\]{}|&;<># -]+$/);
    case 'sql':
      if (place.innerQuote === '')
        return fits(COMPARED.test(place.before) ? /^-?\d+(\.\d+)?(, ?-?\d+(\.\d+)?)*$/ : /^[\w.]+$/);
      return /['"\\;`]|--|\/\*/.test(value) ? NOT_HERE : null;
    case 'json':
      if (place.innerQuote === '') return fits(/^(-?\d+(\.\d+)?|true|false|null)$/);
      return /["\\]/.test(value) ? NOT_HERE : refuseQuoted(kind, value, place);
    case 'yaml':
      return place.innerQuote === ''
        ? fits(/^[\w./](?:[\w./@%+=-]|:(?=[^\s:]))*$/)
        : fits(/^[\w./:@%+,=!?() -]+$/);
    case 'filter': {
      const mark = INSIDE_S.exec(place.before)?.[1];
      if (/^g?sed$/.test(place.program) && mark !== undefined)
        return value.includes(mark) ? NOT_HERE : fits(/^[\w/][\w./:@%+,=-]*$/);
      return place.innerQuote === '' ? fits(/^\w[\w.:@%+,=-]*$/) : fits(/^[\w.:@%+,= -]+$/);
    }
    case 'code':
      return place.innerQuote === '' ? fits(/^(-?\d[\w.]*|[\w.]+)$/) : fits(/^[\w./:@%+,= -]+$/);
    case 'other':
      return fits(/^[\w./][\w.:/@%-]*$/);
    case 'plain':
      return place.quoting === 'none' ? refuseBare(kind, value, place) : refuseQuoted(kind, value, place);
    default:
      return place.reader satisfies never;
  }
}

/** Programs that take a pattern for text or for names, and never for what they change. */
const SEARCHES = /^([efz]?grep|zegrep|zfgrep|rg|ag|find|aws)$/;
/** `2026-11-26 18:00 UTC`, `10 min ago`. */
const CLOCK = /^\d[\w:.+/-]*(?: [A-Za-z0-9+][\w:.+/-]*){1,3}$/;
/** What people write: letters, digits, marks of punctuation, an apostrophe inside a word. */
const PROSE = /^(?:[\p{L}\p{M}\p{N} _./:@%+,=^!?()[\]#;\u2010-\u2026-]|(?<=\p{L})'(?=\p{L}))+$/u;

/** What names one thing: it has no blank. */
const IDENTIFIER =
  /(^|_)(pod|container|id|uuid|name|host|hostname|node|unit|service|svc|branch|release|db|database|table|user|username|vm|instance|region|zone|bucket|topic|queue|index|key|tag|image|version|revision|rev|namespace|ns|cluster|deployment|deploy|job|app|env|environment|pid|arn|sha|commit|role|interface|iface|device|vhost|schema|column|stack|context|chart|server|ip|cidr|domain|account)$/;
/** What is of any marks: secrets, and how a browser names itself. */
const ANY_MARKS = /(^|_)(password|passwd|pass|pw|passphrase|secret|token|agent)$/;
/** Programs whose keys are names of files. */
const STORES = /^(aws|gcloud|gsutil|az|mc|rclone|s3cmd|s5cmd|b2)$/;
const SEVERAL = 'holds a blank, so it would look like several words.';

/** In quotes too a plain value holds no operator of a shell, and what names one thing no blank. */
function refuseMarks(kind: Kind, key: string, value: string, place: ValuePlace): string | null {
  if (kind === 'time') return /^[\w:.+/,@ -]+$/.test(value) ? null : NOT_HERE;
  if (kind === 'condition' && /(selector|labels)$/.test(key))
    return /[;&|<>"'\\]/.test(value) ? NOT_HERE : null;
  if (kind === 'path' && / [/~-]/.test(value)) return SEVERAL;
  if ((kind !== 'text' && kind !== 'path') || ANY_MARKS.test(key)) return null;
  const isSearch = kind === 'text' && SEARCHES.test(place.program) && place.program !== 'aws';
  const isOne = IDENTIFIER.test(key);
  if (isSearch && !isOne) return null;
  const mayHaveBlank = isSearch || (STORES.test(place.program) && /key$/.test(key));
  const isOneWord = isOne && !mayHaveBlank && /^(plain|shell)$/.test(place.reader);
  return isOneWord && value.includes(' ') ? SEVERAL : refuseOperators(kind, value, place);
}

/** Options that take a pattern for names, whatever the input is called. */
const TAKES_GLOB = /^-i?(path|name|wholename)$|^--(exclude|include)/;

function refuseOperators(kind: Kind, value: string, place: ValuePlace): string | null {
  const { before, option, quoting } = place;
  const isUrl = before.includes('://');
  const mayBeGlob = isUrl || value.startsWith('{') || TAKES_GLOB.test(before === '' ? option : before);
  if (kind === 'path' && !mayBeGlob && /[*?[\]]/.test(value)) return NOT_HERE;
  const operators = isUrl ? /[;|<>]/ : /[;|<>&]/;
  return quoting !== 'none' && operators.test(value) ? NOT_HERE : null;
}

function isJson(value: string): boolean {
  try {
    return typeof JSON.parse(value) === 'object';
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Part of a URL stays that part: a host adds no path, a path no query, a query no parameter. */
function refuseInUrl(kind: Kind, key: string, value: string, { before }: ValuePlace): string | null {
  const rest = /(?:^|[=\s"'])(?:[a-z][a-z0-9+.-]*):\/\/(\S*)$/.exec(before)?.[1];
  if (rest === undefined) return null;
  if (!/[/?#]/.test(rest)) {
    const fits = rest === '' ? HOST.test(value) : /^[\w.:%-]+$/.test(value);
    return fits ? null : 'must be a host name or an address.';
  }
  const says = 'would change more of the URL than its place.';
  if (/[#\\]|%(?:2e|2f|5c|0|1)/i.test(value) && !/^%2f$/i.test(value)) return says;
  if (rest.includes('?')) return value.includes('&') ? says : null;
  const isOnePart = /(^|_)(id|uuid|name|user)$/.test(key) && /^https?:/.test(before);
  return (kind !== 'path' && value.includes('?')) || (isOnePart && value.includes('/')) ? says : null;
}

/** Outside quotes: what is no plain character is quoted, and a blank is right only where the kind of value has some. */
function refuseBare(kind: Kind, value: string, place: ValuePlace): string | null {
  if (INERT.test(value)) return null;
  if (kind === 'pattern' && SEARCHES.test(place.program)) return null;
  if ((kind === 'json' || kind === 'sentence') && place.startsWord && isJson(value)) return null;
  if (kind === 'time' && CLOCK.test(value)) return null;
  if (kind === 'sentence' && PROSE.test(value) && !/ -/.test(value)) return null;
  const isUrl = kind === 'url' || /(^|=)(?!s3|gs)[a-z][a-z0-9+.-]*:\/\/[^\s]*$/.test(place.before);
  if (isUrl) return /^[\w./:@%+,=~?&#;!()[\]-]+$/.test(value) ? null : NOT_HERE;
  if (value.includes(' ') && !/^(path|sentence|condition)$/.test(kind)) return SEVERAL;
  if (/ -/.test(value)) return 'holds a word that looks like an option.';
  const bare = value.replace(/\["[\w./-]+"\]|\{[\w-]+\}/g, '');
  if (
    /^(text|time|pattern|json)$/.test(kind) &&
    /[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]/u.test(bare)
  )
    return NOT_HERE;
  return /^[\p{L}\p{N}_./:@%+,=~^!()[\] -]+$/u.test(bare) ? null : NOT_HERE;
}

/** Words in double quotes, as a sentence has them: `customer "Acme" says`. */
const SAID = /(?<!\S)"[\p{L}\p{N}](?:[^"]*[\p{L}\p{N}.!?])?"(?=[\s.,!?)]|$)/gu;

/** The text of a matcher, as a query has it: `{job="api"}`. */
const MATCHED = /(?<=[=~] ?)"[^"\\;]*"(?=[ ,)}]|$)/g;

function withoutPairs(kind: Kind, value: string): string {
  if (kind === 'condition') return value.replace(MATCHED, '');
  return kind === 'sentence' && !/[;&|<>\\]/.test(value) ? value.replace(SAID, '') : value;
}

/** Inside quotes everything is text; a quote of the same kind is right only as an apostrophe. */
function refuseQuoted(kind: Kind, value: string, { quoting, innerQuote }: ValuePlace): string | null {
  if (value.endsWith('\\')) return 'ends in a backslash.';
  if (innerQuote !== '' && value.includes(innerQuote))
    return 'holds a quote that could end the text around it.';
  if (quoting === 'single' && /(?<!\p{L})'|'(?!\p{L})/u.test(value))
    return 'holds a quote that could end the text around it.';
  const unpaired = withoutPairs(kind, value);
  if (quoting === 'double' && unpaired.includes('"'))
    return 'holds a quote that could end the text around it.';
  return null;
}

/** The value as it is written at this place, so that the shell reads exactly it. */
export function writeValue(value: string, { quoting }: ValuePlace): string {
  switch (quoting) {
    case 'none':
      return INERT.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
    case 'single':
      return value.replaceAll("'", "'\\''");
    case 'double':
      return value.replace(/[\\"$`]/g, '\\$&');
    case 'heredoc':
      return value.replace(/[\\$`]/g, '\\$&');
    default:
      return quoting satisfies never;
  }
}
