import type { Verdict } from '../safety/verdict.ts';
import { bindCommand, validateValue } from './bind.ts';
import type { Command, Parse, Step, Variable } from './runbook.ts';

/** One numbered line of a runbook: a command with its verdict, or a step that holds none. */
export interface Line {
  readonly number: number;
  readonly step: Step;
  readonly command: Command | null;
  readonly verdict: Verdict | null;
}

/** The runbook as people count it: every command is a line of its own, every step without one is a line too. */
export function flatten(parse: Parse, verdicts: readonly (readonly Verdict[])[]): readonly Line[] {
  const lines = parse.steps.flatMap((step, index): Omit<Line, 'number'>[] =>
    step.commands.length === 0
      ? [{ step, command: null, verdict: null }]
      : step.commands.map((command, at) => ({ step, command, verdict: verdicts[index]?.[at] ?? null })),
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

/** Judges every command of a parse, inputs filled with samples; a command that cannot be filled is judged as it stands. */
export function judge(parse: Parse, classify: (command: string) => Verdict): Verdict[][] {
  const values = sampleValues(parse);
  return parse.steps.map((step) =>
    step.commands.map(({ text }) => {
      const bound = bindCommand(text, parse.variables, values);
      return classify(bound.ok ? bound.text : text);
    }),
  );
}
