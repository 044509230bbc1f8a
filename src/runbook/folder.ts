import { bindCommand } from './bind.ts';
import type { Command, Variable } from './runbook.ts';

/** An absolute path in plain characters, which a shell reads as it stands. */
const PLAIN_FOLDER = /^\/[\w./@%+:,=-]*$/;

/** The folder a command starts in: where earlier `cd` lines of the runbook led, or `/`; null when that cannot be known. */
export function folderOf(
  { cwd }: Command,
  variables: readonly Variable[],
  values: ReadonlyMap<string, string>,
): string | null {
  if (cwd === undefined) return '/';
  const bound = bindCommand(cwd, variables, values);
  return bound.ok && PLAIN_FOLDER.test(bound.text) ? bound.text : null;
}
