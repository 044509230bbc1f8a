import { z } from 'zod';
import { RISKS, TRAITS } from './verdict.ts';

/**
 * The shape of the knowledge base (kb/*.yaml): plain data, no code. docs/adding-a-tool.md describes every field.
 * Lists of flags and names are written as one text with blanks between.
 */
const risk = z.enum(RISKS);
const trait = z.enum(TRAITS);
const pattern = z.string().refine(compiles, 'not a regular expression');
const flags = z.string();

/** Program texts that somebody here reads. */
export const LANGUAGES = [
  'shell',
  'sed',
  'awk',
  'sql-postgres',
  'sql-mysql',
  'sql-standard',
  'sql-sqlite',
  'redis',
  'python',
  'perl',
  'ruby',
  'javascript',
  'mongo',
  'php',
  'gdb',
  'socket',
  'sftp',
] as const;
export type Language = (typeof LANGUAGES)[number];

function compiles(source: string): boolean {
  try {
    return new RegExp(source).source !== '';
  } catch {
    return false;
  }
}

const Raise = z.strictObject({
  flags,
  takes: z.enum(['nothing', 'value', 'optional', 'rest']).default('nothing'),
  risk,
  says: z.string(),
  /** The flag raises nothing when its known value matches. */
  except: pattern.optional(),
  /** The flag raises only when its value matches, or is not known. */
  when: pattern.optional(),
  /** The flag raises nothing beside one of these flags (`curl -G`). */
  unless: flags.optional(),
  /** The flag raises only beside one of these flags. */
  onlyWith: flags.optional(),
  /** It raises nothing when every operand matches. */
  unlessOperand: pattern.optional(),
  /** The value is a file it writes: files that give a way in, and devices, are danger. */
  writes: z.boolean().optional(),
  /** It raises nothing when one of the options of `dryRun` is in effect. */
  unlessDry: z.boolean().optional(),
  /** How far it reaches, as a short phrase (`every namespace`). */
  scope: z.string().optional(),
});

const OperandRule = z.strictObject({
  /** Which operand: its place from 0, the last, any of them; `words`: any word, alone and with the one after it. */
  at: z.union([z.number().int().min(0), z.enum(['any', 'last', 'words'])]).default('any'),
  matches: pattern,
  risk,
  says: z.string(),
  /** It is no risk beside one of these flags. */
  unless: flags.optional(),
  /** It is a risk only beside one of these flags. */
  onlyWith: flags.optional(),
  scope: z.string().optional(),
});

const Program = z.strictObject({
  language: z.enum(LANGUAGES),
  /** The flags whose value is program text. */
  flags: flags.default(''),
  /** The operand that is program text: its place, or all of them as one text. */
  operand: z.union([z.number().int().min(0), z.literal('all')]).optional(),
  /** The operand is program text only when one of these flags is given (`bash -c`). */
  onlyWith: flags.optional(),
  /** It is of this language only when an option has a value that matches (`ansible -m shell`). */
  when: z.strictObject({ flags, value: pattern }).optional(),
  /** It is not of this language beside one of these flags. */
  unless: flags.optional(),
  /** The text stands inside the parameters of AWS Systems Manager (`commands=["df -h"]`). */
  packed: z.literal('ssm').optional(),
  /** The program runs on another machine or in a container. */
  remote: z.boolean().default(false),
  /** The program may also come from standard input; `fed`: it matters only when that is no terminal. */
  stdin: z.union([z.boolean(), z.literal('fed')]).default(false),
});

const Runs = z.strictObject({
  /**
   * `words`: the rest is a command; `shell`: the rest is joined and read by a shell; `find`: -exec and its kin;
   * `parallel`: the rest is a template up to `:::`, as in GNU parallel.
   */
  form: z.enum(['words', 'shell', 'find', 'parallel']),
  /** Operands of the wrapper itself before the command starts. */
  after: z.number().int().min(0).default(0),
  /** NAME=value words before the command set its environment. */
  assignments: z.boolean().default(false),
  /** The command runs on another machine or in a container. */
  remote: z.boolean().default(false),
  /** More words that nobody can know are added to the command (`xargs`). */
  appends: z.boolean().default(false),
  /** The flag that names the text standing for those words (`xargs -I`, `parallel -I`). */
  replaces: flags.optional(),
  /** The wrapper ends the command after a while (`timeout`). */
  bounded: z.boolean().default(false),
  /** What anything but a read-only command becomes (`sudo`). */
  raises: risk.optional(),
  /** What the wrapper does when it is given no command. */
  alone: z.strictObject({ risk, says: z.string(), traits: z.array(trait).default([]) }),
});

const base = {
  /** What it is alone; without it, only its commands are known. */
  risk: risk.optional(),
  says: z.string().optional(),
  alternative: z.string().optional(),
  /** Options, or the word of a verb, that make it only print help, wherever they stand. */
  help: flags.optional(),
  /** Operands of its own before the verb (`salt TARGET FUNCTION`). */
  verbAfter: z.number().int().min(1).optional(),
  style: z.enum(['gnu', 'single-dash', 'bundle-first', 'find', 'none']).optional(),
  /** Options end at the first operand: no later word is one (awk). */
  optionsFirst: z.boolean().optional(),
  switches: flags.optional(),
  values: flags.optional(),
  optional: flags.optional(),
  raises: z.array(Raise).optional(),
  /** Options beyond the listed ones that are accepted: for tools whose every operation brings its own. */
  otherOptions: pattern.optional(),
  /** True when no option of it writes, runs or sends, so a word that only the run decides cannot raise it. */
  readOnlyOptions: z.boolean().optional(),
  /** Operands that may follow; without the rule any number may. */
  most: z.strictObject({ operands: z.number().int().min(0), risk, says: z.string() }).optional(),
  operands: z.array(OperandRule).optional(),
  /** Which operands are files it writes, judged like the target of a redirection; a number: from that place on. */
  writes: z.union([z.enum(['last', 'any']), z.number().int().min(1)]).optional(),
  /** They are written only with one of these flags (`sed -i`). */
  writesWith: flags.optional(),
  /** Flags (with the values they must have) that make it change nothing. */
  dryRun: z.array(z.strictObject({ flags, value: pattern.optional() })).optional(),
  traits: z.array(trait).optional(),
  /** Traits that a flag brings: `{ '-f --follow': 'endless' }`. */
  traitFlags: z.record(flags, trait).optional(),
  /** Traits it has unless one of these flags or an operand is given. */
  traitUnless: z
    .strictObject({ trait, flags: flags.default(''), operands: z.number().int().optional() })
    .optional(),
  /** Options that make an endless command end by itself (`--no-stream`). */
  bounded: z.string().optional(),
  /** True where it carries what it reads to another machine. */
  sends: z.boolean().optional(),
  /** How far flags make it reach, as short phrases: `{ '-A --all-namespaces': 'every namespace' }`. */
  scopes: z.record(flags, z.string()).optional(),
  programs: z.array(Program).optional(),
  runs: Runs.optional(),
  /** Verbs without options of their own, by risk: `{ safe: 'status | osd tree' }`. */
  simple: z.strictObject({ safe: z.string(), caution: z.string(), danger: z.string() }).partial().optional(),
};

export type Risky = z.infer<typeof Raise>;
export type OperandRow = z.infer<typeof OperandRule>;
export type ProgramSpec = z.infer<typeof Program>;
export type RunsSpec = z.infer<typeof Runs>;

/** One tool or one of its verbs. */
export interface Node extends z.infer<z.ZodObject<typeof base>> {
  /** Verbs, by name; names of the same verb are joined by `|`. */
  readonly commands?: Readonly<Record<string, Node>> | undefined;
  /** Verbs by pattern, tried in order after the names. */
  readonly patterns?: readonly PatternNode[] | undefined;
}
export interface PatternNode extends Node {
  readonly match: string;
}

const verbs = {
  commands: z.lazy(() => z.record(z.string(), node)).optional(),
  patterns: z.lazy(() => z.array(patternNode)).optional(),
};
const node: z.ZodType<Node> = z.lazy(() => z.strictObject({ ...base, ...verbs }));
const patternNode: z.ZodType<PatternNode> = z.lazy(() =>
  z.strictObject({ ...base, ...verbs, match: pattern }),
);

/** A tool: its names, what it does, and commands that must be judged so. */
export interface Tool extends Node {
  /** Its names, separated by blanks. */
  readonly name: string;
  /** One sentence about it. */
  readonly about: string;
  /** The versions whose manual the row was read against. */
  readonly reviewed?: string | undefined;
  /** True for commands of bash itself. */
  readonly builtin?: boolean | undefined;
  /** True for programs that never show or pass on what the named files hold (`ls`, `stat`). */
  readonly namesOnly?: boolean | undefined;
  /** Options that name a file it only logs in with (`curl --key`): that such a file holds a secret is no news. */
  readonly keys?: string | undefined;
  readonly examples: Readonly<Record<'safe' | 'caution' | 'danger', readonly string[]>>;
}

/** Checks one file of the knowledge base and fills in defaults; throws a ZodError that names the field. */
export const Tool: z.ZodType<Tool> = z.strictObject({
  ...base,
  ...verbs,
  name: z.string(),
  about: z.string(),
  reviewed: z.string().optional(),
  builtin: z.boolean().optional(),
  namesOnly: z.boolean().optional(),
  keys: flags.optional(),
  examples: z.strictObject({
    safe: z.array(z.string()).default([]),
    caution: z.array(z.string()).default([]),
    danger: z.array(z.string()).default([]),
  }),
});
