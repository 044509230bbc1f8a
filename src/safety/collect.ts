import {
  type Command,
  forEachChild,
  type ParsedScript,
  parse,
  type Redirection,
  type SyntaxNode,
  type Word,
} from 'unbash';
import type { Arg, Assignment, Finding, Invocation, Redirect, Stdin } from './model.ts';
import type { Risk, Span } from './verdict.ts';
import { resolve, type Variables } from './words.ts';

/** Everything bash may start when it runs a text, and what was noticed on the way. */
export interface Collected {
  readonly invocations: readonly Invocation[];
  readonly findings: readonly Finding[];
  /** False when a parse error was found at any depth: then nothing of the text is trusted. */
  readonly parsed: boolean;
}

type Place = (pos: number, end: number) => Span;

interface Walk {
  readonly invocations: Invocation[];
  readonly findings: Finding[];
  readonly variables: Variables;
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
  const walk: Walk = { invocations: [], findings: [], variables: new Map(), parsed: true };
  visit(parse(text), walk, { stdin, source: text, place });
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
        visit(command, walk, index === 0 ? scope : { ...scope, stdin: { kind: 'pipe' } });
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
      visit(node.command, walk, inner);
      for (const redirect of node.redirects) visitChildren(redirect, walk, scope);
      return;
    }
    case 'Function':
      visitFunction(node, walk, scope);
      return;
    case 'ProcessSubstitution':
      note(
        walk,
        scope,
        node,
        'shell.process-substitution',
        'caution',
        'A process substitution runs another command beside this one.',
      );
      {
        visitChildren(node, walk, { ...scope, stdin: { kind: 'pipe' } });
        return;
      }
    default:
      remark(node, walk, scope);
      {
        visitChildren(node, walk, scope);
        return;
      }
  }
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
  const say = (risk: Risk, sentence: string): void =>
    note(walk, scope, node, 'shell.function', risk, sentence);
  say('caution', 'A function gives a name a new meaning, so later words may not mean what they say.');
  visitChildren(node, walk, scope);
  if (walk.invocations.slice(before).some((item) => item.name?.text === node.name.text))
    say('danger', 'The function calls itself, so it may start programs without end.');
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
  const say = (rule: string, risk: Risk, sentence: string): void =>
    note(walk, scope, node, rule, risk, sentence);
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
    case 'ArithmeticCommand':
    case 'ArithmeticFor':
    case 'ArithmeticExpansion': {
      say(
        'shell.arithmetic',
        'caution',
        'Arithmetic and tests in double brackets evaluate the text of variables.',
      );
      return;
    }
    case 'For':
    case 'Select':
      walk.variables.delete(node.name.text);
      return;
    case 'ParameterExpansion':
      if (node.prefix === '!' || node.operation?.type === 'Transform')
        say(
          'shell.indirect',
          'danger',
          'An indirect or transforming expansion evaluates the text of a variable, so this cannot be analysed.',
        );
      else if (node.operation?.type === 'Default' && node.operation.operator.includes('='))
        say('shell.assigning-expansion', 'caution', 'An expansion sets a variable while it is read.');
      return;
    default:
      return;
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
  remember(walk.variables, name, args, assignments);
  visitChildren(node, walk, scope);
}

const DECLARES = new Set(['export', 'declare', 'typeset', 'local', 'readonly']);

function remember(
  variables: Variables,
  name: Arg | null,
  args: readonly Arg[],
  assignments: readonly Assignment[],
): void {
  const set = (key: string, value: string | null | undefined): void => {
    if (typeof value === 'string') variables.set(key, value);
    else variables.delete(key);
  };
  if (name === null)
    for (const item of assignments) set(item.name, item.value?.text ?? (item.value?.guess ?? []).join(' '));
  if (!DECLARES.has(name?.text ?? '')) return;
  for (const arg of args) {
    const key = /^([A-Za-z_]\w*)=/.exec(arg.lead)?.[1];
    if (key !== undefined) set(key, arg.text?.slice(key.length + 1));
  }
}

/** Only `>&2`, `2>&1`, `>&-` and the like join descriptors; every other target is a file. */
function isDescriptor(target: Word): boolean {
  return /^(\d+|-)$/.test(target.text);
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
  if (item.type === 'HereDoc')
    return { direction: 'fd', operator: item.operator, target: blank, placeholder: false };
  const target = item.target ? resolve(item.target, walk.variables, scope.place) : { ...blank, text: null };
  if (item.type === 'HereString')
    return { direction: 'fd', operator: item.operator, target, placeholder: false };
  const placeholder = item.operator === '<' && scope.source[item.end] === '>';
  const joins =
    (item.operator === '>&' || item.operator === '<&') &&
    item.target !== undefined &&
    isDescriptor(item.target);
  const direction = joins
    ? 'fd'
    : item.operator === '<'
      ? 'read'
      : item.operator.includes('>>')
        ? 'append'
        : 'write';
  return { direction, operator: item.operator, target, placeholder };
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
    } else if (item.operator === '<' || item.operator === '<>' || item.operator === '<&')
      stdin = { kind: 'file' };
  }
  return stdin;
}
