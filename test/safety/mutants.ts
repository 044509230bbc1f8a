import fc from 'fast-check';
import { classify } from '../../src/safety/index.ts';
import { isWorse } from '../../src/safety/verdict.ts';
import { corpus } from './support.ts';

/** Another way of writing the same command, or the command inside something; null where it cannot be written so. */
type Mutation = (text: string, pick: number) => string | null;

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Plain words before the first sign that a position could be inside quotes or a here-document. */
function plainWords(text: string): readonly RegExpExecArray[] {
  const end = text.search(/['"$`\\<#{(\n]/);
  return [...(end < 0 ? text : text.slice(0, end)).matchAll(/(?<=^|[ ;|&])[a-z][a-z-]+(?=$|[ ;|&])/g)].filter(
    ([word]) =>
      !/^(if|then|else|elif|fi|for|do|done|while|until|case|esac|in|time|function|coproc|select)$/.test(word),
  );
}

/** Rewrites one plain word. */
const inWord =
  (write: (word: string, pick: number) => string): Mutation =>
  (text, pick) => {
    const words = plainWords(text);
    const match = words[pick % Math.max(1, words.length)];
    if (match === undefined) return null;
    return text.slice(0, match.index) + write(match[0], pick) + text.slice(match.index + match[0].length);
  };

/** Rewrites the first blank that surely stands between two words. */
const inBlank =
  (blank: string): Mutation =>
  (text) => {
    const at = text.search(/ /);
    const quote = text.search(/['"`\\#<$]/);
    return at < 0 || (quote >= 0 && quote < at) ? null : text.slice(0, at) + blank + text.slice(at + 1);
  };

const isWhole = (text: string): boolean => !/<<|#|\\$/.test(text);
const around =
  (write: (text: string) => string): Mutation =>
  (text) =>
    isWhole(text) ? write(text) : null;
/** True where the text changes its directory, however that is spelled: behind another program it would change none. */
const movesFolder = (text: string): boolean => /\b(cd|pushd|popd)\b/.test(text.replace(/['"\\]/g, ''));
const before =
  (prefix: string): Mutation =>
  (text) =>
    /^[a-z][\w-]*( |$)/.test(text) && !movesFolder(text) && plainWords(text)[0]?.index === 0
      ? `${prefix} ${text}`
      : null;

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'empty quotes in a word': inWord((word) => `${word.slice(0, 1)}''${word.slice(1)}`),
  'a word in single quotes': inWord((word) => `'${word}'`),
  'a word in double quotes': inWord((word) => `"${word}"`),
  'half a word in quotes': inWord((word, pick) => {
    const at = 1 + (pick % (word.length - 1));
    return `${word.slice(0, at)}"${word.slice(at)}"`;
  }),
  'an escaped letter': inWord((word, pick) => {
    const at = pick % word.length;
    return `${word.slice(0, at)}\\${word.slice(at)}`;
  }),
  'a word by its codes': inWord((word) => `$'\\x${word.charCodeAt(0).toString(16)}${word.slice(1)}'`),
  'a continued line inside a word': inWord((word) => `${word.slice(0, 1)}\\\n${word.slice(1)}`),
  'a word from a variable': (text) => {
    const [word] = plainWords(text);
    return word?.index === 0 && isWhole(text) ? `V=${word[0]}; $V${text.slice(word[0].length)}` : null;
  },
  'more blanks': inBlank('  '),
  'a tab': inBlank('\t'),
  'a continued line': inBlank(' \\\n '),
  'a carriage return': (text) => `${text}\r`,
  'a comment': around((text) => `${text} # only a comment`),
  'a redirected error output': (text) =>
    plainWords(text)[0]?.index === 0 && isWhole(text) ? `2>/dev/null ${text}` : null,
  env: before('env'),
  command: before('command'),
  nohup: before('nohup'),
  'a time limit': before('timeout 5'),
  'a priority': before('nice -n 5'),
  sudo: before('sudo'),
  busybox: before('busybox'),
  'a shell': (text) => `bash -c ${quoted(text)}`,
  'two shells': (text) => `sh -c ${quoted(`bash -c ${quoted(text)}`)}`,
  eval: (text) => `eval ${quoted(text)}`,
  ssh: (text) => `ssh host ${quoted(text)}`,
  'a container': (text) => `kubectl exec p -- sh -c ${quoted(text)}`,
  'xargs and a shell': (text) => `echo | xargs -I{} sh -c ${quoted(text)}`,
  'find and a shell': (text) => `find . -exec sh -c ${quoted(text)} \\;`,
  'a here-string': (text) => `bash <<< ${quoted(text)}`,
  'a subshell': around((text) => `( ${text}\n)`),
  'a group': around((text) => `{ ${text}\n}`),
  'a substitution': around((text) => `echo "$(${text}\n)"`),
  'a process substitution': around((text) => `cat <(${text}\n)`),
  'a condition': around((text) => `if true; then ${text}\nfi`),
  'a loop': around((text) => `for i in 1 2; do ${text}\ndone`),
  'a case': around((text) => `case x in x) ${text}\n;; esac`),
  'a function': around((text) => `f() { ${text}\n}; f`),
  'another command first': (text) => `true; ${text}`,
  'another command after': around((text) => `${text}\ntrue`),
  'a background job': around((text) => (text.includes('\n') ? text : `${text} & wait`)),
};

/** Letters of another alphabet in a plain word: whatever it is then, it is not safe. */
export const lookAlike: Mutation = inWord((word) =>
  word.replace(
    /[aceopxy]/,
    (letter) => ({ a: 'а', c: 'с', e: 'е', o: 'о', p: 'р', x: 'х', y: 'у' })[letter] ?? letter,
  ),
);

const texts = [...corpus('safe'), ...corpus('caution'), ...corpus('danger'), ...corpus('canaries')];

/** Tries that many mutants, some mutated twice; throws with the text of the first that ranks below its original. */
export function fuzz(numRuns: number, seed: number): number {
  let tried = 0;
  const names = fc.constantFrom(...Object.keys(MUTATIONS));
  fc.assert(
    fc.property(fc.constantFrom(...texts), names, fc.option(names), fc.nat(), (text, first, second, pick) => {
      const once = MUTATIONS[first]?.(text, pick) ?? text;
      const mutant = (second === null ? null : MUTATIONS[second]?.(once, pick)) ?? once;
      tried += 1;
      if (isWorse(classify(text).risk, classify(mutant).risk))
        throw new Error(`${first}, ${second}: ${JSON.stringify(text)} ranks above ${JSON.stringify(mutant)}`);
    }),
    { numRuns, seed },
  );
  return tried;
}
