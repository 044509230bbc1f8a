import { isSecretPath } from '../redirect.ts';
import { finding, type ProgramFinding } from './finding.ts';

/** One token of a script; what a string holds is its text without the quotes. */
export interface Token {
  readonly kind: 'name' | 'variable' | 'string' | 'number' | 'regex' | 'symbol';
  readonly text: string;
}

/** What a scripting language is made of, as far as a text that only computes and prints needs it. */
export interface Language {
  /** The name of the rule and of the language in sentences. */
  readonly name: string;
  /** Token patterns, tried in order at each place; null drops what matches. */
  readonly tokens: readonly (readonly [Token['kind'] | null, RegExp])[];
  /** Words that may stand by themselves: keywords, and functions that only compute, print or read. */
  readonly words: ReadonlySet<string>;
  /** Words that may follow a dot or an arrow. */
  readonly members: Pick<ReadonlySet<string>, 'has'>;
  /** Words that nothing may be named by: they reach what runs or writes. */
  readonly forbidden: ReadonlySet<string>;
  /** The signs that lead to a member. */
  readonly access: ReadonlySet<string>;
  /** What may stand before a slash that divides; where anything else could be meant, the text is not read. */
  readonly divided: (before: Token, isLocal: boolean) => boolean;
  /** Names the text itself gives to values, and to functions. */
  readonly locals: readonly RegExp[];
  readonly functions: readonly RegExp[];
  /** What makes the text unreadable whatever else it holds. */
  readonly refused: RegExp;
  /** Code that stands inside this string or pattern, to be checked too; null when that cannot be told. */
  readonly inside: (token: Token) => readonly string[] | null;
  /** More that must hold of the tokens around one. */
  readonly allows?: (tokens: readonly Token[], at: number) => boolean;
}

/** A list of words, written as one text. */
export const words = (text: string): ReadonlySet<string> =>
  new Set(text.split(/\s+/).filter((word) => word !== ''));

/**
 * Judges a script that may only compute, print and read. Every word in it must be one that is known to do no more, or a
 * name the text gives itself; such a name is never called. Whatever else it holds is danger.
 */
export function judgeScript(
  text: string,
  language: Language,
  directories: readonly string[],
): readonly ProgramFinding[] {
  const tokens = onlyComputes(text, language, 0);
  const rule = `${language.name}.program`;
  if (tokens === null)
    return [finding(rule, 'danger', `This ${language.name} text may do more than compute and print.`)];
  const secret = tokens.some(
    (token) =>
      token.kind === 'string' && isSecretPath(token.text.replace(/^\w*["'`]+|["'`]+$/g, ''), directories),
  );
  return [
    secret
      ? finding(rule, 'caution', `This ${language.name} text reads a file that holds a secret.`)
      : finding(rule, 'safe', `The ${language.name} text only computes and prints.`),
  ];
}

const MAX_DEPTH = 4;

/** The tokens of a text that only computes, those inside its strings too; null when it may do more. */
function onlyComputes(text: string, language: Language, depth: number): readonly Token[] | null {
  if (depth > MAX_DEPTH || language.refused.test(text)) return null;
  const tokens = tokenise(text, language);
  if (tokens === null) return null;
  const functions = namesIn(text, language.functions);
  const locals = namesIn(text, language.locals);
  if ([...functions, ...locals].some((name) => language.forbidden.has(name))) return null;
  const named: Named = { functions, locals };
  const inner: Token[] = [];
  for (const [at, token] of tokens.entries()) {
    if (!isKnown(tokens, at, language, named) || language.allows?.(tokens, at) === false) return null;
    const parts = language.inside(token);
    for (const part of parts ?? []) {
      // What stands in a string may use the names around it.
      const own: Language = { ...language, words: new Set([...language.words, ...locals]) };
      const found = onlyComputes(part, own, depth + 1);
      if (found === null) return null;
      inner.push(...found);
    }
    if (parts === null) return null;
  }
  return [...tokens, ...inner];
}

function tokenise(text: string, { tokens: patterns }: Language): readonly Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const found = patterns.find(([kind, pattern]) => {
      pattern.lastIndex = at;
      return pattern.test(text) && (kind !== 'regex' || startsValue(tokens.at(-1)));
    });
    if (!found) return null;
    const [kind, pattern] = found;
    if (kind !== null) tokens.push({ kind, text: text.slice(at, pattern.lastIndex) });
    at = pattern.lastIndex;
  }
  return tokens;
}

/** Whether a slash here starts a pattern and does not divide: only where nothing else can be meant. */
function startsValue(before: Token | undefined): boolean {
  if (before === undefined) return true;
  return before.kind === 'symbol'
    ? !/[)\]}]$|^(\+\+|--|<>|<STDIN>)$/.test(before.text)
    : /^(if|unless|and|or|not|return|split|grep|when|in|typeof|elsif|while|until|print)$/.test(before.text);
}

interface Named {
  readonly functions: ReadonlySet<string>;
  readonly locals: ReadonlySet<string>;
}

function namesIn(text: string, patterns: readonly RegExp[]): ReadonlySet<string> {
  return new Set(
    patterns.flatMap((pattern) =>
      [...text.matchAll(pattern)].flatMap((match) =>
        (match[1] ?? '').split(/[\s,()*|{}[\]:]+/).filter(Boolean),
      ),
    ),
  );
}

function isKnown(tokens: readonly Token[], at: number, language: Language, named: Named): boolean {
  const token = tokens[at];
  const before = tokens[at - 1];
  const after = tokens[at + 1];
  if (token === undefined) return false;
  // What a bracket closed, or a text, is never called: nobody knows which function it is.
  if (token.text === '(' && before && (/^[)\]]$/.test(before.text) || before.kind === 'string')) return false;
  if (token.text.startsWith('/') && token.kind === 'symbol')
    return before !== undefined && language.divided(before, named.locals.has(before.text));
  if (token.kind !== 'name') return true;
  if (before?.kind === 'symbol' && language.access.has(before.text)) return language.members.has(token.text);
  if (language.forbidden.has(token.text)) return false;
  if (language.words.has(token.text) || named.functions.has(token.text)) return true;
  return named.locals.has(token.text) && after?.text !== '(';
}
