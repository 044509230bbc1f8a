import type { Knowledge } from './knowledge.ts';

/** A program's bare name, as bash looks it up on the PATH. No other alphabet, so no look-alikes. */
export const BARE_NAME = /^(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/** What bash reads as its own word, besides the builtins that the knowledge base has. */
const SHELL_WORDS = new Set(
  'alias bg bind break builtin caller case cd command compgen complete compopt continue coproc declare dirs disown do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash help history if in jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return select set shift shopt source suspend test then time times trap true type typeset ulimit umask unalias unset until wait while'.split(
    ' ',
  ),
);

/** Shells, and interpreters by the usual beginnings of their names: what they do is in the text they are given. */
const RUNS_TEXT =
  /^(?:[a-z]{0,4}sh|i?python|ipython|pypy|perl|i?ruby|jruby|irb|node|nodejs|deno|bun|php|luajit|lua|guile|racket|scheme|sbcl|clisp|ocaml|ghci|runghc|julia|groovy|scala|jshell|java|tcl|expect|rscript|octave|awk|m4|busybox|toybox|toolbox)(?![a-z])/;

const SCRIPT = /\.(?:sh|bash|py|rb|pl|js|ts|php|lua|ksh|zsh|exe|bat|ps1)$/;

/**
 * Why nobody may declare this program read-only, as a sentence, or null when they may: only a bare name that nothing here
 * knows, and that is not another spelling of something known.
 */
export function refuseDeclared(name: string, knowledge: Knowledge): string | null {
  if (!BARE_NAME.test(name))
    return 'Write the bare name of one program: letters, digits and . _ + - only, no path, at most 64 characters.';
  const lower = name.toLowerCase();
  const base = lower.replace(/[-._]?\d[\d._]*$/, '');
  if (SHELL_WORDS.has(lower)) return `${name} is a word of the shell, not a program.`;
  if (knowledge.get(name)) return `${name} is known here, and what is known is judged by what it does.`;
  if (SCRIPT.test(lower)) return `${name} looks like a script, and what a script does can change unseen.`;
  if (RUNS_TEXT.test(lower))
    return `${name} looks like a shell or an interpreter, which does what it is told.`;
  if (knowledge.get(lower) ?? knowledge.get(base))
    return `${name} is spelt like ${base}, which is known here.`;
  return null;
}
