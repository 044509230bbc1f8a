import { didYouMean, UsageError } from './arguments.ts';

/** The word that says which of a command's things to do. Throws UsageError when it is missing or unknown. */
export function subcommand<const Name extends string>(
  command: string,
  [word]: readonly string[],
  names: readonly Name[],
): Name {
  const found = names.find((name) => name === word);
  if (found !== undefined) return found;
  if (word === undefined)
    throw new UsageError(
      `dd0c ${command} needs to know what to do: ${names.join(', ')}. dd0c help ${command} tells more.`,
    );
  throw new UsageError(
    `dd0c ${command} has nothing called “${word}”.${didYouMean(word, names, `dd0c help ${command}`)}`,
  );
}
