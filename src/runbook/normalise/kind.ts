import { promptLength } from '../prompts.ts';
import type { SourceKind } from '../runbook.ts';
import type { Line } from './blocks.ts';
import { indentOf, sourceLines } from './blocks.ts';

/** Only this much of a text is looked at to tell its kind (design: 64 KB). */
const KIND_WINDOW = 64 * 1024;
const MAX_LINE = 2000;

const LANGUAGE_INFO = /^ {0,3}(?:`{3,}|~{3,}) ?[\w+#.-]*[ \t]*(?:[{[:(].*|\w+=.*)?$/;
const FENCE = /^\s*(?:[-*+>]|\d+[.)])?\s*(?:`{3,}|~{3,})/;

type Marked = Exclude<SourceKind, 'html' | 'plain'>;

/** What speaks for a kind: signs that are its own, and signs that count only beside those because others have them too. */
interface Signs {
  readonly own: Record<Marked, number>;
  readonly shared: Record<Marked, number>;
  /** Rules under titles, which several kinds and plain text have. */
  rules: number;
  /** Lines that end in `::`: literals of reStructuredText, or terms of AsciiDoc. */
  literals: number;
  prompts: number;
}

const zero = (): Record<Marked, number> => ({ markdown: 0, slack: 0, rst: 0, asciidoc: 0, org: 0, wiki: 0 });

const OWN: readonly (readonly [Marked, RegExp, number])[] = [
  ['markdown', /^ {0,3}#{1,6}\s+\S/, 1],
  ['markdown', /\[[^\][\n]{1,200}\]\([^()\s]{1,500}\)/, 1],
  ['markdown', /\*\*[^*\n]{1,200}\*\*/, 1],
  ['markdown', /^\s{0,3}\|?(?:[ \t]*:?-{3,}:?[ \t]*\|)+[ \t]*(?::?-{3,}:?)?[ \t]*$/, 2],
  ['rst', /^\s*\.\.\s+[\w-]{1,40}::/, 4],
  ['rst', /^\.\.\s+_[^:\n]{1,80}:\s*(?:\S.*)?$/, 4],
  ['rst', /:[a-z]{2,12}:`[^`\n]{1,200}`|`[^`\n<]{1,100} <[^>\n]{1,300}>`__?/, 4],
  ['rst', /^\s*#\.\s+\S/, 2],
  ['asciidoc', /^\[(?:source|listing)(?:,|%|\])/, 4],
  ['asciidoc', /^={1,6}\s+\S(?!.*=\s*$)/, 2],
  ['asciidoc', /^(?:include|image|ifdef|ifndef|toc)::/, 4],
  ['asciidoc', /^\|={3,}\s*$|^\[(?:cols=|NOTE|TIP|IMPORTANT|WARNING|CAUTION)/, 2],
  ['asciidoc', /\bhttps?:\/\/[^\s[\]()]{4,300}[^\s[\]():=&?]\[[^\]\n]{1,200}\](?=[\s.,;:)]|$)/, 2],
  ['asciidoc', /\b(?:xref|link|icon|kbd|btn):[^\s[\]]{1,300}\[/, 2],
  ['org', /^\s*#\+(?:begin_|end_|title:|author:|options:|startup:|results:|property:)/i, 4],
  ['org', /^\s*:(?:PROPERTIES|CUSTOM_ID):/, 4],
  ['wiki', /^\s*h[1-6]\.\s+\S/, 4],
  [
    'wiki',
    /^\s*\{(?:code|noformat|panel|warning|info|note|tip)(?::[^{}\n]{0,200})?\}|\{(?:code|noformat)\}\s*$/,
    4,
  ],
  ['wiki', /^={2,6}[^=\s\n][^\n]*[^=\s]={2,6}\s*$|^={1,6} [^=\n][^\n]* ={1,6}\s*$/, 4],
  ['wiki', /<\/?(?:syntaxhighlight|nowiki)\b|'''[^'\n]{1,200}'''|^__[A-Z]{3,12}__/, 2],
  ['slack', /<https?:\/\/[^\s<>|]{1,500}\|[^<>\n]{1,200}>|<(?:[@#]|!subteam)[A-Za-z0-9^|]{4,}/, 2],
  ['slack', /^\s*[•◦▪]\s/, 1],
  ['slack', /^\s*\*[^*\s][^*]{0,200}\*\s*:?(?:\s*:[\w+-]{1,40}:)*\s*$/, 1],
];
const SHARED: readonly (readonly [Marked, RegExp])[] = [
  ['rst', /(?<!`)``[^`\n]{1,200}``(?!`)/],
  [
    'asciidoc',
    /^(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION): |^:[\w-]{1,60}:(?:\s|$)|^(?:-{4}|\.{4}|={4}|\|={3}|\+)$/,
  ],
  ['org', /^\*{1,4} (?:TODO |DONE )?\S|^\s*:END:/],
  ['wiki', /\[\[[^\][\n]{1,200}\]\]|^\{\|\s|^\|\|[^|\n]+\|\||\{\{[^{}\n|]{1,200}\}\}|^[*#]{1,4} \S/],
];

const RST_RULE = /^([=\-~^"'+*#.:_])\1{3,}\s*$/;

/** Slack writes fences in a line with the code: ```` ```df -h ````, and ends them behind it. */
function fenceSigns(text: string, signs: Signs): void {
  const fence = text.trimStart().startsWith('```');
  const oneLine = fence && !LANGUAGE_INFO.test(text) && /\s|```$/.test(text.trim().slice(3));
  if (oneLine || (!fence && /[^`\s]```\s*$/.test(text))) signs.own.slack += 3;
  if (FENCE.test(text)) signs.own.markdown += oneLine ? 1 : 2;
}

/** Tildes as long as the title over them: a rule of reStructuredText, and no fence. */
function isTildeRule(lines: readonly Line[], at: number): boolean {
  const text = lines[at]?.text.trimEnd() ?? '';
  const title = lines[at - 1]?.text.trimEnd() ?? '';
  return /^~{4,}$/.test(text) && title !== '' && Math.abs(text.length - title.length) <= 1;
}

/** A rule under a title: Markdown knows two, reStructuredText any, as long as the title and over it as well. */
function ruleSigns(lines: readonly Line[], at: number, signs: Signs): void {
  const text = lines[at]?.text ?? '';
  const before = lines[at - 1]?.text ?? '';
  const mark = RST_RULE.exec(text)?.[1];
  if (mark === undefined || before.trim() === '') return;
  const fits = Math.abs(text.trimEnd().length - before.trimEnd().length) <= 1;
  const over =
    RST_RULE.exec(lines[at - 2]?.text ?? '')?.[1] === mark &&
    text.trimEnd().length >= before.trimEnd().length;
  if (over) signs.own.rst += 3;
  else if (/[=-]/.test(mark)) signs.rules += 1;
  else if (fits) signs.own.rst += 3;
}

function signsOf(lines: readonly Line[]): Signs {
  const signs: Signs = { own: zero(), shared: zero(), rules: 0, literals: 0, prompts: 0 };
  let fenced = false;
  /** The indent of the line that announced a literal of reStructuredText, while the text is in it. */
  let literal: number | null = null;
  lines.forEach(({ text }, at) => {
    if (text.length > MAX_LINE) return;
    if (literal !== null && (text.trim() === '' || indentOf(text) > literal)) return;
    literal = null;
    const mark = (FENCE.test(text) && !isTildeRule(lines, at)) || /```/.test(text);
    if (mark) {
      fenceSigns(text, signs);
      if ((text.match(/```|~~~/g)?.length ?? 0) % 2 === 1) fenced = !fenced;
    }
    if (fenced && !mark) return;
    for (const [kind, pattern, weight] of OWN) if (pattern.test(text)) signs.own[kind] += weight;
    for (const [kind, pattern] of SHARED) if (pattern.test(text)) signs.shared[kind] += 1;
    if (/[^:\s]::\s*$|^\s*::\s*$/.test(text)) {
      signs.literals += text.trim() === '::' ? 2 : 1;
      literal = indentOf(text);
    }
    ruleSigns(lines, at, signs);
    if (promptLength(text.trimStart(), 'strong') > 0) signs.prompts += 1;
  });
  return signs;
}

const TAGS =
  /<\/?(?:html|head|body|div|p|span|h[1-6]|ul|ol|li|pre|table|tr|td|br|strong|b|em|section|article|ac:structured-macro)\b[^<>\n]{0,300}\/?>/gi;

/** A heading of a wiki near the top, which no page of HTML has in its text. */
const WIKI_HEADING = /^(?:={1,6} [^=\n][^\n]* ={1,6}|h[1-6]\. \S[^\n]*)\s*$/m;

/** A page of HTML begins with a tag and has more of them than marks of anything else. */
function isHtml(text: string, signs: Signs): boolean {
  const start = text.replace(/^(?:\s|\ufeff|<!--[\s\S]{0,5000}?-->|<\?xml[^>]{0,200}\?>)*/, '').slice(0, 400);
  if (/^<(?:!doctype\s+html|html|head|body)\b/i.test(start)) return true;
  if (/^(?:#{1,6}\s|---\s*\n|```)/.test(start) || WIKI_HEADING.test(start)) return false;
  const tags = text.match(TAGS)?.length ?? 0;
  const blocks =
    text.match(/<(?:p|h[1-6]|li|pre|tr|div|ac:structured-macro)\b[^<>\n]{0,300}>/gi)?.length ?? 0;
  const begins = /^<(?:[a-z][\w:-]*)\b[^<>]{0,400}>/i.test(start);
  return blocks >= 2 && tags >= (begins ? 4 : 8) && tags > 3 * Math.max(...Object.values(signs.own));
}

/** How much speaks for a kind in all. */
function weightOf(kind: Marked, { own, shared, rules }: Signs): number {
  if (own[kind] === 0) return 0;
  const ruled = kind === 'markdown' || kind === 'rst' ? rules : 0;
  return own[kind] + shared[kind] + ruled;
}

/** The kind that most signs speak for; without any sign the text is plain. */
export function kindOf(text: string): SourceKind {
  const part = text.slice(0, KIND_WINDOW);
  const signs = signsOf(sourceLines(part));
  if (/^---\r?\n[\w-]+:\s[\s\S]{0,8000}?\n---\s*$/m.test(part.slice(0, 10_000))) signs.own.markdown += 2;
  if (/^\s*= \S[^\n]*[^=\s]\s*\n/.test(part)) signs.own.asciidoc += 2;
  if (signs.own.asciidoc > 0) signs.shared.asciidoc += signs.literals;
  else signs.own.rst += 2 * signs.literals;
  if (isHtml(part, signs)) return 'html';
  const weights = (Object.keys(signs.own) as Marked[]).map((kind) => ({
    kind,
    weight: weightOf(kind, signs),
  }));
  const best = weights.reduce((one, other) => (other.weight > one.weight ? other : one));
  const slack = weightOf('slack', signs);
  if (best.weight === 0) return 'plain';
  if (slack === best.weight) return 'slack';
  if (best.kind === 'markdown') return signs.prompts > 2 * best.weight ? 'plain' : 'markdown';
  if (best.weight >= 4) return best.kind;
  return signs.own.markdown > 0 ? 'markdown' : 'plain';
}
