import { splitsPair } from '../text/truncate.ts';

/** The first `max` UTF-16 units of a text, or one less where a character would be cut in two: what is cut can be recorded. */
export const cut = (text: string, max: number): string =>
  text.slice(0, splitsPair(text, max) ? max - 1 : max);
