import { canonicalBytes, sha256Hex } from '../protocol/canonical.ts';
import type { UserId } from '../protocol/ids.ts';
import type { LineAt } from './flatten.ts';
import { surroundingsAfter } from './follow.ts';
import { kindOf } from './prose.ts';
import { withInputs } from './refine/inputs.ts';
import type { Command, Parse, Step } from './runbook.ts';

/** What a person may change of a line. Title and expected results are those of its step. */
export interface LineText {
  readonly description: string;
  /** Null where a person does it. */
  readonly command: string | null;
  readonly expected: readonly string[];
}

/** A line as it may be changed, or null when there is no such line. */
export function lineText({ steps }: Parse, { step: index, command: at }: LineAt): LineText | null {
  const step = steps[index];
  if (!step) return null;
  const command = at === null ? null : step.commands[at];
  if (command === undefined || (at === null && step.commands.length > 0)) return null;
  return {
    description: step.description,
    command: command?.text ?? null,
    expected: step.expected ?? [],
  };
}

/** What a form or a button shows of a line, in lower-case hex (64 characters): whoever answers it has seen this. */
export const lineSha256 = ({ description, command, expected }: LineText): string =>
  sha256Hex(canonicalBytes({ description, command, expected }));

/** What a preview or a form shows of a whole runbook, in lower-case hex (64 characters): whoever answers it has seen this. */
export const parseSha256 = (parse: Parse): string => sha256Hex(canonicalBytes(parse));

/**
 * The parse with one line changed by a person. What the command says is theirs now; where it stood is kept. `text` is the
 * source, which may give examples of inputs that the new command waits for.
 */
export function editLine(parse: Parse, at: LineAt, after: LineText, by: UserId, text: string): Parse {
  const edited = changeStep(parse, at.step, (step) => {
    const { expected: _, title, ...rest } = step;
    const commands = editCommands(step, at.command, after.command, by);
    const isSameKind = commands.length > 0 === step.commands.length > 0;
    return {
      ...rest,
      ...(title !== undefined && after.description === step.description ? { title } : {}),
      description: after.description,
      commands,
      kind: isSameKind ? step.kind : kindOf(after.description, commands.length > 0),
      ...(after.expected.length > 0 ? { expected: after.expected } : {}),
    };
  });
  return inputsAfter(surroundingsAfter(parse, edited, at), at, text);
}

/** The parse with a suggested command taken over by a person. */
export function adoptLine(parse: Parse, at: LineAt, by: UserId, text: string): Parse {
  const adopted = changeStep(parse, at.step, (step) => ({
    ...step,
    commands: step.commands.map((command, index) =>
      index === at.command ? { ...command, adopted: by } : command,
    ),
  }));
  return inputsAfter(adopted, at, text);
}

const changeStep = (parse: Parse, at: number, change: (step: Step) => Step): Parse => ({
  ...parse,
  steps: parse.steps.map((step, index) => (index === at ? change(step) : step)),
});

function editCommands(step: Step, at: number | null, text: string | null, by: UserId): readonly Command[] {
  if (at === null) return text === null ? [] : [{ text, source: step.source, edited: by }];
  return step.commands.flatMap((command, index) => {
    if (index !== at || command.text === text) return [command];
    const taken = command.suggested ? { adopted: by } : {};
    return text === null ? [] : [{ ...command, ...taken, text, edited: by }];
  });
}

/** With the inputs that are still in use, as they are known, and what the command of the line waits for. */
function inputsAfter(parse: Parse, { step, command: at }: LineAt, text: string): Parse {
  const commands = parse.steps.flatMap((one) => one.commands);
  const changed = parse.steps[step]?.commands[at ?? 0];
  const variables = parse.variables.filter(
    ({ spellings }) =>
      spellings.length === 0 ||
      spellings.some((spelling) => commands.some((command) => command.text.includes(spelling))),
  );
  return withInputs({ ...parse, variables }, changed ? [changed] : [], text);
}

/** A list that has one entry a command, after a line was changed: a command that went takes its entry along. */
export function keepInStep<T>(
  lists: readonly (readonly (T | null)[])[],
  { step, command: at }: LineAt,
  after: LineText,
): readonly (readonly (T | null)[])[] {
  return lists.map((list, index) => {
    if (index !== step) return list;
    if (at === null) return after.command === null ? list : [null];
    return after.command === null ? list.toSpliced(at, 1) : list;
  });
}
