import { validateValue } from '../runbook/bind.ts';
import type { Variable } from '../runbook/runbook.ts';
import { variableKey } from '../runbook/variables.ts';
import type { Particulars } from './incident.ts';

/** `host:web-1`, `pod="api-0"`: how pagers and their templates put labels into a title. */
const LABEL = /\b([a-z][a-z_-]{1,30})\s?[:=]\s?"?([\w.:/@-]{1,253})/gi;
const MAX_READ = 1_000;
const MAX_LABELS = 20;

/** Names that mean the same input. The first is the label's. */
const SAME: readonly (readonly string[])[] = [
  ['service', 'service_name', 'svc', 'app', 'application'],
  ['host', 'hostname', 'host_name', 'server', 'node', 'node_name', 'instance'],
  ['namespace', 'ns', 'namespace_name'],
  ['pod', 'pod_name'],
  ['cluster', 'cluster_name'],
  ['deployment', 'deployment_name'],
];

/**
 * What the page says of a runbook's inputs, to stand in the form as a default that the person sees and can change. Only
 * values that typing them would allow; they are checked again when the form is sent and when they are bound.
 */
export function prefill(about: Particulars, variables: readonly Variable[]): ReadonlyMap<string, string> {
  const said = new Map<string, string>();
  for (const [, label = '', value = ''] of [...about.title.slice(0, MAX_READ).matchAll(LABEL)].slice(
    0,
    MAX_LABELS,
  )) {
    const name = meaning(label);
    if (!said.has(name)) said.set(name, value.replace(/[.:]+$/, ''));
  }
  if (about.service && !said.has('service')) said.set('service', about.service);
  return new Map(
    variables.flatMap((variable) => {
      const value = said.get(meaning(variable.name));
      return value !== undefined && validateValue(variable, value) === null ? [[variable.name, value]] : [];
    }),
  );
}

function meaning(name: string): string {
  const key = variableKey(name);
  return SAME.find((names) => names.includes(key))?.[0] ?? key;
}
