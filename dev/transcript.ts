/** A Slack thread as lines of a terminal: who said what, with buttons in brackets. */
import type { SeenMessage } from './slack/control.ts';

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const nodes = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const textOf = (value: unknown): string => (isNode(value) ? String(value.text ?? '') : '');

/** A message as a person would read it, indented when it is a reply. */
export function transcribe(message: SeenMessage, nameOf: (user: string) => string): string {
  const body = message.blocks.length > 0 ? message.blocks.flatMap(blockLines) : [message.text];
  const pad = message.threadTs && message.threadTs !== message.ts ? '    ' : '';
  const lines = body.flatMap((text) => readable(text, nameOf).split('\n'));
  return [`${pad}${message.name}`, ...lines.map((line) => `${pad}  ${line}`)].join('\n');
}

function blockLines(block: Node): string[] {
  switch (block.type) {
    case 'header':
    case 'section':
      return [textOf(block.text)];
    case 'context':
      return nodes(block.elements).map((element) => String(element.text ?? ''));
    case 'actions':
      return [
        nodes(block.elements)
          .map((button) => `[${textOf(button.text)}]`)
          .join(' '),
      ];
    case 'rich_text':
      return nodes(block.elements).flatMap(richLines);
    default:
      return [];
  }
}

function richLines(part: Node): string[] {
  const inner = nodes(part.elements);
  if (part.type === 'rich_text_list')
    return inner.flatMap((item) => richLines(item).map((line) => `• ${line}`));
  const text = inner.map((element) => String(element.text ?? element.url ?? '')).join('');
  return part.type === 'rich_text_preformatted'
    ? text
        .trimEnd()
        .split('\n')
        .map((line) => `│ ${line}`)
    : [text];
}

/** Mentions, dates and emphasis as words. */
function readable(text: string, nameOf: (user: string) => string): string {
  return text
    .replaceAll(/<@([A-Z0-9]+)>/g, (_, user: string) => `@${nameOf(user)}`)
    .replaceAll(/<!date\^[^|]*\|([^>]*)>/g, '$1')
    .replaceAll(/(^|[\s·])[*_~](\S.*?\S|\S)[*_~](?=$|[\s.,:·(])/gm, '$1$2')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
