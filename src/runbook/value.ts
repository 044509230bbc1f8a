import type { VariableType } from './runbook.ts';

/** Where in a command a value will stand. */
export interface ValuePlace {
  /** How the shell quotes it there. */
  readonly quoting: 'none' | 'single' | 'double' | 'heredoc';
  /** True when nothing of its word stands before it, so that it decides whether the word is an option. */
  readonly startsWord: boolean;
  /** True inside open braces of a bare word, of which bash may make several words. */
  readonly inBraces: boolean;
  /** The word so far, its quotes left out. */
  readonly before: string;
  /** What reads the word again after the shell. */
  readonly reader: Reader;
  /** The quote that is open in the text for that reader, or none. */
  readonly innerQuote: '' | "'" | '"';
  readonly program: string;
}

/** `plain`: no one; `shell`: another shell; `other`: part of the shell's own grammar; the rest read a language or a format. */
export type Reader = 'plain' | 'shell' | 'sql' | 'json' | 'filter' | 'code' | 'other';

export interface Named {
  readonly name: string;
  readonly type: VariableType;
}

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

/** Kinds of values by the last words of a name, where the type of a variable says too little. */
const SENTENCE = /(^|_)(message|reason|text|subject|comment|description|note|title|body|summary|cause)$/;
const PATH =
  /(^|_)(path|file|filename|dir|directory|folder|mount|mountpoint|archive|src|source|dst|dest|destination|target_path|key|object)$/;
const CONDITION = /(^|_)(selector|query|filter|expression|expr|condition)$/;
const QUANTITY = /(^|_)(size|days|hours|minutes|seconds|timeout|weight|limit|duration|interval)$/;
const SCHEMES =
  /^(https?|ftps?|sftp|ssh|git|s3|gs|rediss?|amqps?|postgres(ql)?|mysql|mongodb(\+srv)?|ldaps?|tcp|wss?|oci|docker|rsync|jdbc:[a-z]+):\/\/[A-Za-z0-9[]/;
const HOST = /^[A-Za-z0-9_](?:[A-Za-z0-9._:%-]*[A-Za-z0-9.])?$/;
const HOSTS = /^[A-Za-z0-9][A-Za-z0-9.:-]*(,[A-Za-z0-9][A-Za-z0-9.:-]*)+$/;

/** Says what a value may not be here, as the end of the sentence "The value of x …", or null when it may stand. */
export function refuseValue({ name, type }: Named, value: string, place: ValuePlace): string | null {
  if (value === '') return 'is empty. Type one.';
  if (HIDDEN.test(value)) return 'holds a line break, a control character or one that cannot be seen.';
  if (MIXED.test(value) || hasForms(value))
    return 'mixes letters of two alphabets that look alike. Type it again.';
  if (/`|\$(?![\s)|]|$)|<[A-Za-z][^<>]*>|\{\{/.test(value))
    return 'holds a substitution, or an input that is still to be filled in.';
  if (/(^|[/\\])\.\.([/\\]|$)/.test(value) || value === '.')
    return 'leaves the folder it stands in. Use a path without "..".';
  if (place.startsWord && /^[-@=~\u2010-\u2015\u2212]/u.test(value))
    return `begins with "${value[0]}", which gives the word another meaning.`;
  if (value.startsWith('@') && place.before.endsWith('='))
    return 'begins with "@", which may stand for a file.';
  if (place.inBraces && (!INERT.test(value) || /,|\.\./.test(value)))
    return 'stands inside braces, where "," and ".." would add words.';
  if (/(^|[=:])~/.test(value)) return 'begins with "~", which stands for a home folder.';
  const kind = kindOf(name, type);
  const long = kind === 'name' || kind === 'host' || kind === 'integer' ? MAX_NAME : MAX_TEXT;
  if (value.length > long) return `is longer than ${long} characters. Use a shorter one.`;
  if (value !== value.trim() && (place.quoting === 'none' || kind !== 'text'))
    return 'begins or ends with a blank.';
  return refuseKind(kind, value, place) ?? refusePlace(kind, value, place);
}

type Kind = 'name' | 'host' | 'integer' | 'quantity' | 'url' | 'path' | 'sentence' | 'condition' | 'text';

function kindOf(name: string, type: VariableType): Kind {
  const key = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');
  if (QUANTITY.test(key)) return 'quantity';
  if (type === 'kubernetes-name') return 'name';
  if (type === 'integer' || type === 'host' || type === 'url') return type;
  if (type === 'path' || PATH.test(key)) return 'path';
  if (SENTENCE.test(key)) return 'sentence';
  return CONDITION.test(key) ? 'condition' : 'text';
}

function refuseKind(kind: Kind, value: string, place: ValuePlace): string | null {
  switch (kind) {
    case 'name':
      return /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(value)
        ? null
        : 'must be a Kubernetes name: lower-case letters, digits, dots and hyphens.';
    case 'host':
      if (/^(terraform|tofu)$/.test(place.program)) return null;
      return (HOST.test(value) && !value.includes('..')) ||
        (!place.before.includes('://') && HOSTS.test(value))
        ? null
        : 'must be a host name or an address.';
    case 'integer':
      return /^-?\d{1,18}$/.test(value) ? null : 'must be a whole number.';
    case 'quantity':
      return /^-?\d+(\.\d+)?[A-Za-z%]{0,3}(\d+[a-z]{1,2})*$/.test(value)
        ? null
        : 'must be a number, or one with a unit.';
    case 'url':
      if (/[\s"'<>\\^{|}]|^https?:\/\/[^/?#]*@/.test(value))
        return 'must be a plain URL, without blanks, quotes or an account.';
      return SCHEMES.test(value) ||
        /^[\w.-]+@[\w.-]+:[\w./-]+$/.test(value) ||
        /^[A-Za-z0-9][\w.-]*(:\d+)?(\/[\w./-]*)?$/.test(value)
        ? null
        : 'must be a URL such as https://example.com/path.';
    case 'path':
    case 'sentence':
    case 'condition':
    case 'text':
      return null;
    default:
      return kind satisfies never;
  }
}

/** Programs that read a text once more inside a text for a shell. */
const READS_AGAIN =
  /(^|[\s;|&('"])(\w*sh|eval|su|sudo|awk|sed|perl|python\d?|ruby|node|php|psql|mysql|mongosh|redis-cli|xargs|find|env|jq|watch|docker|kubectl)\s/;
/** What stands before a value in SQL, where only numbers are no text, name or condition. */
const COMPARED = /([=<>(,+*/-]|\b(limit|offset|kill|in|between|and|or|like|top))\s*$/i;

const NOT_HERE = 'holds a character that is not allowed where it stands.';

function refusePlace(kind: Kind, value: string, place: ValuePlace): string | null {
  const fits = (pattern: RegExp): string | null => (pattern.test(value) ? null : NOT_HERE);
  switch (place.reader) {
    case 'shell':
      return place.innerQuote === '' || READS_AGAIN.test(place.before)
        ? fits(INERT)
        : fits(/^[\w./:@%+,=~^!?*()[\]{}|&;<># -]+$/);
    case 'sql':
      if (place.innerQuote === '')
        return fits(COMPARED.test(place.before) ? /^-?\d+(\.\d+)?(, ?-?\d+(\.\d+)?)*$/ : /^[\w.]+$/);
      return /['"\\;`]|--|\/\*/.test(value) ? NOT_HERE : null;
    case 'json':
      if (place.innerQuote === '') return fits(/^(-?\d+(\.\d+)?|true|false|null)$/);
      return /["\\]/.test(value) ? NOT_HERE : refuseQuoted(value, place);
    case 'filter':
      return place.innerQuote === '' ? fits(/^\w[\w.:@%+,=-]*$/) : fits(/^[\w.:@%+,= -]+$/);
    case 'code':
      return place.innerQuote === '' ? fits(/^-?[\w.]+$/) : fits(/^[\w./:@%+,= -]+$/);
    case 'other':
      return fits(/^[\w./][\w.:/@%-]*$/);
    case 'plain':
      return place.quoting === 'none' ? refuseBare(kind, value, place) : refuseQuoted(value, place);
    default:
      return place.reader satisfies never;
  }
}

/** Outside quotes: what is no plain character is quoted, and a blank is right only in paths and sentences. */
function refuseBare(kind: Kind, value: string, place: ValuePlace): string | null {
  if (/:\/\/$/.test(place.before) && !HOST.test(value)) return 'must be a host name or an address.';
  if (INERT.test(value)) return null;
  const isUrl = kind === 'url' || /(^|=)(?!s3|gs)[a-z][a-z0-9+.-]*:\/\/[^\s]*$/.test(place.before);
  if (isUrl) return /^[\w./:@%+,=~?&#;!()[\]-]+$/.test(value) ? null : NOT_HERE;
  if (value.includes(' ') && !/^(path|sentence|condition)$/.test(kind))
    return 'holds a blank, so it would look like several words.';
  if (/ -/.test(value)) return 'holds a word that looks like an option.';
  const bare = value.replace(/\["[\w./-]+"\]/g, '');
  if (kind === 'text' && /[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]/u.test(bare))
    return NOT_HERE;
  return /^[\p{L}\p{N}_./:@%+,=~^!()[\] -]+$/u.test(bare) ? null : NOT_HERE;
}

/** Inside quotes everything is text; a quote of the same kind is right only as an apostrophe. */
function refuseQuoted(value: string, { quoting }: ValuePlace): string | null {
  if (value.endsWith('\\')) return 'ends in a backslash.';
  if (quoting === 'single' && /(?<!\p{L})'|'(?!\p{L})/u.test(value))
    return 'holds a quote that could end the text around it.';
  if (quoting === 'double' && value.includes('"')) return 'holds a quote that could end the text around it.';
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

/** A word of its own outside quotes. */
export const BARE: ValuePlace = {
  quoting: 'none',
  startsWord: true,
  inBraces: false,
  before: '',
  reader: 'plain',
  innerQuote: '',
  program: '',
};
