import type { CodeSpan, Line } from './blocks.ts';
import { spanOf } from './blocks.ts';

/** Finds the inline code of some lines of `text`. */
export type FindCodes = (lines: readonly Line[], text: string) => CodeSpan[];

/** Longest inline code, in UTF-16 units. */
const MAX_CODE = 4096;

interface Run {
  readonly at: number;
  readonly length: number;
}

/** Code between runs of backticks; a run without a partner of its length is text. Linear. */
function betweenTicks(lines: readonly Line[], text: string): CodeSpan[] {
  const { start: base, end } = spanOf(lines);
  const runs: Run[] = [...text.slice(base, end).matchAll(/`+/g)].map((run) => ({
    at: base + run.index,
    length: run[0].length,
  }));
  const next = new Map<number, number>();
  const partner: number[] = [];
  for (let i = runs.length - 1; i >= 0; i--) {
    const length = runs[i]?.length ?? 0;
    partner[i] = next.get(length) ?? -1;
    next.set(length, i);
  }
  const spans: CodeSpan[] = [];
  for (let i = 0; i < runs.length; i++) {
    const open = runs[i];
    const close = runs[partner[i] ?? -1];
    if (!open || !close) continue;
    const start = open.at + open.length;
    if (close.at - start <= MAX_CODE) {
      spans.push({ start, end: close.at, outer: { start: open.at, end: close.at + close.length } });
    }
    i = partner[i] ?? i;
  }
  return spans;
}

/** Code that a pattern marks; its first group that matched is the code. */
function matched(pattern: RegExp): FindCodes {
  return (lines, text) => {
    const { start: base, end } = spanOf(lines);
    return [...text.slice(base, end).matchAll(pattern)].flatMap((found) => {
      const inner = found.slice(1).find((group) => group !== undefined);
      if (inner === undefined) return [];
      const start = base + found.index + found[0].lastIndexOf(inner);
      return [
        {
          start,
          end: start + inner.length,
          outer: { start: base + found.index, end: base + found.index + found[0].length },
        },
      ];
    });
  };
}

const tagged = matched(/<(?:code|kbd|tt)>([^<&\n]{1,2000})<\/(?:code|kbd|tt)>/gi);

/** Markdown, Slack and plain text: backticks, and `<code>` where it stands in the text. */
export const tickCodes: FindCodes = (lines, text) => {
  const ticks = lines.some((line) => line.text.includes('`')) ? betweenTicks(lines, text) : [];
  if (ticks.length > 0 || !lines.some((line) => line.text.includes('</'))) return ticks;
  return tagged(lines, text);
};

/** reStructuredText: literals, roles for commands, and single backticks as people coming from Markdown write them. */
export const rstCodes = matched(
  /``([^\n`](?:[^`]|`(?!`)){0,2000}?)``|:(?:command|code|kbd|program|literal|samp):`([^`\n]{1,500})`|(?<![:\w`])`([^`\n<]{1,500})`(?![_`\w])/g,
);

/** AsciiDoc: backticks with or without a literal passthrough, and the older plus signs. */
export const asciidocCodes = matched(
  /`\+([^`\n]{1,2000})\+`|``([^`\n]{1,2000})``|`([^`\n]{1,2000}|[^`]{1,400})`|(?<![\w+])\+([^\s+](?:[^+\n]{0,500}[^\s+])?)\+(?![\w+])/g,
);

/** Org: code and verbatim. */
export const orgCodes = matched(
  /(?<![\w~])~([^\s~](?:[^~\n]{0,1000}[^\s~])?)~(?![\w~])|(?<=[\s\-('"{]|^)=([^\s=](?:[^\n]{0,1000}?[^\s])?)=(?=[\s\-.,:;!?'")}[\]\\]|$)/gm,
);

/** Jira and Confluence: double braces. */
export const jiraCodes = matched(/(?<!\{)\{\{([^\s{](?:[^\n]{0,2000}?[^\s])??)\}\}(?!\})/g);

/** MediaWiki: tags, and the templates that many wikis have for code. */
export const mediawikiCodes = matched(
  /<(?:code|tt|kbd)>(?:<nowiki>)?([^\n]{1,2000}?)(?:<\/nowiki>)?<\/(?:code|tt|kbd)>|\{\{(?:ic|code|cmd|kbd|codeline)\|(?:1=)?([^{}\n]{1,2000})\}\}|(?<!`)`([^`\n]{1,1000})`(?!`)/gi,
);

/** DokuWiki: two quotes on either side, perhaps with two percent signs inside them, and tags. */
export const dokuwikiCodes = matched(
  /(?<!')''(?:%%)?([^\n]{1,1000}?)(?:%%)?''(?!')|<(?:code|file)>([^\n]{1,2000}?)<\/(?:code|file)>|(?<!`)`([^`\n]{1,1000})`(?!`)/g,
);
