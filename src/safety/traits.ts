import { type Command, forEachChild, parse, type SyntaxNode } from 'unbash';
import type { Trait } from './verdict.ts';

const SETS = new Set([
  'export',
  'declare',
  'typeset',
  'readonly',
  'unset',
  'source',
  '.',
  'set',
  'shopt',
  'alias',
]);
const MOVES = new Set(['cd', 'pushd', 'popd']);

/**
 * Traits of a text that only changes the shell it runs in (`X=1`, `export X=1`, `cd /x`): run as one fresh process,
 * its effect would be gone. Empty when anything else is in it.
 */
export function sessionTraits(text: string): readonly Trait[] {
  const traits = new Set<Trait>();
  for (const statement of parse(text).commands) {
    const trait = statement.command.type === 'Command' ? traitOf(statement.command) : null;
    if (trait === null) return [];
    traits.add(trait);
  }
  return [...traits];
}

function traitOf(command: Command): Trait | null {
  if (!command.name)
    return command.prefix.some((item) => item.type === 'Assignment') ? 'sets-variable' : null;
  if (SETS.has(command.name.text)) return 'sets-variable';
  return MOVES.has(command.name.text) ? 'changes-directory' : null;
}

/** `endless` for a loop whose condition is always true and that nothing in the text leaves. */
export function loopTraits(text: string): readonly Trait[] {
  if (!/\b(while|until)\b/.test(text) || /\b(break|exit|return)\b/.test(text)) return [];
  let endless = false;
  const visit = (node: SyntaxNode): void => {
    const condition =
      node.type === 'While' ? text.slice(node.clause.pos, node.clause.end).replace(/[;\s]+$/, '') : '';
    if (node.type === 'While' && condition === (node.kind === 'while' ? 'true' : 'false')) endless = true;
    if (node.type === 'While' && node.kind === 'while' && condition === ':') endless = true;
    forEachChild(node, visit);
  };
  visit(parse(text));
  return endless ? ['endless'] : [];
}
