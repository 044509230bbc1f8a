import type { CommandArgument, Word, WordPart } from 'unbash';
import { printedBy, type Variables } from './evaluation.ts';
import type { Arg, Unknown } from './model.ts';
import type { Span } from './verdict.ts';

/** The most words that one word with braces is followed to. */
const MAX_WORDS = 64;

interface Piece {
  readonly text: string | null;
  /** The words that a brace expansion stands for, or null. */
  readonly choices: readonly string[] | null;
  readonly unknown: Unknown;
  readonly quoted: boolean;
  readonly disguised: boolean;
  /** The plain variable this piece is (`$NAME`, `${NAME}`), or null. */
  readonly variable: string | null;
}

/**
 * Resolves one word to the text bash would pass, or says why it cannot be known. Decides from the word's parts only:
 * the parser's `value` mixes literal text with source text.
 */
export function resolve(
  word: CommandArgument,
  variables: Variables,
  place: (pos: number, end: number) => Span,
): Arg {
  const span = place(word.pos, word.end);
  if (word.type === 'Assignment') return resolveAssignment(word, variables, place, span);
  const pieces = word.parts
    ? word.parts.flatMap((part) => piecesOf(part, false))
    : [literal(unescapeBare(word.text))];
  return assemble(pieces, word, variables, span);
}

function resolveAssignment(
  word: Extract<CommandArgument, { type: 'Assignment' }>,
  variables: Variables,
  place: (pos: number, end: number) => Span,
  span: Span,
): Arg {
  const lead = `${word.name}=`;
  const base = { splits: false, disguised: false, guess: null, raw: word.text, span };
  if (word.value.type !== 'Word' || word.index || word.append)
    return { ...base, text: null, lead, unknown: 'other' };
  const value = resolve(word.value, variables, place);
  const text = value.text === null ? null : lead + value.text;
  return { ...base, text, lead: lead + value.lead, unknown: value.unknown };
}

function assemble(pieces: readonly Piece[], word: Word, variables: Variables, span: Span): Arg {
  const stop = pieces.findIndex((piece) => piece.text === null);
  const lead = (stop < 0 ? pieces : pieces.slice(0, stop)).map((piece) => piece.text).join('');
  const unknownPieces = pieces.filter((piece) => piece.text === null);
  const kinds = new Set(unknownPieces.map((piece) => piece.unknown));
  const unknown: Unknown =
    kinds.size === 0 ? 'none' : kinds.size === 1 ? ([...kinds][0] ?? 'other') : 'other';
  return {
    text: stop < 0 ? lead : null,
    lead,
    unknown,
    splits: unknownPieces.some((piece) => !piece.quoted),
    undashed: lead === '' && variables.undashed.has(unknownPieces[0]?.variable ?? ''),
    disguised:
      pieces.some((piece) => piece.disguised) || (word.parts === undefined && word.text.includes('\\')),
    guess: stop < 0 ? null : guess(pieces, variables),
    raw: word.text,
    span,
  };
}

/** The words it becomes when variables keep the values they were given; null when that cannot be told. */
function guess(pieces: readonly Piece[], { known }: Variables): readonly string[] | null {
  let words = [''];
  let splits = false;
  for (const piece of pieces) {
    const value = piece.text ?? (piece.variable === null ? undefined : known.get(piece.variable));
    const choices = piece.choices ?? (value === undefined ? null : [value]);
    if (choices === null || words.length * choices.length > MAX_WORDS) return null;
    words = words.flatMap((word) => choices.map((choice) => word + choice));
    if (piece.variable !== null && !piece.quoted) splits = true;
  }
  return splits ? words.flatMap((word) => word.split(/[ \t\n]+/)).filter((part) => part !== '') : words;
}

/** `{a,b}` → `a`, `b`; null for what holds more than plain characters. */
function choicesOf(braces: string): readonly string[] | null {
  const inner = /^\{([\w./:@%+=,*?-]*)\}$/.exec(braces)?.[1];
  if (inner === undefined) return null;
  const range = /^(\d+)\.\.(\d+)$/.exec(inner);
  return range ? [range[1] ?? '', range[2] ?? ''] : inner.split(',');
}

function literal(text: string, disguised = false): Piece {
  return { text, choices: null, unknown: 'none', quoted: true, disguised, variable: null };
}

function unknownPiece(unknown: Unknown, quoted: boolean, variable: string | null = null): Piece {
  return { text: null, choices: null, unknown, quoted, disguised: false, variable };
}

function piecesOf(part: WordPart, quoted: boolean): readonly Piece[] {
  switch (part.type) {
    case 'Literal':
      return [
        literal(
          quoted ? unescapeQuoted(part.text) : unescapeBare(part.text),
          !quoted && part.text.includes('\\'),
        ),
      ];
    case 'SingleQuoted':
      return [literal(part.value, true)];
    case 'AnsiCQuoted':
      return [literal(part.value.split('\0')[0] ?? '', true)];
    case 'DoubleQuoted':
      return part.parts.length === 0
        ? [literal('', true)]
        : [literal('', true), ...part.parts.flatMap((inner) => piecesOf(inner, true))];
    case 'SimpleExpansion':
      return [unknownPiece('variable', quoted, part.text.slice(1))];
    case 'ParameterExpansion':
      return [
        part.operation || part.prefix || part.index
          ? unknownPiece('other', quoted)
          : unknownPiece('variable', quoted, part.parameter),
      ];
    case 'CommandExpansion':
      return [unknownPiece(printedBy(part), quoted)];
    case 'ArithmeticExpansion':
      return [unknownPiece('number', quoted)];
    case 'ProcessSubstitution':
      return [literal('/dev/fd/'), unknownPiece('number', true)];
    case 'Glob':
      return [unknownPiece('glob', false)];
    case 'BraceExpansion':
      return [{ ...unknownPiece('braces', false), choices: choicesOf(part.text) }];
    case 'LocaleString':
    case 'ExtendedGlob':
      return [unknownPiece('other', quoted)];
    default:
      return part satisfies never;
  }
}

/** Backslash removal outside quotes: a backslash before a newline vanishes with it. */
export function unescapeBare(text: string): string {
  return text.replace(/\\(\n|[\s\S])/g, (_, char: string) => (char === '\n' ? '' : char));
}

/** Backslash removal inside double quotes, where only five characters can be escaped. */
export function unescapeQuoted(text: string): string {
  return text.replace(/\\([$`"\\\n])/g, (_, char: string) => (char === '\n' ? '' : char));
}
