import type { Finding } from './model.ts';
import type { Span } from './verdict.ts';

/** Bounds inside which the parser was measured to stay fast (design notes on parsing, section 1). */
export const LIMITS = {
  bytes: 16 * 1024,
  nesting: 48,
  openers: 2000,
  heredocs: 100,
  depth: 12,
  commands: 500,
} as const;

/** Control, format, private and other characters that show nothing: all but tab and newline. */
const HIDDEN = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
/** Letters, dashes, quotes and blanks that look like a plain one. */
const LOOK_ALIKE =
  /[\u0370-\u03ff\u0400-\u052f\u0530-\u058f\u2000-\u200a\u202f\u205f\u3000\u00a0\u2010-\u2015\u2018-\u201f\u2024-\u2026\u2044\u2212\u2215\u29f8\uff01-\uff5e]/;
/** Inside quotes only these mislead: blanks, full-width forms, letters beside Latin ones, a dash that begins a word. */
const LOOK_ALIKE_IN_QUOTES =
  /[\u2000-\u200a\u202f\u205f\u3000\u00a0\uff01-\uff5e]|[A-Za-z][\u0370-\u058f]|[\u0370-\u058f][A-Za-z]|["' ][\u2010-\u2015\u2212](?! )/;

/** The place of a misleading character, or -1. Quoted prose of another alphabet is only data. */
function lookAlike(text: string): number {
  if (!LOOK_ALIKE.test(text)) return -1;
  const quoted = /"(?:\\[\s\S]|[^"\\$`])*"|'[^']*'/g;
  const outside = text.replace(quoted, (piece) =>
    LOOK_ALIKE_IN_QUOTES.test(piece) ? piece : ' '.repeat(piece.length),
  );
  return outside.search(LOOK_ALIKE);
}

/**
 * What is refused or doubted before any parsing: size, hidden characters, nesting. Linear in the length of the text.
 * A finding of risk danger means: do not parse.
 */
export function precheck(text: string): readonly Finding[] {
  const whole: Span = { start: 0, end: text.length };
  const refuse = (rule: string, sentence: string, span: Span = whole): Finding => ({
    rule,
    risk: 'danger',
    sentence,
    span,
  });
  if (text.trim() === '') return [refuse('limit.empty', 'There is no command in this text.')];
  if (text.length > LIMITS.bytes || new TextEncoder().encode(text).length > LIMITS.bytes)
    return [
      refuse(
        'limit.size',
        'This text is longer than 16 KB, so it is not analysed. Split it into smaller commands.',
      ),
    ];
  const hidden = HIDDEN.exec(text);
  if (hidden)
    return [
      refuse(
        'text.hidden-character',
        'This text holds a control or invisible character, so what is shown is not what would run. Type the command again.',
        { start: hidden.index, end: hidden.index + hidden[0].length },
      ),
    ];
  const over = overLimit(text);
  if (over !== null) return [refuse('limit.nesting', over)];
  if (trailingBackslash(text))
    return [refuse('shell.trailing-backslash', 'The text ends in a backslash, so it is not complete.')];
  const alike = lookAlike(text);
  if (alike < 0) return [];
  return [
    {
      rule: 'text.look-alike',
      risk: 'caution',
      sentence:
        'This text holds a character that looks like another one (a quote, dash, space or letter). Check it and type it again.',
      span: { start: alike, end: alike + 1 },
    },
  ];
}

function overLimit(text: string): string | null {
  let depth = 0;
  let openers = 0;
  let deepest = 0;
  for (const char of text) {
    if (char === '(' || char === '{' || char === '[') {
      depth += 1;
      openers += 1;
      deepest = Math.max(deepest, depth);
    } else if (char === ')' || char === '}' || char === ']') depth = Math.max(0, depth - 1);
  }
  if (deepest > LIMITS.nesting) return 'Brackets are nested too deeply, so this text is not analysed.';
  if (openers > LIMITS.openers || text.split('`').length > LIMITS.openers)
    return 'There are too many brackets, so this text is not analysed.';
  if (text.split('<<').length - 1 > LIMITS.heredocs)
    return 'There are too many here-documents, so this text is not analysed.';
  return null;
}

function trailingBackslash(text: string): boolean {
  let count = 0;
  for (let at = text.length - 1; at >= 0 && text[at] === '\\'; at -= 1) count += 1;
  return count % 2 === 1;
}
