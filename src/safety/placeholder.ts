import type { Span } from './verdict.ts';

const PLACEHOLDER = /<[A-Za-z][\w .:/-]{0,60}>/y;

/**
 * Finds `<name>` outside quotes, where a shell would read it as two redirections, and gives the text with each one
 * replaced by a plain word of the same length, so that positions stay the same.
 */
export function placeholders(text: string): { readonly text: string; readonly found: readonly Span[] } {
  const found: Span[] = [];
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '\\' && quote !== "'") at += 1;
    else if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === "'" || char === '"') quote = char;
    else if (char === '<') {
      PLACEHOLDER.lastIndex = at;
      const match = /[<\d&]/.test(text[at - 1] ?? '') ? null : PLACEHOLDER.exec(text);
      if (!match || /[>&(|]/.test(text[at + match[0].length] ?? '')) continue;
      found.push({ start: at, end: at + match[0].length });
      at += match[0].length - 1;
    }
  }
  let filled = text;
  for (const { start, end } of found)
    filled = filled.slice(0, start) + 'x'.repeat(end - start) + filled.slice(end);
  return { text: filled, found };
}
