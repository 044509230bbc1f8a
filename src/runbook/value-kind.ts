import type { VariableType } from './runbook.ts';
import type { ValuePlace } from './value-place.ts';

/** An input, as far as it says what its value may be. */
export interface Named {
  readonly name: string;
  readonly type: VariableType;
}

/** What a value is, by the type and the name of its input. */
export type Kind =
  | 'name'
  | 'host'
  | 'integer'
  | 'quantity'
  | 'url'
  | 'path'
  | 'sentence'
  | 'condition'
  | 'time'
  | 'pattern'
  | 'json'
  | 'text';

/** The end of the sentence about a value that fits its input and not its place. */
export const NOT_HERE = 'holds a character that is not allowed where it stands.';

/** Kinds of values by the last words of a name, where the type of a variable says too little. */
const SENTENCE = /(^|_)(message|reason|text|subject|comment|description|note|msg|title|body|summary|cause)$/;
const PATH =
  /(^|_)(path|file|filename|dir|directory|folder|mount|mountpoint|archive|src|source|dst|dest|destination|target_path|key|object)$/;
const CONDITION = /(^|_)(selector|labels|query|filter|expression|expr|condition)$/;
const QUANTITY = /(^|_)(size|days|hours|minutes|seconds|timeout|weight|limit|duration|interval)$/;
const TIME = /(^|_)(since|until|when|time|date|timestamp|start|end)$/;
const PATTERN = /(^|_)(pattern|regex|regexp)$/;
const JSON_TEXT = /(^|_)(json|patch|payload|data)$/;
/** Beginnings of URLs that name a service, and no file or program. */
export const SCHEMES =
  /^(https?|ftps?|sftp|ssh|git|s3|gs|rediss?|amqps?|postgres(ql)?|mysql|mongodb(\+srv)?|ldaps?|tcp|wss?|oci|docker|rsync|jdbc:[a-z]+):\/\/[A-Za-z0-9[]/;
/** A host name or an address, perhaps with a port. */
export const HOST = /^[A-Za-z0-9_](?:[A-Za-z0-9._:%-]*[A-Za-z0-9.])?$/;
const HOSTS = /^[A-Za-z0-9][A-Za-z0-9.:-]*(,[A-Za-z0-9][A-Za-z0-9.:-]*)+$/;

/** The name of an input in snake case. */
export const keyOf = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');

/** The kind of value that an input takes. */
export function kindOf(name: string, type: VariableType): Kind {
  const key = keyOf(name);
  if (QUANTITY.test(key)) return 'quantity';
  if (type === 'kubernetes-name') return 'name';
  if (type === 'integer' || type === 'host' || type === 'url') return type;
  if (type === 'path' || PATH.test(key)) return 'path';
  if (SENTENCE.test(key)) return 'sentence';
  if (TIME.test(key)) return 'time';
  if (PATTERN.test(key)) return 'pattern';
  if (JSON_TEXT.test(key)) return 'json';
  return CONDITION.test(key) ? 'condition' : 'text';
}

/** Programs whose namespaces are not those of Kubernetes. */
const OWN_NAMESPACES = /^(aws|vault|nomad)$/;
/** `5 minutes`. */
const WORDED = /^\d+ (second|minute|hour|day|week|month|year)s?$/;

/** `+7` means "more than" to find and "from" to tail. */
const signless = (value: string, { program, option }: ValuePlace): string =>
  /^(find|tail)$/.test(program) && option.startsWith('-') ? value.replace(/^\+/, '') : value;

/** Says why a value is none of this kind, as the end of "The value of x …", or null. */
export function refuseKind(kind: Kind, value: string, place: ValuePlace): string | null {
  switch (kind) {
    case 'name':
      if (OWN_NAMESPACES.test(place.program)) return /^[A-Za-z0-9][\w./-]*$/.test(value) ? null : NOT_HERE;
      return /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(value)
        ? null
        : 'must be a Kubernetes name: lower-case letters, digits, dots and hyphens.';
    case 'host':
      if (/^(terraform|tofu)$/.test(place.program)) return /^[\w./:@[\]"-]+$/.test(value) ? null : NOT_HERE;
      return (HOST.test(value) && !value.includes('..')) ||
        (!place.before.includes('://') && HOSTS.test(value))
        ? null
        : 'must be a host name or an address.';
    case 'integer':
      return /^-?\d{1,18}$/.test(signless(value, place)) ? null : 'must be a whole number.';
    case 'quantity':
      if (place.quoting !== 'none' && WORDED.test(value)) return null;
      return /^-?\d+(\.\d+)?[A-Za-z%]{0,3}(\d+[a-z]{1,2})*$/.test(signless(value, place))
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
    case 'time':
    case 'pattern':
    case 'json':
    case 'text':
      return null;
    default:
      return kind satisfies never;
  }
}
