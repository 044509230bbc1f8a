import { cut } from './cut.ts';
import type { Block, Document } from './normalise/blocks.ts';
import { plainWords } from './prose.ts';
import type { Link } from './runbook.ts';

/** What a page says of itself beside its steps. */
export interface About {
  readonly owner?: string;
  readonly links?: readonly Link[];
  readonly alerts?: readonly string[];
  readonly services?: readonly string[];
}

const MAX_LINKS = 100;
const MAX_NAMES = 20;
/** Only the head of a page is searched for what it says of itself. */
const HEAD_BLOCKS = 80;

type Field = 'owner' | 'alerts' | 'services';

const LABELS: readonly (readonly [Field, RegExp])[] = [
  [
    'owner',
    /^(?:(?:runbook|service|page|document)[ _-])?(?:owner|owners|owned by|owning team|maintainer|maintainers|responsible|team|contact)(?:[ _-](?:slack|team|email))?$/i,
  ],
  ['alerts', /^(?:page-)?alerts?(?:[ _-]?names?)?$/i],
  ['services', /^(?:affected )?(?:services?|components?|applications?|systems?)(?:[ _-]names?)?$/i],
];

const fieldOf = (label: string): Field | null =>
  LABELS.find(([, pattern]) => pattern.test(label.replace(/[\s:*_]+$/, '').replace(/^[\s*_]+/, '')))?.[0] ??
  null;

/** `Owner: Team A`, `**Alert:** X | **Service:** Y`, `| Owner | Team A |`: what a line says, by field. */
function saidIn(text: string): (readonly [Field, string])[] {
  const cells = cut(text, 500)
    .split('|')
    .map((cell) => cell.trim())
    .filter(Boolean);
  const [label = '', value = ''] = cells;
  const rowField = cells.length === 2 && label.length < 40 ? fieldOf(plainWords(label)) : null;
  if (rowField) return [[rowField, plainWords(value)]];
  return text.split(/\s[|•·]\s|\.\s+(?=[A-Z])|,\s+(?=[A-Z]\w+:)/).flatMap((part) => {
    const bare = plainWords(part);
    const colon = bare.indexOf(':');
    const field = colon > 0 && colon < 40 ? fieldOf(bare.slice(0, colon)) : null;
    const value = bare
      .slice(colon + 1)
      .replace(/[.\s]+$/, '')
      .trim();
    return field && value !== '' && value.length <= 200 ? [[field, value] as const] : [];
  });
}

function saidByBlocks(blocks: readonly Block[]): (readonly [Field, string])[] {
  const said: (readonly [Field, string])[] = [];
  let label: Field | null = null;
  for (const block of blocks.slice(0, HEAD_BLOCKS)) {
    if (block.type !== 'para' && block.type !== 'table') continue;
    const whole = block.lines
      .map((line) => line.text)
      .join(' ')
      .trim();
    if (label && block.type === 'table') said.push([label, plainWords(whole)]);
    label = block.type === 'table' && block.lines.length === 1 ? fieldOf(whole) : null;
    for (const line of block.lines) said.push(...saidIn(line.text));
  }
  return said;
}

const ALERT_NAME = /^[A-Z][a-z0-9]+(?:[A-Z]+[a-z0-9]+)+$/;
const ALERT_SAID =
  /\balerts?\b[^.\n]{0,30}?[`*"]([A-Z]\w{3,80})[`*"]|[`*"]([A-Z][a-z0-9]+(?:[A-Z]+[a-z0-9]+)+)[`*"]\s+alert\b/g;

function alertsIn(document: Document, title: string): string[] {
  const found = ALERT_NAME.test(title.replace(/^\w{1,10}_/, '')) ? [title] : [];
  const head = document.text.slice(0, 20_000);
  for (const [, one, other] of head.matchAll(ALERT_SAID)) found.push(one ?? other ?? '');
  return found;
}

/** Links of every kind of markup, in one pattern each. Addresses are those of web pages only. */
const LINKS: readonly RegExp[] = [
  /(?<!!)\[([^\][\n]{1,200})\]\((https?:\/\/[^\s()]{1,500})\)/g,
  /`([^`<\n]{1,200}) <(https?:\/\/[^>\s]{1,500})>`__?/g,
  /<(https?:\/\/[^\s<>|]{1,500})\|([^<>\n]{1,200})>/g,
  /\[([^\][|\n]{1,200})\|(https?:\/\/[^\]\s]{1,500})\]/g,
  /(https?:\/\/[^\s[\]<>"'`|)]{4,500})\[([^\]\n]{1,200})\]/g,
  /\[(https?:\/\/[^\s\]]{1,500}) ([^\]\n]{1,200})\]/g,
];
const BARE = /https?:\/\/[^\s<>"'`|()[\]{}]{4,500}/gu;

function linksIn({ kind, text, links = [], blocks }: Document): Link[] {
  const found: Link[] = [...links];
  if (kind === 'html') return found;
  for (const block of blocks) {
    if (block.type !== 'para' && block.type !== 'table' && block.type !== 'heading') continue;
    const first = block.lines[0]?.start ?? 0;
    const last = block.lines.at(-1);
    if (found.length >= MAX_LINKS) break;
    found.push(...linksOf(text.slice(first, last ? last.start + last.text.length : first)));
  }
  return found;
}

function linksOf(text: string): Link[] {
  if (!/https?:/.test(text)) return [];
  const marked = LINKS.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, one = '', other = '']) =>
      /^https?:/.test(one) ? { url: one, text: other } : { url: other, text: one },
    ),
  );
  const known = new Set(marked.map((link) => link.url));
  const bare = [...text.matchAll(BARE)].map(([url]) => url.replace(/[.,;:!?]+$/, ''));
  return [
    ...marked,
    ...bare
      .filter((url) => ![...known].some((each) => each.startsWith(url)))
      .map((url) => ({ url, text: url })),
  ];
}

const unique = (values: readonly string[]): string[] =>
  [...new Set(values.map((each) => each.trim()).filter(Boolean))].slice(0, MAX_NAMES);
const listed = (value: string): string[] =>
  value.split(/\s*[,;]\s*|\s+and\s+/).map((each) => each.replace(/^[`"'[]+|[`"'\]]+$/g, ''));

/** Owner, links, alerts and services, as far as the page names them. Fields it does not name are left out. */
export function aboutOf(document: Document, title: string): About {
  const declared = [...(document.values ?? [])].flatMap(([name, value]) => {
    const field = fieldOf(name);
    return field ? [[field, value] as const] : [];
  });
  const said = [...declared, ...saidByBlocks(document.blocks)];
  const of = (field: Field): string[] => said.filter(([name]) => name === field).map(([, value]) => value);
  const owner = of('owner')[0];
  const alerts = unique([...of('alerts').flatMap(listed), ...alertsIn(document, title)]);
  const services = unique(of('services').flatMap(listed));
  const links = [...new Map(linksIn(document).map((link) => [link.url, link])).values()].slice(0, MAX_LINKS);
  return {
    ...(owner ? { owner: cut(owner, 200) } : {}),
    ...(links.length > 0 ? { links } : {}),
    ...(alerts.length > 0 ? { alerts } : {}),
    ...(services.length > 0 ? { services } : {}),
  };
}
