const mark = (cut: number): string => `[… ${cut} characters cut …]`;

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** True when a cut at `at` would fall between the two halves of one character. */
export function splitsPair(text: string, at: number): boolean {
  return at > 0 && at < text.length && isHigh(text.charCodeAt(at - 1)) && isLow(text.charCodeAt(at));
}

/** How many units of `text` fit beside a mark that names what is cut; 0 when not even the mark fits. */
function room(text: string, max: number): number {
  return Math.max(0, max - mark(text.length).length - 1);
}

/**
 * The beginning of the text in at most `max` UTF-16 units, with a mark at the end that counts the units cut.
 * A text that fits is returned as it is. Never cuts a surrogate pair. When `max` is too small for the mark the
 * mark alone is cut to `max`.
 */
export function truncateHead(text: string, max: number): string {
  if (text.length <= max) return text;
  let keep = room(text, max);
  if (splitsPair(text, keep)) keep -= 1;
  const note = mark(text.length - keep);
  return keep === 0 ? note.slice(0, Math.max(0, max)) : `${text.slice(0, keep)}\n${note}`;
}

/** As `truncateHead`, but keeps the end of the text and puts the mark before it. */
export function truncateTail(text: string, max: number): string {
  if (text.length <= max) return text;
  let from = text.length - room(text, max);
  if (splitsPair(text, from)) from += 1;
  const note = mark(from);
  return from >= text.length ? note.slice(0, Math.max(0, max)) : `${note}\n${text.slice(from)}`;
}
