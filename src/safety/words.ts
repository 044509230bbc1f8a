import type { CommandArgument, Word, WordPart } from 'unbash';
import type { Arg, Unknown } from './model.ts';
import type { Span } from './verdict.ts';

/** Values that earlier assignments in the same text gave, kept only to raise risks. */
export type Variables = Map<string, string>;

interface Piece {
  readonly text: string | null;
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
    disguised:
      pieces.some((piece) => piece.disguised) || (word.parts === undefined && word.text.includes('\\')),
    guess: stop < 0 ? null : guess(pieces, variables),
    raw: word.text,
    span,
  };
}

function guess(pieces: readonly Piece[], variables: Variables): readonly string[] | null {
  let text = '';
  let splits = false;
  for (const piece of pieces) {
    const value = piece.text ?? (piece.variable === null ? undefined : variables.get(piece.variable));
    if (value === undefined) return null;
    text += value;
    if (piece.text === null && !piece.quoted) splits = true;
  }
  return splits ? text.split(/[ \t\n]+/).filter((part) => part !== '') : [text];
}

function literal(text: string, disguised = false): Piece {
  return { text, unknown: 'none', quoted: true, disguised, variable: null };
}

function unknownPiece(unknown: Unknown, quoted: boolean, variable: string | null = null): Piece {
  return { text: null, unknown, quoted, disguised: false, variable };
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
      return [unknownPiece('substitution', quoted)];
    case 'Glob':
    case 'BraceExpansion':
      return [unknownPiece('glob', false)];
    case 'LocaleString':
    case 'ArithmeticExpansion':
    case 'ProcessSubstitution':
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
