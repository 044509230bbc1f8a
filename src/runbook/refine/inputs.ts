import type { Command, Parse, Variable } from '../runbook.ts';
import { findVariables, variableKey } from '../variables.ts';

/**
 * The parse with what `commands` wait for, which came in after its text was read: the inputs it has stay as they are, with
 * the spellings that those commands use, and new ones follow. `text` is the source, which may give examples.
 */
export function withInputs(parse: Parse, commands: readonly Command[], text: string): Parse {
  const waiting = new Map(findVariables(commands, text).map((each) => [variableKey(each.name), each]));
  const known = parse.variables.map((variable) => {
    const key = variableKey(variable.name);
    const more = waiting.get(key);
    waiting.delete(key);
    return more ? spelled(variable, more) : variable;
  });
  return { ...parse, variables: [...known, ...waiting.values()] };
}

const spelled = (variable: Variable, { spellings }: Variable): Variable => ({
  ...variable,
  spellings: [...new Set([...variable.spellings, ...spellings])],
});
