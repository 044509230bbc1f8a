import type { LineAt } from './flatten.ts';
import type { Command, Parse, Step } from './runbook.ts';
import { ShellState } from './state.ts';

/**
 * An edited parse in which the changed command, and those after it that followed from what stood there, know the folder
 * and the session they are in now: whoever changes `cd /opt` moves what comes after it. `before` is the parse as it was.
 */
export function surroundingsAfter(before: Parse, edited: Parse, at: LineAt): Parse {
  const old = at.command === null ? null : (before.steps[at.step]?.commands[at.command] ?? null);
  const isGone = edited.steps[at.step]?.commands.length === (before.steps[at.step]?.commands.length ?? 0) - 1;
  const place = at.command ?? 0;
  const fresh = isGone ? null : (edited.steps[at.step]?.commands[place] ?? null);
  if (old?.suggested || old?.text === fresh?.text) return edited;

  const [was, now] = [shellAt(before.steps, at, old), shellAt(before.steps, at, old)];
  if (old) was.read(bare(old));
  const changed = fresh && now.read(bare(fresh));
  const follow = follower(was, now);
  const steps = edited.steps.map((step, index) => {
    if (index < at.step) return step;
    const commands = step.commands.map((command, position) => {
      if (index === at.step && position < place) return command;
      return index === at.step && position === place && changed ? changed : follow(command);
    });
    return commands.every((command, position) => command === step.commands[position])
      ? step
      : { ...step, commands };
  });
  return { ...edited, steps };
}

/**
 * Puts one command after the other where the shell is `now`, as long as each stood where the shell `was`. A suggested one
 * goes along and moves nothing. Where a section ended is not known here: a session that was opened goes on, and what is
 * typed into it stays with a person.
 */
function follower(was: ShellState, now: ShellState): (command: Command) => Command {
  let isFollowing = true;
  return (command) => {
    if (!isFollowing) return command;
    if (command.suggested)
      return isIn(was.read(NOTHING), command) ? placed(command, now.read(NOTHING)) : command;
    isFollowing = isIn(was.read(bare(command)), command);
    return isFollowing ? placed(command, now.read(bare(command))) : command;
  };
}

/** A command that leaves everything as it is. */
const NOTHING: Command = { text: 'true', source: { start: 0, end: 0 } };

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
