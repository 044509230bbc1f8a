import { basename } from '../safety/model.ts';

/** Programs that start another one, each with its options that take the next word (sudo(8), env(1), xargs(1), …). */
const STARTERS: ReadonlyMap<string, RegExp> = new Map([
  ['sudo', /^-[CDghpRrTtUu]$/],
  ['doas', /^-[Cu]$/],
  ['env', /^-[CSu]$/],
  ['nice', /^-n$/],
  ['ionice', /^-[cnPpu]$/],
  ['timeout', /^-[ks]$/],
  ['xargs', /^-[adEILnPs]$/],
  ['parallel', /^-[IJjNnS]$/],
  ['watch', /^-n$/],
  ['stdbuf', /^-[eio]$/],
  ['exec', /^-a$/],
  ['time', /^-[fo]$/],
  ['flock', /^-[Ew]$/],
  ['nsenter', /^-[GSt]$/],
  ['unshare', /^-[GS]$/],
  ['strace', /^-[abEeIoPpsuX]$/],
  ['systemd-run', /^-[EHMpu]$/],
  ...['chroot', 'busybox', 'nohup', 'setsid', 'command', 'eval'].map((name) => [name, /^$/] as const),
  ...['if', 'then', 'else', 'do', 'while', 'until', '!'].map((name) => [name, /^$/] as const),
]);
/** Of these the ones that take an operand of their own first: a duration, a folder, a file. */
const TAKES_OPERAND = /^(timeout|chroot|flock)$/;

const isAssignment = (word: string): boolean => /^\w+=/.test(word);

/**
 * The program that reads the word after these words of a command, seen through what starts it: `sudo -u app psql`,
 * `ssh web-0 rm -f`, `kubectl exec web-0 -- ls`. Null when the next word is itself the program.
 */
export function startedBy(words: readonly string[]): string | null {
  let rest = innermost(words);
  for (;;) {
    rest = rest.slice(rest.findIndex((word) => !isAssignment(word)));
    const [first] = rest;
    if (first === undefined || isAssignment(first)) return null;
    const program = basename(first);
    const takesNext = STARTERS.get(program);
    if (takesNext === undefined) return program;
    const operand = firstOperand(rest, 1, takesNext);
    const at = TAKES_OPERAND.test(program) ? firstOperand(rest, operand + 1, takesNext) : operand;
    if (at > rest.length) return program;
    rest = rest.slice(at);
  }
}

/** The place of the first word that is neither an option nor the value of one; past the end when that is to come. */
export function firstOperand(words: readonly string[], from: number, takesNext: RegExp): number {
  let at = from;
  for (let word = words[at]; word?.startsWith('-'); word = words[at])
    at += takesNext.test(word.replace(/^-[a-z](?=[a-z]$)/, '-')) ? 2 : 1;
  return at;
}

/** Options of ssh that take the next word (ssh(1)). */
export const SSH_TAKES = /^-[BbcDEeFIiJLlmOopQRSWw]$/;
/** Options of `docker exec` that take the next word. */
const DOCKER_TAKES = /^(-[euw]|--(env|env-file|user|workdir|detach-keys))$/;

/** The words since the last program on another machine, in a container or of find's -exec begins. */
function innermost(words: readonly string[]): readonly string[] {
  const run = words.findLastIndex((word) => /^-(exec|execdir|ok|okdir)$/.test(word));
  if (run >= 0) return words.slice(run + 1);
  const dashes = words.lastIndexOf('--');
  if (
    dashes >= 0 &&
    words.slice(0, dashes).some((word) => /^(kubectl|oc|docker|podman|lxc|incus|nsenter)$/.test(word))
  )
    return words.slice(dashes + 1);
  const ssh = words.findIndex((word) => basename(word) === 'ssh');
  if (ssh >= 0 && !/^(gcloud|az)$/.test(words[0] ?? '')) return after(words, ssh + 1, SSH_TAKES);
  const exec = words.indexOf('exec', 1);
  return /^(docker|podman|nerdctl|netns)$/.test(words[exec - 1] ?? '')
    ? after(words, exec + 1, DOCKER_TAKES)
    : words;
}

/** The words after the first operand; all of them when that is still to come. */
function after(words: readonly string[], from: number, takesNext: RegExp): readonly string[] {
  const operand = firstOperand(words, from, takesNext);
  return operand < words.length ? words.slice(operand + 1) : words;
}
