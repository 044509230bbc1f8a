import { z } from 'zod';
import { RISKS, TRAITS } from './verdict.ts';

/**
 * The shape of the knowledge base (kb/*.ts): plain data, no code. docs/safety.md tells how to add a tool.
 * Lists of flags and names are written as one string with spaces between.
 */
const risk = z.enum(RISKS);
const trait = z.enum(TRAITS);
const pattern = z.string().refine(compiles, 'not a regular expression');

function compiles(source: string): boolean {
  try {
    return new RegExp(source).source !== '';
  } catch {
    return false;
  }
}

const Raise = z.strictObject({
  flags: z.string(),
  takes: z.enum(['nothing', 'value', 'optional', 'rest']).default('nothing'),
  risk,
  says: z.string(),
  /** The flag raises nothing when its known value matches. */
  except: pattern.optional(),
  /** The flag raises only when its value matches, or is not known. */
  when: pattern.optional(),
  /** The flag raises nothing beside one of these flags (`curl -G`). */
  unless: z.string().optional(),
  /** The value is a file it writes: files that give a way in, and devices, are danger. */
  writes: z.boolean().optional(),
});

const OperandRule = z.strictObject({
  /** Which operand: its place from 0, or any of them. */
  at: z.union([z.number().int().min(0), z.literal('any')]).default('any'),
  matches: pattern,
  risk,
  says: z.string(),
});

const Program = z.strictObject({
  language: z.enum(['sed', 'awk', 'sql-postgres', 'sql-mysql', 'redis', 'shell']),
  /** The flags whose value is program text. */
  flags: z.string().default(''),
  /** The operand that is program text: its place, or all of them as one text. */
  operand: z.union([z.number().int().min(0), z.literal('all')]).optional(),
  /** The operand is program text only when one of these flags is given (`bash -c`). */
  onlyWith: z.string().optional(),
  /** The program may also come from standard input. */
  stdin: z.boolean().default(false),
});

const Runs = z.strictObject({
  /** `words`: the rest is a command; `shell`: the rest is joined and read by a shell; `find`: -exec and its kin. */
  form: z.enum(['words', 'shell', 'find']),
  /** Operands of the wrapper itself before the command starts. */
  after: z.number().int().min(0).default(0),
  /** NAME=value words before the command set its environment. */
  assignments: z.boolean().default(false),
  /** The command runs on another machine or in a container. */
  remote: z.boolean().default(false),
  /** More words that nobody can know are added to the command (`xargs`). */
  appends: z.boolean().default(false),
  /** The flag that names the text standing for those words (`xargs -I`). */
  replaces: z.string().optional(),
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
  style: z.enum(['gnu', 'single-dash', 'bundle-first', 'find', 'none']).optional(),
  switches: z.string().optional(),
  values: z.string().optional(),
  optional: z.string().optional(),
  raises: z.array(Raise).optional(),
  /** Options beyond the listed ones that are accepted: for tools whose every operation brings its own. */
  otherOptions: pattern.optional(),
  /** True when no option of it writes, runs or sends, so a word that only the run decides cannot raise it. */
  readOnlyOptions: z.boolean().optional(),
  /** Operands that may follow; without the rule any number may. */
  most: z.strictObject({ operands: z.number().int().min(0), risk, says: z.string() }).optional(),
  operands: z.array(OperandRule).optional(),
  /** Which operands are files it writes, judged like the target of a redirection. */
  writes: z.enum(['last', 'any']).optional(),
  /** They are written only with one of these flags (`sed -i`). */
  writesWith: z.string().optional(),
  /** Flags (with the values they must have) that make it change nothing. */
  dryRun: z.array(z.strictObject({ flags: z.string(), value: pattern.optional() })).optional(),
  traits: z.array(trait).optional(),
  /** Traits that a flag brings: `{ '-f --follow': 'endless' }`. */
  traitFlags: z.record(z.string(), trait).optional(),
  /** Traits it has unless one of these flags or an operand is given. */
  traitUnless: z
    .strictObject({ trait, flags: z.string().default(''), operands: z.number().int().optional() })
    .optional(),
  programs: z.array(Program).optional(),
  runs: Runs.optional(),
  /** Verbs without options of their own, by risk: `{ safe: 'status | osd tree' }`. */
  simple: z.strictObject({ safe: z.string(), caution: z.string(), danger: z.string() }).partial().optional(),
};

export type Risky = z.infer<typeof Raise>;
export type ProgramSpec = z.infer<typeof Program>;
export type RunsSpec = z.infer<typeof Runs>;

type Base = z.infer<z.ZodObject<typeof base>>;
type BaseInput = z.input<z.ZodObject<typeof base>>;

/** One tool or one of its verbs, after the defaults are filled in. */
export interface Node extends Base {
  readonly commands?: Readonly<Record<string, Node>> | undefined;
  readonly patterns?: readonly PatternNode[] | undefined;
}
export interface PatternNode extends Node {
  readonly match: string;
}
/** The same as written in a file of the knowledge base. */
export interface NodeInput extends BaseInput {
  /** Verbs, by name; names of the same verb are joined by `|`. */
  readonly commands?: Readonly<Record<string, NodeInput>> | undefined;
  /** Verbs by pattern, tried in order after the names. */
  readonly patterns?: readonly (NodeInput & { readonly match: string })[] | undefined;
}

const node: z.ZodType<Node, NodeInput> = z.lazy(() =>
  z.strictObject({
    ...base,
    commands: z.record(z.string(), node).optional(),
    patterns: z.array(patternNode).optional(),
  }),
);
const patternNode: z.ZodType<PatternNode, NodeInput & { readonly match: string }> = z.lazy(() =>
  z.strictObject({
    ...base,
    match: pattern,
    commands: z.record(z.string(), node).optional(),
    patterns: z.array(patternNode).optional(),
  }),
);

const examples = z
  .strictObject({ safe: z.array(z.string()), caution: z.array(z.string()), danger: z.array(z.string()) })
  .partial();

/** A tool: its names, one sentence about it, what it does, and commands that must be judged so. */
export interface ToolInput extends NodeInput {
  /** Its names, separated by blanks. */
  readonly name: string;
  readonly about: string;
  /** True for commands of bash itself. */
  readonly builtin?: boolean | undefined;
  /** True for programs that carry what they read to another machine. */
  readonly sends?: boolean | undefined;
  readonly examples: z.infer<typeof examples>;
}
export interface Tool extends Node {
  readonly name: string;
  readonly about: string;
  readonly builtin?: boolean | undefined;
  readonly sends?: boolean | undefined;
  readonly examples: z.infer<typeof examples>;
}

/** Checks one file of the knowledge base; throws a ZodError that names the row. */
export const Tools: z.ZodType<Tool[], ToolInput[]> = z.array(
  z.lazy(() =>
    z.strictObject({
      ...base,
      name: z.string(),
      about: z.string(),
      builtin: z.boolean().optional(),
      sends: z.boolean().optional(),
      examples,
      commands: z.record(z.string(), node).optional(),
      patterns: z.array(patternNode).optional(),
    }),
  ),
);
