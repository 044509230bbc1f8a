import { findCandidates, innerNames } from './placeholders.ts';
import type { Command, Parse, Variable, VariableType } from './runbook.ts';

/** The last words of a name that say what its value is. Order matters: the first that fits wins. */
const TYPES: readonly (readonly [RegExp, VariableType])[] = [
  [/(?:^|_)(?:url|uri|endpoint|link)$/, 'url'],
  [/(?:^|_)(?:path|dir|directory|file|filename|folder|ledger|mountpoint|mount_point)$/, 'path'],
  [
    /(?:^|_)(?:pod|pods|namespace|ns|deployment|statefulset|sts|daemonset|pvc|pv|configmap|service_account|pod_name|namespace_name|deployment_name)$/,
    'kubernetes-name',
  ],
  [/(?:^|_)(?:host|hostname|ip|ip_address|address|server|fqdn|node|node_name|domain)$/, 'host'],
  [
    /(?:^|_)(?:port|count|number|num|replicas|pid|size|days|hours|minutes|seconds|timeout|weight|limit|n)$/,
    'integer',
  ],
];

/** One form for the spellings of a name: `Pod Name`, `pod-name` and `POD_NAME` are `pod_name`. */
export function variableKey(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
}

/** The type of an input by the last words of its name. */
export function typeOf(name: string): VariableType {
  const [bare = name] = name.split(/\s(?:e\.g\.|eg|such as|like)\s/i);
  const key = variableKey(bare.replace(/([a-z0-9])([A-Z])/g, '$1_$2'));
  return TYPES.find(([pattern]) => pattern.test(key))?.[1] ?? 'text';
}

/** `<file e.g. out.csv>` carries its example. */
function exampleIn(name: string): string | null {
  return /\s(?:e\.g\.|eg|such as|like)\s+(\S+)$/i.exec(name)?.[1] ?? null;
}

const MAX_VARIABLES = 200;
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Values that commands set, `export NAME=value`; a dummy made of X is none. The first one counts. */
function assignedValues(commands: readonly Command[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { text } of commands) {
    const [, name, value] =
      /^(?:export\s+)?([A-Za-z_]\w{0,100})=["']?([\w./:@%+,-]{1,200})["']?\s*$/.exec(text.slice(0, 400)) ??
      [];
    if (name && value && !/^X+$/.test(value) && !values.has(name)) values.set(name, value);
  }
  return values;
}

/** A value that the prose gives for a spelling: `<work_dir>`, for example `/tmp/x`. */
function saidExample(spelling: string, source: string): string | null {
  const said = new RegExp(
    String.raw`${escaped(spelling)}\x60?[^\n\x60]{0,80}?\b(?:e\.g\.|for example|such as|example|like)[ ,:]{0,3}\x60([\w./:@%+,-]{1,200})\x60`,
    'i',
  ).exec(source);
  return said?.[1] ?? null;
}

function firstOf(texts: Iterable<string>, find: (text: string) => string | null): string | null {
  for (const text of texts) {
    const found = find(text);
    if (found !== null) return found;
  }
  return null;
}

/** `Replace 4711 with the pid`, `where `web-0` is your pod`, `where NODE is the host`. */
const TOLD_TO_REPLACE =
  /\b(?:replac(?:e|ing)|substitut(?:e|ing)|swap(?:ping)?)\s{1,4}(?:the\s{1,4})?(?:(?:value|string|text|placeholder|word)s?\s{1,4})?[`'"*]{0,3}([\w./:@-]{1,80})[`'"*]{0,3}\s{1,4}(?:with|by|for|to)\b|\bwhere\s{1,4}(?:[`'"*]{1,3}([\w./:@-]{1,80})[`'"*]{1,3}|([A-Z][A-Z0-9_-]{0,60}))\s{1,4}(?:is|are|stands|refers|means)\b|\bwith\s{1,4}the\s{1,4}(?:relevant|appropriate|correct|right|desired|actual)\s{1,4}[`*]{1,3}([\w./:@-]{1,80})[`*]{1,3}/g;

/** Literals of commands that the text says to replace: sample values, and names in no marks of their own. */
function announcedIn(commands: readonly Command[], text: string): string[] {
  const said = [
    ...text
      .replace(/\bReplac/g, 'replac')
      .replace(/\bSubstitut/g, 'substitut')
      .matchAll(TOLD_TO_REPLACE),
  ].map((found) => found[1] ?? found[2] ?? found[3] ?? found[4] ?? '');
  const words = new Set(commands.flatMap((command) => command.text.split(/[^\w.@-]+|(?<=\d)_(?=\d)/)));
  return [...new Set(said)].filter((word) => isSample(word) && words.has(word)).slice(0, MAX_VARIABLES);
}

/** A word that can stand for a value: with a digit, a hyphen or an underscore in it, in capitals, or an example's domain. */
const isSample = (word: string): boolean =>
  /^[\w.@-]+$/.test(word) &&
  /[\d_-]|^[A-Z]+$|\bexample\.(?:com|org|net)$/.test(word) &&
  !/^-|\.(?:ya?ml|json|sh|py|conf|md)$/.test(word);

interface Found {
  readonly name: string;
  readonly spellings: Set<string>;
}

/** Every name that commands wait for, with its spellings, in order of appearance. */
function namesIn(commands: readonly Command[], announced: readonly string[]): Map<string, Found> {
  const found = new Map<string, Found>();
  const note = (name: string, spelling: string | null): void => {
    const key = variableKey(name);
    const known = found.get(key) ?? { name, spellings: new Set<string>() };
    if (spelling !== null) known.spellings.add(spelling);
    if (key !== '' && (found.size < MAX_VARIABLES || found.has(key))) found.set(key, known);
  };
  for (const { text, sets } of commands) {
    for (const { name, spelling, bindable } of findCandidates(text, announced))
      note(name, bindable ? spelling : `\${${name}}`);
    for (const name of innerNames(text)) note(name, null);
    // What is exported is read by the programs that follow, though none of their commands names it.
    if (/^export\s/.test(text))
      for (const { name, from } of sets ?? []) if (from === 'output') note(name, null);
  }
  return found;
}

/**
 * The inputs of a runbook: every placeholder of its commands once, with all spellings, in order of appearance. A name
 * without spellings is read from the surroundings of an inner shell; nobody fills it in.
 */
export function findVariables(
  commands: readonly Command[],
  text: string,
  declared: ReadonlyMap<string, string> = new Map(),
): Variable[] {
  const announced = announcedIn(commands, text);
  const assigned = assignedValues(commands);
  const outputs = new Set(
    commands.flatMap(({ sets }) => sets ?? []).flatMap(({ name, from }) => (from === 'output' ? [name] : [])),
  );
  return [...namesIn(commands, announced).values()].map(({ name, spellings }) => {
    const value = assigned.get(name) ?? declared.get(name.toLowerCase());
    return {
      name,
      type: typeOf(name),
      spellings: [...spellings],
      example: exampleIn(name) ?? value ?? firstOf(spellings, (spelling) => saidExample(spelling, text)),
      ...(value !== undefined ? { default: value } : {}),
      ...(outputs.has(name) ? { output: true } : {}),
    };
  });
}

/** The variables that a person fills in before a run: those that stand in a command. */
export const inputsOf = ({ variables }: Pick<Parse, 'variables'>): readonly Variable[] =>
  variables.filter(({ spellings }) => spellings.length > 0);
