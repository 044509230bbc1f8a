import type { LineAt } from './flatten.ts';
import type { Command, Parse, Step } from './runbook.ts';
import { ShellState } from './state.ts';

/**
 * An edited parse in which the changed command, and those after it that followed from what stood there, know the folder
 * and the session they are in now: whoever changes `cd /opt` moves what comes after it. `before` is the parse as it was.
 */
export function surroundingsAfter(before: Parse, edited: Parse, at: LineAt): Parse {
  const old = commandAt(before.steps, at);
  const fresh = commandAt(edited.steps, at.command === null ? { ...at, command: 0 } : at);
  const isGone = edited.steps[at.step]?.commands.length === (before.steps[at.step]?.commands.length ?? 0) - 1;
  if (old?.suggested || (old !== null && !isGone && fresh?.text === old.text)) return edited;

  const was = shellAt(before.steps, at, old);
  const now = shellAt(before.steps, at, old);
  if (old) was.read(bare(old));
  const changed = isGone || !fresh ? null : now.read(bare(fresh));
  let isFollowing = true;
  const follow = (command: Command): Command => {
    if (!isFollowing) return command;
    if (command.suggested)
      return isIn(was.read(NOTHING), command) ? placed(command, now.read(NOTHING)) : command;
    isFollowing = isIn(was.read(bare(command)), command);
    return isFollowing ? placed(command, now.read(bare(command))) : command;
  };
  const first = (at.command ?? 0) + (changed ? 1 : 0);
  const steps = edited.steps.map((step, index) => {
    if (index < at.step) return step;
    const commands = step.commands.map((command, position) => {
      if (index > at.step || position >= first) return follow(command);
      return position === first - 1 && changed ? changed : command;
    });
    return commands.every((command, position) => command === step.commands[position])
      ? step
      : { ...step, commands };
  });
  return { ...edited, steps };
}

/** A command that leaves everything as it is. */
const NOTHING: Command = { text: 'true', source: { start: 0, end: 0 } };

const commandAt = (steps: readonly Step[], { step, command }: LineAt): Command | null =>
  command === null ? null : (steps[step]?.commands[command] ?? null);

/** The shell as it stands before a line: where its command is, or what the one before it leaves. */
function shellAt(steps: readonly Step[], at: LineAt, command: Command | null): ShellState {
  if (command) return new ShellState(command);
  const last = steps
    .slice(0, at.step)
    .flatMap((step) => step.commands)
    .findLast(({ suggested }) => !suggested);
  const shell = new ShellState(last);
  if (last) shell.read(bare(last));
  return shell;
}

/** Without what was read from those before it and from its own words. */
function bare({ sets, cwd, session, bounded, ...command }: Command): Command {
  return command;
}

const isIn = (one: Command, other: Command): boolean =>
  one.cwd === other.cwd && one.session?.opener === other.session?.opener;

function placed(command: Command, place: Command): Command {
  if (isIn(command, place)) return command;
  const { cwd: _, session: __, ...rest } = command;
  const { cwd, session } = place;
  return { ...rest, ...(cwd !== undefined ? { cwd } : {}), ...(session ? { session } : {}) };
}
