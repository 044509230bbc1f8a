import { type Opinion, raised } from '../safety/merge.ts';
import type { Classify, Verdict } from '../safety/verdict.ts';
import { bindCommand, validateValue } from './bind.ts';
import { folderOf } from './folder.ts';
import type { Command, Parse, Step, Variable } from './runbook.ts';
import { typeOf } from './variables.ts';

/** What a model says of the commands: one list a step, one opinion or null a command, in the order of the parse. */
export type Opinions = readonly (readonly (Opinion | null)[])[];

/** Which line of a parse: the index of its step and of the command in it, or null for a step that holds none. */
export interface LineAt {
  readonly step: number;
  readonly command: number | null;
}

/** One numbered line of a runbook: a command with its verdict, or a step that holds none. */
export interface Line {
  readonly number: number;
  readonly at: LineAt;
  readonly step: Step;
  readonly command: Command | null;
  readonly verdict: Verdict | null;
}

/** The runbook as people count it: every command is a line of its own, every step without one is a line too. */
export function flatten(parse: Parse, verdicts: readonly (readonly Verdict[])[]): readonly Line[] {
  const lines = parse.steps.flatMap((step, index): Omit<Line, 'number'>[] =>
    step.commands.length === 0
      ? [{ at: { step: index, command: null }, step, command: null, verdict: null }]
      : step.commands.map((command, at) => ({
          at: { step: index, command: at },
          step,
          command,
          verdict: verdicts[index]?.[at] ?? null,
        })),
  );
  return lines.map((line, index) => ({ number: index + 1, ...line }));
}

/** Harmless values that a preview is judged with, before anybody has filled in the real ones. The run judges again. */
const SAMPLES: Record<Variable['type'], string> = {
  text: 'value',
  integer: '1',
  path: '/path',
  host: 'host',
  'kubernetes-name': 'name',
  url: 'https://host.example/path',
};

/** A value for every input: the text's own example where it may be used, else a harmless sample. */
export function sampleValues(parse: Parse): ReadonlyMap<string, string> {
  const commands = parse.steps.flatMap((step) => step.commands.map(({ text }) => text));
  return new Map(
    parse.variables.map((variable) => {
      const { name, type, example } = variable;
      const isUsable = example !== null && validateValue(variable, example, commands) === null;
      return [name, isUsable ? example : SAMPLES[type]];
    }),
  );
}

/** A command as a preview judges it, and the folder it would start in. */
export interface Filled {
  readonly text: string;
  readonly cwd: string;
}

/**
 * Every command of a parse as a preview judges it: inputs filled with samples, or as it stands where it cannot be filled.
 * The types are those that the names alone give: what a model says an input is must not change what a command is judged as.
 */
export function filled(parse: Parse): Filled[][] {
  const variables = parse.variables.map((variable) => ({ ...variable, type: typeOf(variable.name) }));
  const values = sampleValues({ ...parse, variables });
  return parse.steps.map((step) =>
    step.commands.map((command) => {
      const bound = bindCommand(command.text, variables, values);
      const text = bound.ok ? bound.text : command.text;
      return { text, cwd: folderOf(command, variables, values) ?? '/' };
    }),
  );
}

/** Judges every command of a parse. Opinions of a model, parallel to the commands, may raise a verdict. */
export function judge(parse: Parse, classify: Classify, opinions: Opinions = []): Verdict[][] {
  return filled(parse).map((commands, step) =>
    commands.map(({ text, cwd }, at) => raised(classify(text, undefined, cwd), opinions[step]?.[at])),
  );
}
