import {
  type Command,
  forEachChild,
  type ParsedScript,
  parse,
  type Redirection,
  type SyntaxNode,
  type Word,
} from 'unbash';
import { judgeAssignment } from './environment.ts';
import {
  type Evaluation,
  evaluateArithmetic,
  evaluateTest,
  evaluateText,
  type Variables,
} from './evaluation.ts';
import type { Arg, Assignment, Finding, Invocation, Redirect, Stdin } from './model.ts';
import { printedText } from './printed.ts';
import type { Risk, Span } from './verdict.ts';
import { resolve } from './words.ts';

/** Everything bash may start when it runs a text, and what was noticed on the way. */
export interface Collected {
  readonly invocations: readonly Invocation[];
  readonly findings: readonly Finding[];
  /** False when a parse error was found at any depth: then nothing of the text is trusted. */
  readonly parsed: boolean;
  /** The names of functions it defines; their bodies are among the invocations. */
  readonly functions: ReadonlySet<string>;
}

type Place = (pos: number, end: number) => Span;

interface Walk {
  readonly invocations: Invocation[];
  readonly findings: Finding[];
  readonly functions: Set<string>;
  readonly variables: Variables;
  /** Evaluations to look at again when all variables are known: a loop may come back to them. */
  readonly again: (() => void)[];
  parsed: boolean;
}

interface Scope {
  readonly stdin: Stdin;
  readonly source: string;
  readonly place: Place;
}

/**
 * Parses a shell text and lists every simple command in it: through lists, pipelines, groups, loops, functions,
 * substitutions and here-documents. Shell texts inside arguments (`sh -c '…'`) are not opened here.
 * Throws what the parser throws on texts it cannot hold; the caller treats that as unanalysable.
 */
export function collect(text: string, stdin: Stdin, place: Place): Collected {
  const walk: Walk = {
    invocations: [],
    findings: [],
    functions: new Set(),
    variables: { known: new Map(), data: new Set(), undashed: new Set() },
    again: [],
    parsed: true,
  };
  visit(parse(text), walk, { stdin, source: text, place });
  share(walk, 0, stdin);
  for (const look of walk.again) look();
  return walk;
}

function note(walk: Walk, scope: Scope, node: SyntaxNode, rule: string, risk: Risk, sentence: string): void {
  walk.findings.push({ rule, risk, sentence, span: scope.place(node.pos, node.end) });
}

function visit(node: SyntaxNode, walk: Walk, scope: Scope): void {
  switch (node.type) {
    case 'Script': {
      visitScript(node, walk, scope);
      return;
    }
    case 'Command': {
      visitCommand(node, walk, scope);
      return;
    }
    case 'Pipeline':
      node.commands.forEach((command, index) => {
        const before = node.commands[index - 1];
        visit(
          command,
          walk,
          before === undefined ? scope : { ...scope, stdin: piped(before, command, walk, scope) },
        );
      });
      return;
    case 'Redirected': {
      const redirects = node.redirects.map((item) => redirectOf(item, walk, scope));
      const inner = { ...scope, stdin: stdinOf(node.redirects, walk, scope) };
      walk.invocations.push({
        group: true,
        name: null,
        args: [],
        assignments: [],
        redirects,
        stdin: inner.stdin,
        span: scope.place(node.pos, node.end),
      });
      const before = walk.invocations.length;
      visit(node.command, walk, inner);
      share(walk, before, inner.stdin);
      for (const redirect of node.redirects) visitChildren(redirect, walk, scope);
      return;
    }
    case 'Function':
      visitFunction(node, walk, scope);
      return;
    case 'ProcessSubstitution':
      visitChildren(node, walk, { ...scope, stdin: { kind: 'pipe' } });
      return;
    default:
      remark(node, walk, scope);
      visitChildren(node, walk, scope);
  }
}

/** What a simple command reads from the one before its bar: the text itself when that only prints fixed words. */
function piped(before: SyntaxNode, command: SyntaxNode, walk: Walk, scope: Scope): Stdin {
  if (before.type !== 'Command' || command.type !== 'Command' || before.redirects.length > 0)
    return { kind: 'pipe' };
  const name = before.name?.text ?? '';
  const words = before.args.map((arg) => resolve(arg, walk.variables, scope.place));
  const text = walk.functions.has(name) ? null : printedText(name, words);
  return text === null
    ? { kind: 'pipe' }
    : { kind: 'text', text, span: scope.place(before.pos, before.end), piped: true };
}

/** Where several commands share one text, each may read any part of it, so none is known to read the whole. */
function share(walk: Walk, from: number, stdin: Stdin): void {
  const readers = walk.invocations.slice(from).filter((item) => item.stdin === stdin && item.name !== null);
  if (stdin.kind !== 'text' || readers.length < 2) return;
  walk.invocations.forEach((item, at) => {
    if (at >= from && item.stdin === stdin) walk.invocations[at] = { ...item, stdin: { kind: 'file' } };
  });
}

function visitChildren(node: SyntaxNode, walk: Walk, scope: Scope): void {
  forEachChild(node, (child) => {
    if (
      (node.type === 'CommandExpansion' ||
        node.type === 'ProcessSubstitution' ||
        node.type === 'ArithmeticCommandExpansion') &&
      child.type === 'Script'
    ) {
      const inner = child.source;
      const span = scope.place(node.pos, node.end);
      visit(child, walk, inner === undefined ? scope : { ...scope, source: inner, place: () => span });
    } else visit(child, walk, scope);
  });
}

function visitFunction(node: Extract<SyntaxNode, { type: 'Function' }>, walk: Walk, scope: Scope): void {
  const before = walk.invocations.length;
  walk.functions.add(node.name.text);
  visitChildren(node, walk, scope);
  if (walk.invocations.slice(before).some((item) => item.name?.text === node.name.text))
    note(
      walk,
      scope,
      node,
      'shell.function',
      'danger',
      'The function calls itself, so it may start programs without end.',
    );
}

function visitScript(script: ParsedScript, walk: Walk, scope: Scope): void {
  const error = script.errors?.[0];
  if (error) {
    walk.parsed = false;
    walk.findings.push({
      rule: 'shell.syntax',
      risk: 'danger',
      sentence:
        'This is not complete shell: a quote, bracket or word is missing, so it cannot be analysed. Correct it first.',
      span: scope.place(error.pos, Math.min(error.pos + 1, scope.source.length)),
    });
  }
  for (const statement of script.commands) visit(statement, walk, scope);
}

/** Constructs that are judged by being there, whatever they hold. */
function remark(node: SyntaxNode, walk: Walk, scope: Scope): void {
  const say: Say = (rule, risk, sentence) => note(walk, scope, node, rule, risk, sentence);
  switch (node.type) {
    case 'ExtendedGlob': {
      say(
        'shell.extended-glob',
        'danger',
        'An extended pattern is read differently by different shells, so this cannot be analysed.',
      );
      return;
    }
    case 'Coproc': {
      say('shell.coproc', 'caution', 'A coprocess keeps running beside the command.');
      return;
    }
    case 'TestCommand':
      sayEvaluation(walk, say, (variables) => evaluateTest(node.expression, variables));
      return;
    case 'ArithmeticCommand':
      say(
        'shell.only-bash',
        'caution',
        'Only bash reads this as arithmetic; another shell starts programs of it.',
      );
      sayEvaluation(walk, say, (variables) => evaluateArithmetic(node.expression, variables));
      return;
    case 'ArithmeticExpansion':
      sayEvaluation(walk, say, (variables) => evaluateArithmetic(node.expression, variables));
      for (const name of assignedIn(scope.source.slice(node.pos, node.end)))
        assigned(walk, scope, node, name);
      return;
    case 'ArithmeticFor':
      for (const part of [node.initialize, node.test, node.update])
        sayEvaluation(walk, say, (variables) => evaluateArithmetic(part, variables));
      for (const name of assignedIn(scope.source.slice(node.pos, node.end)))
        assigned(walk, scope, node, name);
      return;
    case 'For':
    case 'Select': {
      assigned(walk, scope, node.name, node.name.text);
      const plain = node.wordlist?.every((word) => /^[\w.:/{},-]*$/.test(word.text)) ?? false;
      remember(walk.variables, node.name.text, plain ? null : undefined);
      if (isUndashed(node.name.text, node.wordlist, scope.source))
        walk.variables.undashed.add(node.name.text);
      return;
    }
    case 'ParameterExpansion':
      remarkExpansion(node, walk, say);
      return;
    default:
      return;
  }
}

/** Whether a loop only ever gives its variable words that cannot be options; nothing else in the text may name it. */
function isUndashed(name: string, words: readonly Word[] | undefined, source: string): boolean {
  const elsewhere = source.match(new RegExp(`(?<![\\w$]|\\$\\{)${name}(?!\\w)`, 'g'))?.length ?? 0;
  return elsewhere === 1 && (words?.every(({ text }) => /^['"]?[\w./~]/.test(text)) ?? false);
}

/** A variable that is set by other means than NAME=value matters as if it were. */
function assigned(walk: Walk, scope: Scope, at: { pos: number; end: number }, name: string): void {
  const finding = judgeAssignment(name, null, scope.place(at.pos, at.end), false);
  if (finding) walk.findings.push(finding);
}

/** The names that an arithmetic text may set: before an assignment, or beside `++` or `--`. */
function assignedIn(text: string): readonly string[] {
  const set =
    /([A-Za-z_]\w*)(?:\[[^\]]*\])?\s*(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)|(?:\+\+|--)\s*([A-Za-z_]\w*)/g;
  return Array.from(text.matchAll(set), ([, before, after]) => before ?? after ?? '');
}

type Say = (rule: string, risk: Risk, sentence: string) => void;

function sayEvaluation(walk: Walk, say: Say, evaluate: (variables: Variables) => Evaluation): void {
  const look = (): void => {
    const evaluation = evaluate(walk.variables);
    if (evaluation === 'data')
      say(
        'shell.arithmetic',
        'caution',
        'Bash evaluates this as arithmetic, and what it reads there may hold a command.',
      );
    if (evaluation === 'code')
      say(
        'shell.arithmetic',
        'danger',
        'Bash evaluates this text as arithmetic, and it holds a substitution.',
      );
  };
  look();
  walk.again.push(look);
}

function remarkExpansion(
  node: Extract<SyntaxNode, { type: 'ParameterExpansion' }>,
  walk: Walk,
  say: Say,
): void {
  const { operation, index } = node;
  const listsKeys = operation?.type === 'Names' || /^[@*]$/.test(index?.text ?? '');
  if (
    (node.prefix === '!' && !listsKeys) ||
    (operation?.type === 'Transform' && !/^[QUuLEAKak]$/.test(operation.operand.text)) ||
    operation?.type === 'Unknown'
  )
    say(
      'shell.indirect',
      'danger',
      'An indirect or transforming expansion evaluates the text of a variable, so this cannot be analysed.',
    );
  const evaluated = [
    ...(index === undefined || /^[@*]$/.test(index.text) ? [] : [index.text]),
    ...(operation?.type === 'Slice' ? [operation.offset.text, operation.length?.text ?? '0'] : []),
  ];
  for (const text of evaluated) sayEvaluation(walk, say, (variables) => evaluateText(text.trim(), variables));
  if (operation?.type === 'Default' && operation.operator.includes('=')) {
    remember(walk.variables, node.parameter, undefined);
    if (judgeAssignment(node.parameter, null, { start: 0, end: 0 }, false))
      say('shell.assigning-expansion', 'danger', 'This sets a variable that decides which program is run.');
  }
}

function visitCommand(node: Command, walk: Walk, scope: Scope): void {
  const name = node.name ? resolve(node.name, walk.variables, scope.place) : null;
  const args = node.args.map((arg) => resolve(arg, walk.variables, scope.place));
  const assignments: Assignment[] = [];
  for (const item of node.prefix) {
    if (item.type !== 'Assignment') continue;
    const value =
      item.value.type === 'Word' && !item.index && !item.append
        ? resolve(item.value, walk.variables, scope.place)
        : null;
    if (item.index)
      note(walk, scope, item, 'shell.arithmetic', 'caution', 'The index of an array is evaluated.');
    assignments.push({ name: item.name, value, span: scope.place(item.pos, item.end) });
  }
  const redirects = node.redirects.map((item) => redirectOf(item, walk, scope));
  const stdin = stdinOf(node.redirects, walk, scope);
  walk.invocations.push({
    group: false,
    name,
    args,
    assignments,
    redirects,
    stdin,
    span: scope.place(node.pos, node.end),
  });
  rememberAll(walk.variables, name, args, assignments);
  visitChildren(node, walk, scope);
}

const DECLARES = new Set(['export', 'declare', 'typeset', 'local', 'readonly']);
/** Builtins that read input into the variables they name. */
const READS = new Set(['read', 'mapfile', 'readarray', 'getopts', 'printf']);

/** Keeps a fixed value; null for a plain word of unknown value, undefined for anything a run may read. */
function remember({ known, data }: Variables, name: string, value: string | null | undefined): void {
  known.delete(name);
  if (typeof value === 'string') known.set(name, value);
  else if (value === undefined) data.add(name);
}

function rememberAll(
  variables: Variables,
  name: Arg | null,
  args: readonly Arg[],
  assignments: readonly Assignment[],
): void {
  const heldBy = (value: Arg | null): string | null | undefined =>
    value?.text ?? value?.guess?.join(' ') ?? (value?.unknown === 'number' ? null : undefined);
  if (name === null) for (const item of assignments) remember(variables, item.name, heldBy(item.value));
  if (READS.has(name?.text ?? ''))
    for (const arg of args) if (/^[A-Za-z_]\w*$/.test(arg.lead)) remember(variables, arg.lead, undefined);
  if (!DECLARES.has(name?.text ?? '')) return;
  for (const arg of args) {
    const key = /^([A-Za-z_]\w*)=/.exec(arg.lead)?.[1];
    if (key !== undefined) remember(variables, key, arg.text?.slice(key.length + 1) ?? heldBy(arg));
  }
}

/** Only `>&2`, `2>&1`, `>&-` and the like join descriptors; every other target is a file. */
function isDescriptor(target: Word): boolean {
  return /^(\d+|-)$/.test(target.text);
}

/** `< <(…)` and `> >(…)`: a pipe to a command that is judged itself. */
function isProcess(target: Word | undefined): boolean {
  return target?.parts?.length === 1 && target.parts[0]?.type === 'ProcessSubstitution';
}

function redirectOf(item: Redirection, walk: Walk, scope: Scope): Redirect {
  const span = scope.place(item.pos, item.end);
  const blank: Arg = {
    text: '',
    lead: '',
    unknown: 'none',
    splits: false,
    disguised: false,
    guess: null,
    raw: '',
    span,
  };
  const descriptor = item.descriptor?.type === 'FileDescriptor' ? item.descriptor.value : null;
  if (item.type === 'HereDoc')
    return { direction: 'fd', operator: item.operator, target: blank, descriptor, placeholder: false };
  const target = item.target ? resolve(item.target, walk.variables, scope.place) : { ...blank, text: null };
  if (item.type === 'HereString')
    return { direction: 'fd', operator: item.operator, target, descriptor, placeholder: false };
  // `exec {NAME}> file` sets NAME.
  if (item.descriptor?.type === 'FileDescriptorVariable') assigned(walk, scope, item, item.descriptor.name);
  const placeholder = item.operator === '<' && scope.source[item.end] === '>';
  const joins =
    isProcess(item.target) ||
    ((item.operator === '>&' || item.operator === '<&') &&
      item.target !== undefined &&
      isDescriptor(item.target));
  const direction = joins
    ? 'fd'
    : item.operator === '<'
      ? 'read'
      : item.operator.includes('>>')
        ? 'append'
        : 'write';
  return { direction, operator: item.operator, target, descriptor, placeholder };
}

function stdinOf(redirects: readonly Redirection[], walk: Walk, scope: Scope): Stdin {
  let stdin = scope.stdin;
  for (const item of redirects) {
    const span = scope.place(item.pos, item.end);
    if (item.type === 'HereDoc') {
      const expands = item.body.parts?.some((part) => part.type !== 'Literal') ?? false;
      const lines = item.operator === '<<-' ? item.body.text.replace(/^\t+/gm, '') : item.body.text;
      const body = item.delimiter?.quoted ? lines : lines.replace(/\\([$`\\])/g, '$1').replaceAll('\\\n', '');
      stdin = { kind: 'text', text: expands ? null : body, span };
    } else if (item.type === 'HereString') {
      stdin = {
        kind: 'text',
        text: item.target ? resolve(item.target, walk.variables, scope.place).text : null,
        span,
      };
    } else if (item.operator === '<' && item.target?.text === '/dev/null')
      stdin = { kind: 'text', text: '', span };
    else if (item.operator === '<' || item.operator === '<>' || item.operator === '<&')
      stdin = { kind: 'file' };
  }
  return stdin;
}
