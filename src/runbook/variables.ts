import { findPlaceholders } from './placeholders.ts';
import type { Command, Variable, VariableType } from './runbook.ts';

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

function typeOf(name: string): VariableType {
  const key = variableKey(name.split(/\s(?:e\.g\.|eg|such as|like)\s/i)[0] ?? name);
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

/** The inputs of a runbook: every placeholder of its commands once, with all spellings, in order of appearance. */
export function findVariables(commands: readonly Command[], source: string): Variable[] {
  const found = new Map<string, { name: string; spellings: Set<string> }>();
  for (const command of commands) {
    for (const placeholder of findPlaceholders(command.text)) {
      const key = variableKey(placeholder.name);
      const known = found.get(key) ?? { name: placeholder.name, spellings: new Set<string>() };
      known.spellings.add(placeholder.bindable ? placeholder.spelling : `\${${placeholder.name}}`);
      if (found.size < MAX_VARIABLES || found.has(key)) found.set(key, known);
    }
  }
  const assigned = assignedValues(commands);
  return [...found.values()].map(({ name, spellings }) => ({
    name,
    type: typeOf(name),
    spellings: [...spellings],
    example:
      exampleIn(name) ??
      assigned.get(name) ??
      firstOf(spellings, (spelling) => saidExample(spelling, source)),
  }));
}
