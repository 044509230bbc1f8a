import { KNOWLEDGE } from '../generated/knowledge.ts';
import { type OptionTable, split } from './getopt.ts';
import type { Node, Risky, Tool } from './schema.ts';

/** A node of the knowledge base with its option table and its verbs ready for lookup. */
export interface Entry {
  readonly node: Node;
  /** `kubectl.rollout undo`: names the row in reasons. */
  readonly rule: string;
  readonly table: OptionTable;
  /** Options and words that only print help, its own and its parents'. */
  readonly help: readonly string[];
  readonly verbs: ReadonlyMap<string, Entry>;
  readonly patterns: readonly { readonly match: RegExp; readonly entry: Entry }[];
}

/** A tool's row as it is compiled. */
export type ToolRow = Omit<Tool, 'name' | 'examples'>;

export interface ToolEntry extends Entry {
  readonly tool: ToolRow;
}

/** The knowledge base by program: own names only, so that `constructor` is an unknown program. */
export interface Knowledge {
  get(name: string): ToolEntry | undefined;
}

/**
 * The knowledge base, ready for lookup. A row is read and its tables are built when the tool is first asked for: most
 * texts name a few of hundreds. Rows are checked when they are compiled (scripts/knowledge.ts), not here.
 */
export function openKnowledge(): Knowledge {
  const rows = new Map(
    Object.entries(KNOWLEDGE).flatMap(([names, row]) => split(names).map((name) => [name, row])),
  );
  const built = new Map<string, ToolEntry>();
  return {
    get: (name) => {
      const row = rows.get(name);
      const known = built.get(name);
      if (row === undefined || known !== undefined) return known;
      const entry = toolEntry(JSON.parse(row) as ToolRow, name);
      built.set(name, entry);
      return entry;
    },
  };
}

/** A row of a tool ready for lookup, under the name by which it was asked for. */
export function toolEntry(tool: ToolRow, name: string): ToolEntry {
  return { ...compile(tool, name), tool };
}

function compile(node: Node, rule: string, parent?: Pick<Entry, 'table' | 'help'>): Entry {
  const table = optionTable(node, parent?.table ?? null);
  const help = [...(parent?.help ?? []), ...split(node.help)];
  const verbs = new Map<string, Entry>();
  for (const [names, child] of Object.entries(withSimple(node)))
    for (const name of names.split('|'))
      verbs.set(name.trim(), compile(child, `${rule} ${name.trim()}`, { table, help }));
  const patterns = (node.patterns ?? []).map((child) => ({
    match: new RegExp(child.match),
    entry: compile(child, rule, { table, help }),
  }));
  return { node, rule, table, help, verbs, patterns };
}

function optionTable(node: Node, parent: OptionTable | null): OptionTable {
  const takes = new Map(parent?.takes ?? []);
  const raises = new Map<string, readonly Risky[]>(parent?.raises ?? []);
  const own = new Set<string>();
  const set = (list: string | undefined, what: 'nothing' | 'value' | 'optional'): void => {
    for (const flag of split(list)) {
      takes.set(flag, what);
      raises.delete(flag);
    }
  };
  set(node.switches, 'nothing');
  set(node.values, 'value');
  set(node.optional, 'optional');
  for (const raise of node.raises ?? []) {
    for (const flag of split(raise.flags)) {
      takes.set(flag, raise.takes);
      raises.set(flag, own.has(flag) ? [...(raises.get(flag) ?? []), raise] : [raise]);
      own.add(flag);
    }
  }
  const other = node.otherOptions === undefined ? (parent?.other ?? null) : new RegExp(node.otherOptions);
  const optionsFirst = node.optionsFirst ?? parent?.optionsFirst ?? false;
  return { style: node.style ?? parent?.style ?? 'gnu', takes, raises, other, optionsFirst };
}

const SIMPLE_SAYS = {
  safe: 'only shows its state',
  caution: 'changes something that can be put back',
  danger: 'destroys something or cannot be undone',
} as const;

/** Expands the lists of simple verbs into nodes, next to the verbs that are written out. */
function withSimple(node: Node): Record<string, Node> {
  const tree: Record<string, Node> = { ...node.commands };
  for (const risk of ['safe', 'caution', 'danger'] as const)
    for (const path of (node.simple?.[risk] ?? '').split('|')) {
      const words = split(path);
      if (words.length > 0) graft(tree, words, { risk, says: SIMPLE_SAYS[risk] });
    }
  return tree;
}

function graft(tree: Record<string, Node>, words: readonly string[], leaf: Node): void {
  const [first, ...rest] = words;
  if (first === undefined) return;
  const own = Object.hasOwn(tree, first) ? tree[first] : undefined;
  if (rest.length === 0) {
    tree[first] = own ? { ...leaf, ...own } : leaf;
    return;
  }
  const commands: Record<string, Node> = { ...own?.commands };
  graft(commands, rest, leaf);
  tree[first] = { ...own, commands };
}
