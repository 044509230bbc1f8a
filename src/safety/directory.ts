import type { Arg, Invocation } from './model.ts';

/** More places than this are not followed. */
const MAX_DIRECTORIES = 64;

/** A path without `.`, `..` and doubled slashes; `~` and what starts with a variable are kept as they are. */
export function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.replace(/\/+/g, '/').split('/')) {
    if (part === '.' && parts.length > 0) continue;
    if (part === '..' && parts.length > 1 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

/** The paths a name may stand for: itself, and when it is relative, in each of the directories. */
export function pathsOf(name: string, directories: readonly string[]): readonly string[] {
  return isRelative(name)
    ? [normal(name), ...directories.map((place) => within(place, name))]
    : [normal(name)];
}

const isRelative = (path: string): boolean => !/^[/~$]/.test(path);
const within = (place: string, path: string): string =>
  isRelative(path) ? normal(`${place}/${path}`) : normal(path);

/**
 * Every directory in which a command of a text may run: where the text starts, and where its `cd` and `pushd` may lead,
 * whether those before them worked or not. A target that only the run decides is kept as it is written: what is known
 * of its end (`$DIR/.ssh`) still counts. Throws when there are too many.
 */
export function directoriesOf(
  invocations: readonly Invocation[],
  start: readonly string[],
): readonly string[] {
  const places = new Set(start);
  const bases = new Set(start);
  let last = start[0] ?? '';
  for (const invocation of invocations) {
    const target = movesTo(invocation);
    if (target === null) continue;
    for (const base of [last, ...bases]) places.add(within(base, target));
    last = within(last, target);
    if (!isRelative(target)) bases.add(normal(target));
    if (places.size > MAX_DIRECTORIES) throw new Error('too many changes of directory');
  }
  return [...places];
}

function movesTo({ name, args }: Invocation): string | null {
  const words = [...(name === null ? [] : [name]), ...args];
  const at = words.findIndex(({ text }) => text !== 'command' && text !== 'builtin');
  if (!/^(cd|pushd)$/.test(words[at]?.text ?? '')) return null;
  const target = words.slice(at + 1).find(({ lead }) => !lead.startsWith('-'));
  return target === undefined ? '~' : written(target);
}

/** The text of a word, or how it is written when only the run knows it; `$HOME` is `~`. */
function written({ text, raw }: Arg): string {
  return text ?? raw.replace(/["']/g, '').replace(/^\$(HOME|\{HOME\})(?=\/|$)/, '~');
}

const CHOOSES =
  /^(-C|-D|--directory|--chdir|--working-directory|--wd|--output-dir|--directory-prefix)(?:=(.*))?$/s;

/** The directories that options of a command choose (`tar -C /etc`, `env --chdir=/etc`): absolute ones only. */
export function chosenBy(args: readonly Arg[]): readonly string[] {
  return args.flatMap((arg, at) => {
    const match = CHOOSES.exec(arg.text ?? '');
    const next = args[at + 1];
    const path = match?.[2] ?? (match && next ? written(next) : '');
    return /^[/~]/.test(path) ? [normal(path)] : [];
  });
}
