/**
 * Characters that a reader cannot see or that move other characters: C0 and C1 controls except tab and newline,
 * soft hyphen, zero-width and word-joining characters, bidirectional controls, line and paragraph separators,
 * variation selectors' and tags' plane, other format characters (Unicode category Cf), and lone surrogates.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\u115f\u1160\u3164\uffa0\u{e0000}-\u{e0fff}]/gu;

/** The text with every hidden character written as `\u{…}`; tab and newline are kept. Nothing else changes. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (char) =>
    char === '\n' || char === '\t' ? char : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
