import { startedBy } from './started.ts';

/** Where in a command a value will stand. */
export interface ValuePlace {
  /** How the shell quotes it there. */
  readonly quoting: 'none' | 'single' | 'double' | 'heredoc';
  /** True when nothing of its word stands before it, so that it decides whether the word is an option. */
  readonly startsWord: boolean;
  /** True inside open braces of a bare word, of which bash may make several words. */
  readonly inBraces: boolean;
  /** The word so far, its quotes left out. */
  readonly before: string;
  /** The rest of the word. */
  readonly after: string;
  /** What reads the word again after the shell. */
  readonly reader: Reader;
  /** The quote that is open in the text for that reader, or none. */
  readonly innerQuote: '' | "'" | '"';
  /** The program that reads the word, seen through `sudo` and the like. */
  readonly program: string;
  /** The word before it. */
  readonly option: string;
  /** True when it is the program itself. */
  readonly isCommand: boolean;
}

/** `plain`: no one; `shell`: another shell; `other`: part of the shell's own grammar; the rest read a language or a format. */
export type Reader = 'plain' | 'shell' | 'sql' | 'json' | 'yaml' | 'filter' | 'code' | 'other';

/** A word of its own outside quotes. */
export const BARE: ValuePlace = {
  quoting: 'none',
  startsWord: true,
  inBraces: false,
  before: '',
  after: '',
  reader: 'plain',
  innerQuote: '',
  program: '',
  option: '',
  isCommand: false,
};

/** Programs that read a text once more inside a text for a shell. */
const READS_AGAIN =
  /(^|[\s;|&('"])(\w*sh|eval|su|awk|sed|perl|python\d?|ruby|node|php|psql|mysql|mongosh|redis-cli|xargs|find|env|jq|watch|docker|kubectl)\s/;
/** `sudo -i`, which hands its words to a shell. */
const SUDO_SHELL = /(^|[\s;|&('"])sudo\s(?:[^;|&]*\s)?-((?=\w*[is])\w+|-login|-shell)\s/;
/** Whether something in this beginning of a text reads the rest once more. */
export const isReadAgain = (text: string): boolean => READS_AGAIN.test(text) || SUDO_SHELL.test(text);
/** Programs whose text begins with the name of another. */
const TAKES_SCRIPT = /^((ba|da|z|k|a)?sh|su|runuser|sg|script|vagrant|ssh|at|batch)$/;
const SCRIPT_OPTION = /^(trap|--(command|exec|scripts?|args|rsh|shell-command))$/;

/** The place as the last shell sees it: of `rm -f <file>` inside quotes for ssh, the word of rm. */
export function readPlace(place: ValuePlace): ValuePlace {
  if (place.reader !== 'shell') return place;
  const text = place.before.replace(/^--?[\w-]+=/, '');
  const isText = place.innerQuote !== '' && !isReadAgain(text);
  const open = isText ? text.lastIndexOf(place.innerQuote) : text.length;
  const segment =
    text
      .slice(0, open)
      .split(/[;&|(){}\n]+/)
      .at(-1) ?? '';
  const words = segment.trimStart().split(/\s+/);
  const before = `${words.at(-1) ?? ''}${text.slice(open)}`.replace(/^["']/, '');
  const inner = words.slice(0, -1);
  const isScript =
    text !== place.before || TAKES_SCRIPT.test(place.program) || SCRIPT_OPTION.test(place.option);
  const outer = isScript || place.program === '' ? null : place.program;
  const program = inner.length > 0 ? startedBy(inner) : outer;
  return {
    ...place,
    before,
    startsWord: before === '',
    program: program ?? '',
    option: inner.at(-1) ?? place.option,
    isCommand: program === null && before === '' && /^["']?($|[\s;|&)])/.test(place.after),
  };
}
