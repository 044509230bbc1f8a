/** Reads the options of a command. What was asked wrongly is one sentence, with the nearest word that would do. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from './nearest.ts';

/** Asked wrongly: the message is one sentence for a person, and the exit code is 2. */
export class UsageError extends Error {
  readonly code = 'cli.usage';
  override readonly name = 'UsageError';
}

type Options = NonNullable<ParseArgsConfig['options']>;

type Config<O extends Options> = { args: string[]; options: O; allowPositionals: true };
type Reading<O extends Options> = ReturnType<typeof parseArgs<Config<O>>>;

/**
 * The options and the other words of `command`, which takes at most `atMost` of these. Throws UsageError on an unknown
 * option, a missing or needless value, or a word too many.
 */
export function readArguments<const O extends Options>(
  command: string,
  args: readonly string[],
  options: O,
  atMost: number,
): Reading<O> {
  const config: Config<O> = { args: [...args], options, allowPositionals: true };
  const { tokens, positionals } = parseArgs({ ...config, strict: false, tokens: true });
  for (const token of tokens) if (token.kind === 'option') checkOption(command, token, options);
  const extra = positionals[atMost];
  if (extra !== undefined)
    throw new UsageError(
      `dd0c ${command} does not know what to do with “${extra}”; a value with blanks in it needs quotes. dd0c help ${command} says what it takes.`,
    );
  return parseArgs<Config<O>>(config);
}

/** An option as it stands on the command line: `--data=x` has its value inline. */
type Given = {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
};

function checkOption(command: string, { name, rawName, value, inlineValue }: Given, options: Options): void {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    const known = Object.keys(options).map((each) => `--${each}`);
    throw new UsageError(
      `dd0c ${command} has no option ${rawName}.${didYouMean(rawName, known, `dd0c help ${command}`)}`,
    );
  }
  if (option.type === 'boolean' && value !== undefined) throw new UsageError(`${rawName} takes no value.`);
  if (option.type === 'string' && (value === undefined || (!inlineValue && /^-./.test(value))))
    throw new UsageError(`${rawName} needs a value; one that begins with a hyphen is written ${rawName}=-x.`);
}

/** ` Did you mean “scan”?`, or where to look when nothing is near. */
export function didYouMean(word: string, known: readonly string[], help: string): string {
  const near = nearest(word, known);
  return near === null ? ` ${help} says what there is.` : ` Did you mean ${near}?`;
}
