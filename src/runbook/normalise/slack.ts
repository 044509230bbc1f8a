import { linkInCode } from '../fromSlack.ts';
import type { Link } from '../runbook.ts';
import { View } from './view.ts';

/** What Slack writes in place of what was typed: entities, links, mentions and dates in angle brackets. */
const WRITTEN = /&(lt|gt|amp);|<([@#!]|[a-z][a-z0-9+.-]{0,30}:)([^<>\n|]{0,2000})(?:\|([^<>\n]{0,1000}))?>/gi;
const CODE = /```[\s\S]*?```|`[^`\n]*`/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&' };

/** Text as it was typed for a message as Slack stores it (mrkdwn), or undefined when nothing in it is rewritten. */
export function slackView(text: string): View | undefined {
  const code = [...text.matchAll(CODE)].map((found) => ({
    start: found.index,
    end: found.index + found[0].length,
  }));
  const view = new View();
  let from = 0;
  let at = 0;
  for (const found of text.matchAll(WRITTEN)) {
    while ((code[at]?.end ?? Number.POSITIVE_INFINITY) <= found.index) at += 1;
    const inCode = (code[at]?.start ?? Number.POSITIVE_INFINITY) < found.index;
    const end = found.index + found[0].length;
    view.write(text.slice(from, found.index), from, found.index);
    view.write(typed(found, inCode), found.index, end);
    from = end;
  }
  if (from === 0) return undefined;
  view.write(text.slice(from), from, text.length);
  return view;
}

/** The links of a message as Slack stores it, which are gone from its view. */
export function slackLinks(text: string): Link[] {
  return [...text.matchAll(WRITTEN)].flatMap(([, , mark = '', body = '', label]) =>
    /^https?:$/.test(mark) ? [{ url: mark + body, text: label ?? mark + body }] : [],
  );
}

/** A piece of a message as it was typed, all of it code or none of it. */
export function asTyped(text: string, inCode: boolean): string {
  let out = '';
  let from = 0;
  for (const found of text.matchAll(WRITTEN)) {
    out += text.slice(from, found.index) + typed(found, inCode);
    from = found.index + found[0].length;
  }
  return out + text.slice(from);
}

function typed([, entity, mark = '', body = '', label]: RegExpMatchArray, inCode: boolean): string {
  if (entity !== undefined) return ENTITIES[entity.toLowerCase()] ?? '';
  if (mark === '@' || mark === '#') return `${mark}${label ?? body}`;
  if (mark === '!') return label ?? `@${body.replace(/\^.*$/, '')}`;
  return inCode ? linkInCode(mark + body, label) : (label ?? mark + body);
}
