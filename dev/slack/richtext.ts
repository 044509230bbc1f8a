import type {
  RichTextBlock,
  RichTextBlockElement,
  RichTextElement,
  RichTextList,
  RichTextPreformatted,
  RichTextSection,
} from '@slack/types';

import { EMOJI } from './emoji.ts';

/** The longest message a person can send: https://docs.slack.dev/changelog/2018-truncating-really-long-messages */
export const MAX_TYPED = 40_000;

/** What Slack stores for a message a person typed: `text` as escaped mrkdwn and `blocks` as the composer's rich text. */
export interface Composed {
  readonly text: string;
  readonly blocks: readonly [Omit<RichTextBlock, 'block_id'>];
}

type ListStyle = 'bullet' | 'ordered';
interface Item {
  readonly indent: number;
  readonly style: ListStyle;
  readonly number: number;
  readonly text: string;
}
/** `offset` says how many items come before the first, as when code stands between items; the SDK's type lacks it. */
type List = RichTextList & { offset?: number };

const FENCE = '```';
const ITEM = /^([ \t]*)(?:[-*•]|(\d{1,3})[.)])[ \t]+(\S.*)$/;
const QUOTE = /^>[ ]?(.*)$/;
const EMOJI_NAMES = Object.keys(EMOJI).map((name) => name.replace('+', '\\+'));
/** Inline code, *bold*, _italic_, ~strike~, a URL, or a known :emoji:; marks count only at the edge of a word, as in Slack. */
const INLINE = new RegExp(
  [
    /`([^`\n]+)`/,
    /(?<![\w*])\*(?![\s*])([^*\n]*[^\s*])\*(?![\w*])/,
    /(?<![\w_])_(?![\s_])([^_\n]*[^\s_])_(?![\w_])/,
    /(?<![\w~])~(?![\s~/])([^~\n]*[^\s~])~(?![\w~])/,
    /(https?:\/\/[^\s<>|`]*[^\s<>|`.,;:!?)'"])/,
    new RegExp(`:(${EMOJI_NAMES.join('|')}):`),
  ]
    .map((one) => one.source)
    .join('|'),
  'g',
);

/** `&`, `<` and `>` as Slack writes them in message text. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * What Slack's composer makes of typed or pasted text: fences (Slack knows no language word, so `bash` after a fence stays
 * the first line of the code), lists, quotes, inline code, bold, italic, strike, links and emoji; all else is plain text.
 * Throws RangeError above 40,000 characters, which Slack's composer refuses to send.
 */
export function compose(typed: string): Composed {
  const source = typed.replaceAll('\r\n', '\n').replace(/^\n+|\s+$/g, '');
  if (source.length > MAX_TYPED) {
    throw new RangeError(`The message has ${source.length} characters. Slack sends at most ${MAX_TYPED}.`);
  }
  const elements: RichTextBlockElement[] = [];
  for (const part of fences(source)) {
    if (part.code) elements.push({ type: 'rich_text_preformatted', elements: code(part.text) });
    else elements.push(...lines(part.text));
  }
  const last = elements.at(-1);
  if (last?.type === 'rich_text_section') dropFinalNewline(last);
  return { text: toMrkdwn(elements), blocks: [{ type: 'rich_text', elements }] };
}

/** Splits at fences. A fence never closed is text, as in Slack. */
function fences(source: string): { code: boolean; text: string }[] {
  const pieces = source.split(FENCE);
  const open = pieces.length % 2 === 0 ? `${FENCE}${pieces.pop() ?? ''}` : '';
  const parts = pieces.map((piece, index) => ({ code: index % 2 === 1, text: piece }));
  const last = parts.at(-1);
  if (last) last.text += open;
  return parts
    .map((part) => (part.code ? { ...part, text: part.text.replace(/^\n|\n[ \t]*$/g, '') } : part))
    .map((part, index) =>
      part.code ? part : { ...part, text: trimNewlines(part.text, index > 0, index < parts.length - 1) },
    )
    .filter((part) => part.text !== '');
}

/** The line break beside a fence belongs to the fence; indentation before it goes with it. */
function trimNewlines(piece: string, atStart: boolean, atEnd: boolean): string {
  const start = atStart ? piece.replace(/^[ \t]*\n/, '') : piece;
  return atEnd ? start.replace(/\n[ \t]*$/, '') : start;
}

/** Runs of list items, of quotes, and of anything else, in order. */
function lines(piece: string): RichTextBlockElement[] {
  const out: RichTextBlockElement[] = [];
  let items: Item[] = [];
  let quoted: string[] = [];
  let plain: string[] = [];
  const flush = () => {
    if (items.length > 0) out.push(...lists(items));
    if (quoted.length > 0) out.push({ type: 'rich_text_quote', elements: inline(quoted.join('\n')) });
    if (plain.length > 0) out.push({ type: 'rich_text_section', elements: inline(`${plain.join('\n')}\n`) });
    items = [];
    quoted = [];
    plain = [];
  };
  for (const line of piece.split('\n')) {
    const item = ITEM.exec(line);
    const quote = QUOTE.exec(line);
    if (item ? items.length === 0 : quote ? quoted.length === 0 : plain.length === 0) flush();
    if (item) {
      const indent = Math.min(8, Math.floor((item[1] ?? '').replaceAll('\t', '    ').length / 2));
      const style = item[2] === undefined ? 'bullet' : 'ordered';
      items.push({ indent, style, number: Number(item[2] ?? 1), text: item[3] ?? '' });
    } else if (quote) quoted.push(quote[1] ?? '');
    else plain.push(line);
  }
  flush();
  return out;
}

/** Slack makes one rich_text_list for each run of items of one style and indent. */
function lists(items: readonly Item[]): List[] {
  const out: List[] = [];
  for (const { style, indent, number, text: words } of items) {
    const section: RichTextSection = { type: 'rich_text_section', elements: inline(words) };
    const last = out.at(-1);
    if (last && last.style === style && last.indent === indent) last.elements.push(section);
    else {
      const offset = number > 1 ? { offset: number - 1 } : {};
      out.push({ type: 'rich_text_list', style, indent, border: 0, ...offset, elements: [section] });
    }
  }
  return out;
}

const text = (value: string): { type: 'text'; text: string } => ({ type: 'text', text: value });

/** Slack links URLs inside code too. */
function code(source: string): RichTextPreformatted['elements'] {
  return source
    .split(/(https?:\/\/[^\s<>|`"']+)/)
    .map((piece, index) => (index % 2 === 1 ? { type: 'link' as const, url: piece } : text(piece)))
    .filter((piece) => piece.type === 'link' || piece.text !== '');
}

function inline(source: string): RichTextElement[] {
  const out: RichTextElement[] = [];
  let end = 0;
  for (const match of source.matchAll(INLINE)) {
    if (match.index > end) out.push(text(source.slice(end, match.index)));
    end = match.index + match[0].length;
    const [, mono, bold, italic, strike, url, emoji] = match;
    if (mono !== undefined) out.push({ ...text(mono), style: { code: true } });
    else if (bold !== undefined) out.push({ ...text(bold), style: { bold: true } });
    else if (italic !== undefined) out.push({ ...text(italic), style: { italic: true } });
    else if (strike !== undefined) out.push({ ...text(strike), style: { strike: true } });
    else if (url !== undefined) out.push({ type: 'link', url });
    else if (emoji !== undefined) out.push({ type: 'emoji', name: emoji });
  }
  if (end < source.length) out.push(text(source.slice(end)));
  return out;
}

function dropFinalNewline(section: RichTextSection): void {
  const last = section.elements.at(-1);
  if (last?.type !== 'text') return;
  last.text = last.text.replace(/\n$/, '');
  if (last.text === '') section.elements.pop();
}

function toMrkdwn(elements: readonly RichTextBlockElement[]): string {
  const parts = elements.map((element) => {
    switch (element.type) {
      case 'rich_text_preformatted':
        return `${FENCE}${element.elements.map(inlineMrkdwn).join('')}${FENCE}\n`;
      case 'rich_text_quote':
        return `${element.elements
          .map(inlineMrkdwn)
          .join('')
          .split('\n')
          .map((line) => `&gt; ${line}`)
          .join('\n')}\n`;
      case 'rich_text_list':
        return listMrkdwn(element);
      case 'rich_text_section':
        return element.elements.map(inlineMrkdwn).join('');
      default: {
        const never: never = element;
        return never;
      }
    }
  });
  return parts.join('').trimEnd();
}

function listMrkdwn(list: List): string {
  return list.elements
    .map((item, index) => {
      const mark = list.style === 'ordered' ? `${(list.offset ?? 0) + index + 1}.` : '•';
      return `${'    '.repeat(list.indent ?? 0)}${mark} ${item.elements.map(inlineMrkdwn).join('')}\n`;
    })
    .join('');
}

function inlineMrkdwn(element: RichTextElement): string {
  if (element.type === 'link') return `<${escapeText(element.url)}>`;
  if (element.type === 'emoji') return `:${element.name}:`;
  if (element.type !== 'text') return '';
  const escaped = escapeText(element.text);
  if (element.style?.code) return `\`${escaped}\``;
  if (element.style?.bold) return `*${escaped}*`;
  if (element.style?.italic) return `_${escaped}_`;
  if (element.style?.strike) return `~${escaped}~`;
  return escaped;
}
