import { type OptionTable, split } from './getopt.ts';
import { TOOLS } from './kb/index.ts';
import { type Node, type Risky, type Tool, Tools } from './schema.ts';

/** A node of the knowledge base with its option table and its verbs ready for lookup. */
export interface Entry {
  readonly node: Node;
  /** `kubectl.rollout undo`: names the row in reasons. */
  readonly rule: string;
  readonly table: OptionTable;
  readonly verbs: ReadonlyMap<string, Entry>;
  readonly patterns: readonly { readonly match: RegExp; readonly entry: Entry }[];
}

export interface ToolEntry extends Entry {
  readonly tool: Tool;
}

/** The knowledge base by program: own names only, so that `constructor` is an unknown program. */
export interface Knowledge {
  get(name: string): ToolEntry | undefined;
}

/**
 * Checks the knowledge base. Throws when a row is malformed or a name is taken twice. A tool's tables are built when it
 * is first asked for: most texts name a few of hundreds, and to build all takes longer than to check them.
 */
export function compileKnowledge(): Knowledge {
  const tools = new Map<string, Tool>();
  for (const tool of listTools())
    for (const name of split(tool.name)) {
      if (tools.has(name)) throw new Error(`The knowledge base names ${name} twice.`);
      tools.set(name, tool);
    }
  const built = new Map<string, ToolEntry>();
  return {
    get: (name) => {
      const tool = tools.get(name);
      const known = built.get(name);
      if (tool === undefined || known !== undefined) return known;
      const entry = { ...compile(tool, name, null), tool };
      built.set(name, entry);
      return entry;
    },
  };
}

let checked: readonly Tool[] | null = null;

/** Every tool of the knowledge base, checked against the schema once. Throws a ZodError that names a malformed row. */
export function listTools(): readonly Tool[] {
  checked ??= Tools.parse([...TOOLS]);
  return checked;
}

function compile(node: Node, rule: string, parent: OptionTable | null): Entry {
  const table = optionTable(node, parent);
  const verbs = new Map<string, Entry>();
  for (const [names, child] of Object.entries(withSimple(node)))
    for (const name of names.split('|'))
      verbs.set(name.trim(), compile(child, `${rule} ${name.trim()}`, table));
  const patterns = (node.patterns ?? []).map((child) => ({
    match: new RegExp(child.match),
    entry: compile(child, rule, table),
  }));
  return { node, rule, table, verbs, patterns };
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
  return { style: node.style ?? parent?.style ?? 'gnu', takes, raises, other };
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
