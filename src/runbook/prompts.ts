import { TOOLS } from './tools.ts';

/** Prompts that no shell command begins with. Each ends after the blanks that follow the mark. */
const STRONG: readonly RegExp[] = [
  /^\$[ \t]+(?=\S)/,
  /^[\w.-]{1,64}@[\w.-]{1,128}(?::[^\s$#>]{0,256})?[ \t]?[$#%>][ \t]+/,
  /^\[[^\]\n$]{1,120}\][$#%][ \t]+/,
  /^[\w./-]{1,64}\([\w/. -]{0,64}\)[ \t]{0,4}[#>][ \t]*/,
  /^(?:[\w.-]{1,64} ?)?(?:\[[\w:. -]{1,64}\] ?)?\([\w-]{1,64}\) ?[#>][ \t]*/,
  /^[\w.-]{1,64} \[[\w:. -]{1,64}\] ?[#>][ \t]+/,
  /^[\w./-]{1,128}:[~/][\w./~-]{0,128} ?[#$>][ \t]+/,
  /^[\w.-]{1,64}:[^\s:$#]{1,128} [\w.-]{1,64}\$[ \t]+/,
  /^(?:➜[ \t]+\S{1,128}(?:[ \t]+git:\([^)\n]{0,128}\))?(?:[ \t]+✗)?|❯)[ \t]+(?=\S)/,
  /^irb\([^)\n]{0,40}\):\d{1,6}[:\d]{0,12}[>*][ \t]+/,
  /^PS [A-Z]:\\[^>\n]{0,200}>[ \t]*/,
  /^>>>(?:[ \t]+|$)/,
  /^(?:[\w/]{1,30} )?command \([^)\n]{1,30}\):[ \t]+(?=\S)/i,
  /^\((?:parted|gdb|lldb|i?pdb|mysql|mariadb|yasmin)\)[ \t]+(?=\S)/i,
  /^\w{1,64}[=-][#>][ \t]+/,
  // Of a small shell in a container, at its root or home.
  /^[/~] [#$][ \t]+(?=\S)/,
];

/** The environment of Python that stands before a prompt: `(venv) [jo@web1 ~]$ `. */
const ENVIRONMENT = /^\((?!(?:parted|gdb|lldb|i?pdb|mysql|mariadb|yasmin)\))[\w.-]{1,40}\)[ \t]*(?=\S)/i;

/** `host# `, `10.0.0.1:6379> `, `sftp> `: strong unless the word before `>` is a command that writes a file. */
const NAMED = /^(\w[\w.-]{0,127})(?::[\w~./-]{0,256})?([$#>])(?:[ \t]+|$)/;
const WRITERS = /^(?:cat|echo|printf|tee|sort|df|du|ls|ps|env)$/;

/**
 * How many units of a line are a prompt, blanks after it included; 0 when there is none. `strong` counts only
 * marks that nothing else begins with; `weak` also `# `, `% ` and `> ` before a known command.
 */
export function promptLength(line: string, strength: 'strong' | 'weak', tools = TOOLS): number {
  const head = line.slice(0, 600);
  if (!/[$#%>)➜❯~]/.test(head)) return 0;
  const environment = ENVIRONMENT.exec(head)?.[0].length ?? 0;
  if (environment > 0) {
    const rest = promptLength(line.slice(environment), 'strong', tools);
    if (rest > 0) return environment + rest;
  }
  for (const prompt of STRONG) {
    const found = prompt.exec(head)?.[0].length ?? 0;
    if (found > 0) return found;
  }
  const named = NAMED.exec(head);
  if (named && !(named[2] === '>' && WRITERS.test(named[1] ?? ''))) return named[0].length;
  const glued = /^(?:\$|~[ \t]+)(?=([a-z][\w.-]{0,40})[ \t])/.exec(head);
  if (glued && TOOLS.isPlain(glued[1] ?? '')) return glued[0].length;
  if (strength === 'strong') return 0;
  const weak = /^[#%>][ \t]+(?=([\w./~-]{1,100}))/.exec(head);
  const word = weak?.[1] ?? '';
  return weak && (tools.isPlain(word) || tools.isWord(word)) ? weak[0].length : 0;
}
