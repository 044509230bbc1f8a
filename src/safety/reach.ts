import { type Option, type Parsed, split } from './getopt.ts';
import type { Entry } from './knowledge.ts';
import { basename, type Invocation } from './model.ts';

/** Options that mean the same in whatever tool has them. */
const REACH: Readonly<Record<string, string>> = {
  '--all-namespaces': 'every namespace',
  '--all': 'everything of its kind',
  '--recursive': 'everything below',
  '--no-preserve-root': 'the whole machine',
};
/** Programs whose `-r` or `-R` is recursive. */
const RECURSIVE = /^(rm|cp|chmod|chown|chgrp|setfacl)$/;

/** How far a command reaches, as sentences for whoever approves it. */
export function reachOf(
  { node, table }: Entry,
  { options }: Parsed,
  { name, args }: Invocation,
): readonly string[] {
  const program = basename(name?.text ?? '');
  const ofRow = (option: Option): string | undefined =>
    Object.entries(node.scopes ?? {}).find(([flags]) => split(flags).includes(option.flag))?.[1] ??
    table.raises.get(option.flag)?.find(({ scope }) => scope !== undefined)?.scope;
  const ofKind = ({ flag }: Option): string | undefined =>
    (Object.hasOwn(REACH, flag) ? REACH[flag] : undefined) ??
    (/^-[rR]$/.test(flag) && RECURSIVE.test(program) ? REACH['--recursive'] : undefined);
  const byOption = options.flatMap((option) => {
    const reach = option.value?.text === 'false' ? undefined : (ofRow(option) ?? ofKind(option));
    return reach === undefined ? [] : [`${option.flag}: it reaches ${reach}.`];
  });
  const patterns = args.filter(({ unknown }) => unknown === 'glob');
  return [...byOption, ...patterns.map(({ raw }) => `${raw}: it reaches all that matches.`)];
}

/** How the hint begins that gives an endless command in a form that ends. */
export const ENDLESS = 'It does not end by itself; this does:';

/** An endless command in a form that ends by itself, or null when its words are not known. */
export function boundedForm({ node }: Entry, { name, args }: Invocation): string | null {
  const words = [name, ...args].map((word) => word?.raw ?? '');
  if (words.includes('')) return null;
  return node.bounded === undefined ? `timeout 10 ${words.join(' ')}` : `${words.join(' ')} ${node.bounded}`;
}
