import { type AndOr, type Command, type PipelineNode, parse, type Statement } from 'unbash';
import { collect } from './collect.ts';
import { precheck } from './precheck.ts';
import { resolve } from './words.ts';

/** Builtins whose exit status does not depend on what the world looks like. */
const ALWAYS_TRUE = new Set([
  ':',
  'true',
  'echo',
  'printf',
  'pwd',
  'cd',
  'export',
  'unset',
  'umask',
  'declare',
  'typeset',
  'readonly',
  'local',
  'type',
  'times',
  'jobs',
  'pushd',
  'popd',
  'dirs',
  'history',
  'help',
]);
/** Builtins whose exit status is their own: what follows `&&` or `||` cannot be told. */
const OWN_STATUS = new Set([
  'test',
  '[',
  'false',
  'read',
  'kill',
  'wait',
  'let',
  'getopts',
  'mapfile',
  'readarray',
  'ulimit',
  'disown',
  'bg',
  'fg',
  'caller',
  'compgen',
]);
/** Builtins that change which program a later name means, or that run text, or that end the shell. */
const UNKNOWABLE = new Set([
  'exit',
  'exec',
  'eval',
  'source',
  '.',
  'command',
  'builtin',
  'alias',
  'unalias',
  'set',
  'shopt',
  'trap',
  'enable',
  'hash',
  'return',
  'break',
  'continue',
  'logout',
  'suspend',
  'shift',
  'bind',
  'complete',
  'compopt',
  'fc',
]);

type Argv = readonly string[];

class Unknowable extends Error {}

/**
 * The argv lists of the commands bash would look up on PATH if every one of them exited 0 and printed nothing, in
 * order. Null when that is not certain: anything but lists and pipelines of simple commands with known words.
 */
export function plan(written: string): readonly Argv[] | null {
  if (precheck(written).length > 0) return null;
  const text = joinLines(written);
  if (text === null) return null;
  try {
    const script = parse(text);
    if (script.errors?.length) return null;
    const collected = collect(text, { kind: 'inherited' }, (start, end) => ({ start, end }));
    if (!collected.parsed || collected.findings.length > 0) return null;
    const stated = script.commands.flatMap(({ command }) =>
      command.type === 'AndOr' ? command.commands.flatMap(stagesOf) : stagesOf(command),
    );
    // Whatever else is in it is started by a substitution.
    if (collected.invocations.length !== stated.length) return null;
    const planned: Argv[] = [];
    for (const statement of script.commands) planStatement(statement, planned);
    return planned;
  } catch (error) {
    if (error instanceof Unknowable || error instanceof RangeError) return null;
    throw error;
  }
}

const stagesOf = (node: PipelineNode): readonly PipelineNode[] =>
  node.type === 'Pipeline' ? node.commands : [node];

/**
 * The text with its continued lines joined, as bash reads it: a backslash before a line break vanishes, but not in
 * single quotes. Null when the text also holds what has rules of its own for that (comments, heredocs, `$'…'`).
 */
function joinLines(text: string): string | null {
  if (!text.includes('\\\n')) return text;
  if (/<<|\$'|(?:^|[\s;&|()])#/.test(text)) return null;
  return text.replace(/'[^']*'|"(?:\\[\s\S]|[^"\\])*"|\\[\s\S]/g, (piece) => {
    if (piece.startsWith("'")) return piece;
    if (piece === '\\\n') return '';
    return piece.startsWith('"')
      ? piece.replace(/\\([\s\S])/g, (pair, next) => (next === '\n' ? '' : pair))
      : piece;
  });
}

function planStatement(statement: Statement, into: Argv[]): void {
  if (statement.background) throw new Unknowable();
  if (statement.command.type === 'AndOr') planAndOr(statement.command, into);
  else planPipeline(statement.command, into);
}

function planAndOr(node: AndOr, into: Argv[]): void {
  let succeeded: boolean | null = true;
  node.commands.forEach((command, index) => {
    const operator = index === 0 ? '&&' : node.operators[index - 1];
    if (succeeded === null) throw new Unknowable();
    if ((operator === '&&') === succeeded) succeeded = planPipeline(command, into);
  });
}

/** Adds what a pipeline runs; returns whether it succeeds, or null when only the run decides. */
function planPipeline(node: PipelineNode, into: Argv[]): boolean | null {
  if (node.type === 'Command') return planCommand(node, into);
  if (node.type !== 'Pipeline') throw new Unknowable();
  let last: boolean | null = true;
  for (const command of node.commands) {
    if (command.type !== 'Command') throw new Unknowable();
    last = planCommand(command, into);
  }
  const negated = node.prefixes.filter((prefix) => prefix.type === 'Negation').length % 2 === 1;
  return last === null ? null : negated ? !last : last;
}

function planCommand(command: Command, into: Argv[]): boolean | null {
  for (const item of command.prefix)
    if (item.type === 'Assignment' && /^(PATH|IFS|BASH_ENV|POSIXLY_CORRECT)$/.test(item.name))
      throw new Unknowable();
  const words = command.name ? [command.name, ...command.args] : command.args;
  const argv = words.map((word) => {
    const arg = resolve(word, { known: new Map(), data: new Set(), undashed: new Set() }, (start, end) => ({
      start,
      end,
    }));
    if (arg.text === null || arg.raw.startsWith('~') || /[=:]~/.test(arg.raw)) throw new Unknowable();
    return arg.text;
  });
  const [name] = argv;
  if (name === undefined) return true;
  if (name.includes('/') || name === '' || UNKNOWABLE.has(name)) throw new Unknowable();
  if (OWN_STATUS.has(name)) return null;
  if (!ALWAYS_TRUE.has(name)) into.push(argv);
  else if (
    /^(export|declare|typeset|readonly|local)$/.test(name) &&
    argv.some((word) => /^(PATH|IFS)=/.test(word))
  )
    throw new Unknowable();
  return true;
}
