/** Imports a file of the project as it stands in the source tree, for what is too large to be compiled for a quick start. */
export type ImportSource = <Module>(file: string) => Promise<Module>;

/** Runs a command with the words after its name; resolves to the exit code: 0 done, 1 it failed or the answer is no. */
export type Run = (args: readonly string[], importSource: ImportSource) => Promise<number>;

/** One row of the table of commands. */
export interface Command {
  readonly name: string;
  /** What it does, in one line. */
  readonly line: string;
  /** How it is called, its options and examples. Null: the command shows its own help. */
  readonly help: string | null;
  /** True when it serves until it is ended, and so must not end because nobody reads its output. */
  readonly serves: boolean;
  readonly load: () => Promise<{ readonly run: Run }>;
}
