import { View } from './view.ts';

export type Dialect = 'jira' | 'mediawiki' | 'dokuwiki';

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  '#39': "'",
  '#123': '{',
  '#125': '}',
};
const ENTITY = /&(lt|gt|amp|quot|apos|nbsp|#39|#123|#125);/g;
/** Jira's editor puts a backslash before signs that would be marks. */
const ESCAPED = /\\([-*_~^+{}[\]!|&#?()])/g;
/** Code of Jira inside a line. */
const BRACES = /\{\{[^\n]{1,2000}?\}\}/g;

/** A piece of code of a wiki as its readers see it. */
export const withoutEscapes = (text: string): string => text.replace(ESCAPED, '$1');
export const withoutEntities = (text: string): string =>
  text.replace(ENTITY, (whole, name: string) => ENTITIES[name] ?? whole);

interface Part {
  readonly start: number;
  readonly end: number;
}

/** Where MediaWiki holds code: between tags, and on lines that begin with a blank. */
function codeParts(text: string): Part[] {
  const lower = text.toLowerCase();
  const parts = ['pre', 'code', 'tt', 'kbd'].flatMap((name) => {
    const found: Part[] = [];
    for (let at = lower.indexOf(`<${name}`); at >= 0; at = lower.indexOf(`<${name}`, at)) {
      const end = lower.indexOf(`</${name}>`, at);
      if (end < 0) break;
      found.push({ start: at, end });
      at = end;
    }
    return found;
  });
  const indented = [...text.matchAll(/^[ \t][^\n]*$/gm)].map((line) => ({
    start: line.index,
    end: line.index + line[0].length,
  }));
  return [...parts, ...indented].sort((a, b) => a.start - b.start);
}

/** The signs to be shown otherwise, in order. */
function rewritten(
  text: string,
  dialect: Dialect,
): { readonly at: number; readonly from: string; readonly to: string }[] {
  const jira = dialect === 'jira';
  const parts = jira
    ? [...text.matchAll(BRACES)].map(({ index, 0: found }) => ({ start: index, end: index + found.length }))
    : codeParts(text);
  let done = 0;
  return parts.flatMap(({ start, end }) => {
    const from = Math.max(start, done);
    done = Math.max(done, end);
    return [...text.slice(from, Math.max(from, end)).matchAll(jira ? ESCAPED : ENTITY)].map((found) => ({
      at: from + found.index,
      from: found[0],
      to: jira ? withoutEscapes(found[0]) : withoutEntities(found[0]),
    }));
  });
}

/** A wiki's source with its code as readers see it, or undefined when nothing in it is rewritten. Linear. */
export function wikiView(text: string, dialect: Dialect): View | undefined {
  if (dialect === 'dokuwiki') return undefined;
  const signs = rewritten(text, dialect);
  if (signs.length === 0) return undefined;
  const view = new View();
  let written = 0;
  for (const { at, from, to } of signs) {
    view.write(text.slice(written, at), written, at);
    view.write(to, at, at + from.length);
    written = at + from.length;
  }
  view.write(text.slice(written), written, text.length);
  return view;
}
