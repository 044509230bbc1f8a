/** The command line: finds the command, shows help, and turns what went wrong into a sentence and an exit code. */
import { sentenceOf } from '../dev/sentence.ts';
import project from '../package.json' with { type: 'json' };
import type { Command, ImportSource } from './commands/command.ts';
import { didYouMean, UsageError } from './commands/support/arguments.ts';
import { note, print, watchOutput } from './commands/support/output.ts';
import { COMMANDS, OVERVIEW } from './commands/table.ts';

/** Runs one command line, given without the program’s name. Resolves to the exit code: 0, 1 (failed) or 2 (asked wrongly). */
export async function main(args: readonly string[], importSource: ImportSource): Promise<number> {
  try {
    return await dispatch(args, importSource);
  } catch (error) {
    note(sentenceOf(error));
    return error instanceof UsageError ? 2 : 1;
  }
}

async function dispatch([first, ...rest]: readonly string[], importSource: ImportSource): Promise<number> {
  if (first === '--version') return show(`dd0c/run ${project.version}`);
  const asksHelp = first === undefined || ['help', '--help', '-h'].includes(first);
  const [name, ...args] = asksHelp ? rest : [first, ...rest];
  if (name === undefined) return show(OVERVIEW);
  const command = find(name);
  const help = asksHelp || asksForHelp(args);
  if (help && command.help !== null) return show(command.help);
  if (!command.serves) watchOutput();
  const { run } = await command.load();
  return run(help ? ['--help'] : args, importSource);
}

async function show(text: string): Promise<number> {
  watchOutput();
  await print(`${text}\n`);
  return 0;
}

/** `--help` anywhere before `--`, behind which words are meant as they stand. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).some((arg) => arg === '--help' || arg === '-h');
}

function find(name: string): Command {
  const command = COMMANDS.find((each) => each.name === name);
  if (command !== undefined) return command;
  const isOption = name.startsWith('-');
  const known = isOption ? ['--help', '--version'] : COMMANDS.map((each) => each.name);
  throw new UsageError(
    `dd0c has no ${isOption ? 'option' : 'command'} “${name}”.${didYouMean(name, known, 'dd0c help')}`,
  );
}
