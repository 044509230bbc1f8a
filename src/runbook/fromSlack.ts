import { z } from 'zod';

const Inline = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  url: z.string().optional(),
  name: z.string().optional(),
  user_id: z.string().optional(),
  channel_id: z.string().optional(),
  usergroup_id: z.string().optional(),
  range: z.string().optional(),
  fallback: z.string().optional(),
  style: z.looseObject({ bold: z.boolean().optional(), code: z.boolean().optional() }).optional(),
});
type Inline = z.infer<typeof Inline>;

const Section = z.looseObject({ type: z.literal('rich_text_section'), elements: z.array(Inline) });
const RichElement = z.discriminatedUnion('type', [
  Section,
  z.looseObject({ type: z.literal('rich_text_preformatted'), elements: z.array(Inline) }),
  z.looseObject({ type: z.literal('rich_text_quote'), elements: z.array(Inline) }),
  z.looseObject({
    type: z.literal('rich_text_list'),
    style: z.enum(['ordered', 'bullet']),
    indent: z.number().int().min(0).max(8).default(0),
    offset: z.number().int().min(0).max(10_000).default(0),
    elements: z.array(Section),
  }),
]);
type RichElement = z.infer<typeof RichElement>;

const TextObject = z.looseObject({ type: z.enum(['mrkdwn', 'plain_text']), text: z.string() });
const Block = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('rich_text'), elements: z.array(RichElement) }),
  z.looseObject({ type: z.literal('section'), text: TextObject }),
  z.looseObject({ type: z.literal('header'), text: TextObject }),
  z.looseObject({ type: z.literal('markdown'), text: z.string() }),
]);
type Block = z.infer<typeof Block>;

/** A link in code is what was typed: its text when that is the address without its scheme, otherwise the address. */
export function linkInCode(url: string, label: string | undefined): string {
  return label !== undefined && url.replace(/^(?:[a-z][a-z0-9+.-]*:)?(?:\/\/)?/i, '') === label ? label : url;
}

function plain(element: Inline, code: boolean): string {
  switch (element.type) {
    case 'text':
      return element.text ?? '';
    case 'link':
      return code ? linkInCode(element.url ?? '', element.text) : (element.text ?? element.url ?? '');
    case 'user':
      return `@${element.user_id ?? ''}`;
    case 'channel':
      return `#${element.channel_id ?? ''}`;
    case 'usergroup':
      return `@${element.usergroup_id ?? ''}`;
    case 'broadcast':
      return `@${element.range ?? ''}`;
    case 'emoji':
      return `:${element.name ?? ''}:`;
    default:
      return element.fallback ?? element.text ?? '';
  }
}

/** Code ticks longer than any run of ticks inside. */
function ticked(text: string): string {
  if (text.trim() === '') return text;
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const ticks = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return `${ticks}${pad}${text}${pad}${ticks}`;
}

function rendered(elements: readonly Inline[]): string {
  return elements
    .map((element) => {
      const code = element.style?.code === true;
      return code ? ticked(plain(element, true)) : plain(element, false);
    })
    .join('');
}

/** A section's lines as paragraphs of their own; one that is bold as a whole is a heading. */
function sectionLines(elements: readonly Inline[]): string[] {
  const solid = elements.filter((element) => (element.text ?? element.url ?? '?').trim() !== '');
  const text = rendered(elements);
  const bold = solid.length > 0 && solid.every((element) => element.style?.bold === true);
  if (bold && !text.trim().includes('\n')) return [`## ${text.trim()}`];
  const first = elements[0];
  const opening = /^([^\n]{1,200}?):?\s*\n/.exec(first?.text ?? '')?.[1];
  const lines = text.split('\n').map((line) => line.trimEnd());
  if (first?.style?.bold && opening !== undefined) lines[0] = `## ${lines[0] ?? ''}`;
  return lines.filter((line) => line.trim() !== '');
}

const LANGUAGE_TAG =
  /^(?:bash|sh|shell|zsh|console|shell-session|terminal|text|plaintext|ya?ml|json|toml|ini|sql|python|diff|log|output)$/;

function fenced(elements: readonly Inline[], indent: string): string {
  const code = elements
    .map((element) => plain(element, true))
    .join('')
    .replace(/\n$/, '');
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const [first = '', ...rest] = code.split('\n');
  // Slack's composer knows no language tag: one that was typed after the fence is the first line of the code.
  const tagged = rest.length > 0 && LANGUAGE_TAG.test(first.trim());
  const lines = tagged ? [`${fence}${first.trim()}`, ...rest] : [fence, first, ...rest];
  return [...lines, fence].map((line) => `${indent}${line}`).join('\n');
}

/** Renders elements in order; a preformatted block right after a list belongs to the list's last item. */
function richText(elements: readonly RichElement[]): string[] {
  const out: string[] = [];
  let indent = '';
  for (const element of elements) {
    switch (element.type) {
      case 'rich_text_section':
        out.push(...sectionLines(element.elements));
        indent = '';
        break;
      case 'rich_text_quote':
        out.push(
          rendered(element.elements)
            .split('\n')
            .map((line) => `> ${line}`)
            .join('\n'),
        );
        break;
      case 'rich_text_preformatted':
        out.push(fenced(element.elements, indent));
        break;
      case 'rich_text_list': {
        const lead = ' '.repeat(4 * element.indent);
        const items = element.elements.map((item, index) => {
          const marker = element.style === 'ordered' ? `${element.offset + index + 1}. ` : '- ';
          return `${lead}${marker}${rendered(item.elements).trim().split('\n').join(`\n${lead}    `)}`;
        });
        out.push(items.join('\n'));
        indent = `${lead}    `;
        break;
      }
    }
  }
  return out;
}

function blockText(block: Block): string[] {
  switch (block.type) {
    case 'rich_text':
      return richText(block.elements);
    case 'header':
      return [`# ${block.text.text}`];
    case 'section':
      return [block.text.type === 'mrkdwn' ? fromSlackText(block.text.text) : block.text.text];
    case 'markdown':
      return [block.text];
  }
}

/**
 * The text of a Slack message's blocks in the Markdown that `extract` reads: preformatted text becomes a fenced block,
 * lists become list items, inline code keeps its ticks, a bold line becomes a heading. Blocks of other types and
 * malformed ones are passed over; null when nothing is left. Shapes: Slack Block Kit reference, `rich_text`.
 */
export function fromSlackBlocks(blocks: unknown): string | null {
  if (!Array.isArray(blocks)) return null;
  const parts = blocks.flatMap((block) => {
    const parsed = Block.safeParse(block);
    return parsed.success ? blockText(parsed.data) : [];
  });
  const text = parts.filter((part) => part.trim() !== '').join('\n\n');
  return text === '' ? null : text;
}

const CONTROL = /<([@#!]|[a-z][a-z0-9+.-]{0,30}:)([^<>\n|]{0,2000})(?:\|([^<>\n]{0,1000}))?>/gi;

function control(code: boolean, mark: string, body: string, label: string | undefined): string {
  if (mark === '@' || mark === '#') return `${mark}${label ?? body}`;
  if (mark === '!') return label ?? `@${body.replace(/\^.*$/, '')}`;
  const url = `${mark}${body}`;
  return code ? linkInCode(url, label) : (label ?? url);
}

/**
 * The text of a Slack mrkdwn message as it was typed: links, mentions and dates become text (in code the address,
 * in prose the label), and `&lt;` `&gt;` `&amp;` are decoded once. Source: Slack, "Formatting text for app surfaces".
 */
export function fromSlackText(text: string): string {
  return text
    .split(/(```[\s\S]*?```|`[^`\n]*`)/)
    .map((piece, index) =>
      piece.replace(CONTROL, (_all, mark: string, body: string, label: string | undefined) =>
        control(index % 2 === 1, mark, body, label),
      ),
    )
    .join('')
    .replace(/&(lt|gt|amp);/g, (_all, name: string) => (name === 'lt' ? '<' : name === 'gt' ? '>' : '&'));
}
