import { cut } from '../cut.ts';

export const MAX_TITLE = 120;

/** Last parts of dotted names that are files or names inside a network, and no address somebody could follow. */
const HARMLESS_ENDING =
  /^(?:ya?ml|json|conf|cfg|ini|log|txt|service|timer|socket|sql|gz|tar|toml|xml|csv|env|pem|crt|key|local|internal|svc|cluster)$/i;
const DOTTED = /(?<![\p{L}\p{N}_-])[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.(\p{L}[\p{L}\p{N}-]+)/gu;

/** Marks of emphasis at the edge of a word; between letters they are none: `POD_NAME`, `SQL*Plus`. */
const EDGES = /(?<![\p{L}\p{N}])[*~_]+|[*~_]+(?![\p{L}\p{N}])/gu;

/**
 * Words of a stranger as one line of words and nothing else, at most `max` UTF-16 units: nothing in it is hidden, is
 * drawn as a sign such as the colours of a risk, or is markup, a link, a mention or an emoji in Slack, Markdown or HTML.
 * Compatibility forms become the plain letters first, so that they cannot stand in for what is taken out.
 */
export function inertWords(text: string, max: number): string {
  const words = cut(cut(text, 4 * max).normalize('NFKC'), 4 * max)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Z}\p{Default_Ignorable_Code_Point}]+/gu, ' ')
    .replace(/\p{Extended_Pictographic}|\p{Emoji_Presentation}|\p{Regional_Indicator}|\u20e3/gu, '')
    .replace(/(\p{M}{2})\p{M}+/gu, '$1')
    .replace(/[`|]|[<>](?!=? ?\d)/g, '')
    .replace(/@/g, ' at ')
    .replace(/#(?=\S)/g, ' ')
    .replace(EDGES, '')
    .replace(
      /(?:[a-z][a-z0-9+.-]{0,30}:\/\/|\b(?:www\.|(?:mailto|javascript|data|tel):))\S*/gi,
      '[link left out]',
    )
    .replace(/:(?=\d*[\p{L}_+-][\p{L}\p{N}_+-]*:)/gu, ' ')
    .replace(DOTTED, (name, ending: string) =>
      HARMLESS_ENDING.test(ending) ? name : name.replaceAll('.', '[.]'),
    )
    .replace(EDGES, '')
    .replace(/\]\(/g, '] (')
    .replace(/\s+/g, ' ')
    .trim();
  return words.length <= max ? words : `${cut(words, max - 1)}…`;
}

const MAX_QUOTED = 300;
const MAX_QUOTED_WORDS = 40;

/** The words of a text between single blanks, in lower case: what stays the same however it is marked up. */
export const lettersOf = (text: string): string =>
  ` ${text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()} `;

/**
 * What a text (in NFKC) says in the words of a quotation, in their order and without any between them, or null. It is the
 * text that is given and not the quotation, which may have lost a sign that matters: `< 10`.
 */
export function quotedFrom(text: string, quotation: string): string | null {
  const words = lettersOf(cut(quotation, MAX_QUOTED)).trim().split(' ');
  if (words[0] === '' || words.length > MAX_QUOTED_WORDS) return null;
  const around = String.raw`[^\s\p{L}\p{N}]{0,3}`;
  const pattern = `(?<![\\p{L}\\p{N}])${around}${words.join(String.raw`[^\p{L}\p{N}]{1,20}`)}(?![\\p{L}\\p{N}])${around}`;
  return new RegExp(pattern, 'iu').exec(text)?.[0] ?? null;
}
