import type { Line, Reading } from './blocks.ts';
import { head, indentOf, sourceLines, tail, trimLine } from './blocks.ts';
import { dokuwikiCodes, jiraCodes, mediawikiCodes } from './codes.ts';
import { LineReader } from './line-reader.ts';
import type { Dialect } from './wiki-view.ts';
import { wikiView } from './wiki-view.ts';

/** The marks of the wikis differ little enough for one reader: Jira and Confluence, MediaWiki, DokuWiki. */
const JIRA_HEADING = /^[ \t]*h([1-6])\.[ \t]+(?=\S)/;
const EQUALS_HEADING = /^(={1,6})[ \t]*(\S(?:.{0,300}?\S)?)[ \t]*(={1,6})[ \t]*$/;
const JIRA_OPEN = /\{(code|noformat)(?::([^{}\n]{0,300}))?\}/;
const JIRA_BOX =
  /^[ \t]*\{(panel|warning|note|info|tip|quote|expand|color|section|column|excerpt)(?::([^{}\n]{0,300}))?\}/;
const TAG_OPEN = /<(syntaxhighlight|source|pre|code|file|nowiki)(\s[^<>\n]{0,200})?>/i;
const MEDIAWIKI_ITEM = /^([*#:;]{1,10})[ \t]*(?=\S)/;
const DASH_ITEM = /^(-{1,3})[ \t]+(?=\S)/;
const DOKU_ITEM = /^((?: {2,}|\t+))([*-])[ \t]+(?=\S)/;
const FRAME =
  /^(?:__[A-Z]{3,20}__|\[\[(?:Category|File|Image):[^\]\n]{0,300}\]\]|~~[A-Z]{3,20}~~|<\/?(?:noinclude|includeonly|onlyinclude)>|-{4,})$/i;
/** A template of MediaWiki without text. */
const TEMPLATE = /^\{\{[^{}\n|]{0,80}\}\}$/;
const NOTICE = /^(?:warning|note|info|tip|caution|important|danger|ambox|notice)/i;

const CODES = { jira: jiraCodes, mediawiki: mediawikiCodes, dokuwiki: dokuwikiCodes };

function dialectOf(lines: readonly Line[]): Dialect {
  const count = (pattern: RegExp): number =>
    lines.filter((line) => pattern.test(line.text.slice(0, 500))).length;
  const jira = count(JIRA_HEADING) + count(/\{(?:code|noformat|panel)[:}]/);
  const doku = count(/^={5,6}[^=]/) + count(/^ {2,}[*-] \S/) + count(/<(?:code|file)(?: \w+)?>\s*$/);
  const media =
    count(/^={1,4}[^=].*[^=]={1,4}\s*$/) +
    count(/<(?:syntaxhighlight|source lang|pre|nowiki)\b|'''|\{\{[A-Z]|\[\[Category:/);
  if (jira > 0 && jira >= doku && jira >= media) return 'jira';
  return doku > media ? 'dokuwiki' : 'mediawiki';
}

/** Reads a wiki's source line by line. */
class WikiReader extends LineReader {
  private readonly dialect: Dialect;
  private readonly boxes: string[] = [];

  constructor(text: string, dialect: Dialect) {
    super(text, CODES[dialect]);
    this.dialect = dialect;
  }

  protected line(line: Line): void {
    if (line.text.trim() === '') this.outline.flush();
    else if (this.isFrame(line.text.trim())) this.frame(line);
    else if (
      !this.heading(line) &&
      !this.code(line) &&
      !this.box(line) &&
      !this.template(line) &&
      !this.table(line)
    )
      this.prose(line);
  }

  private isFrame(text: string): boolean {
    return FRAME.test(text) || (this.dialect === 'mediawiki' && TEMPLATE.test(text));
  }

  private frame(line: Line): void {
    this.outline.flush();
    this.outline.mark(line);
  }

  private heading(line: Line): boolean {
    const jira = this.dialect === 'jira' ? JIRA_HEADING.exec(line.text) : null;
    if (jira?.[1]) {
      this.outline.heading(tail(line, jira[0].length), Number(jira[1]));
      return true;
    }
    const equals = this.dialect === 'jira' ? null : EQUALS_HEADING.exec(line.text.slice(0, 400));
    if (!equals?.[1] || !equals[2]) return false;
    const level = this.dialect === 'dokuwiki' ? 7 - equals[1].length : equals[1].length;
    const from = line.text.indexOf(equals[2], equals[1].length);
    this.outline.mark(line);
    this.outline.heading({ text: equals[2], start: line.start + from }, Math.max(1, level));
    return true;
  }

  // Code.

  private code(line: Line): boolean {
    if (this.dialect === 'jira') return this.jiraCode(line);
    return this.tagCode(line) || this.indentedCode(line);
  }

  private jiraCode(line: Line): boolean {
    const open = JIRA_OPEN.exec(line.text.slice(0, 4000));
    if (!open?.[1]) return false;
    const parameters = (open[2] ?? '').split('|');
    const lang = parameters.find((each) => /^[\w+#-]{1,30}$/.test(each)) ?? named(parameters, 'language');
    this.before(line, open.index);
    this.outline.markup.push({
      start: line.start + open.index,
      end: line.start + open.index + open[0].length,
    });
    const title = named(parameters, 'title');
    const from = title ? line.text.indexOf(title) : -1;
    if (title && from >= 0) this.outline.prose({ text: title, start: line.start + from });
    this.verbatim(tail(line, open.index + open[0].length), `{${open[1]}}`, lang?.toLowerCase() ?? null);
    return true;
  }

  /** A block between tags. `<code>` in the middle of a line is inline code, except in DokuWiki. */
  private tagCode(line: Line): boolean {
    const open = TAG_OPEN.exec(line.text.slice(0, 4000));
    const name = open?.[1]?.toLowerCase();
    if (!open || !name) return false;
    const closed = line.text.toLowerCase().includes(`</${name}>`, open.index);
    const alone = open.index === 0 || line.text.slice(0, open.index).trim() === '';
    const inline = name === 'nowiki' || ((name === 'code' || name === 'source') && closed);
    if (
      inline ||
      (!alone && closed && this.dialect === 'mediawiki' && name !== 'syntaxhighlight' && name !== 'pre')
    )
      return false;
    this.before(line, open.index);
    this.outline.markup.push({
      start: line.start + open.index,
      end: line.start + open.index + open[0].length,
    });
    const lang =
      /lang(?:uage)?\s*=\s*["']?([\w+#-]{1,30})/i.exec(open[2] ?? '')?.[1] ??
      /^\s+([\w+#]{1,30})/.exec(open[2] ?? '')?.[1];
    this.verbatim(tail(line, open.index + open[0].length), `</${name}>`, lang?.toLowerCase() ?? null);
    return true;
  }

  /** What stands before a block of code in its line. */
  private before(line: Line, length: number): void {
    const text = head(line, length);
    if (text.text.trim() === '') return;
    const bare = trimLine(text);
    if (MEDIAWIKI_ITEM.test(`${bare.text}x`) && /^[*#:;]+$/.test(bare.text))
      this.openItem(line, bare.text.length, bare.text);
    else this.prose(text);
  }

  private verbatim(first: Line, close: string, lang: string | null): void {
    const code: Line[] = [];
    let line: Line | undefined = first;
    let end = -1;
    while (line) {
      end = line.text.toLowerCase().indexOf(close);
      code.push(end < 0 ? line : head(line, end));
      if (end >= 0) break;
      line = this.lines[this.at + 1];
      if (line) this.at += 1;
    }
    this.outline.code(code, lang);
    if (!line || end < 0) return;
    this.outline.markup.push({ start: line.start + end, end: line.start + end + close.length });
    const rest = tail(line, end + close.length);
    if (rest.text.trim() !== '') this.prose(rest);
  }

  /** MediaWiki shows lines that begin with a blank as code, DokuWiki those that begin with two. */
  private indentedCode(line: Line): boolean {
    const wanted = this.dialect === 'dokuwiki' ? 2 : 1;
    const isCode = (text: string): boolean =>
      indentOf(text) >= wanted &&
      text.trim() !== '' &&
      !(this.dialect === 'dokuwiki' && DOKU_ITEM.test(text));
    if (!isCode(line.text) || /^\s+[{|!<]/.test(line.text)) return false;
    const code = [line];
    while (isCode(this.text(this.at + 1))) {
      this.at += 1;
      const next = this.lines[this.at];
      if (next) code.push(next);
    }
    this.outline.code(code, null);
    return true;
  }

  // Boxes, templates and tables.

  private box(line: Line): boolean {
    const found = this.dialect === 'jira' ? JIRA_BOX.exec(line.text) : null;
    const name = found?.[1];
    if (!found || !name) return false;
    this.outline.flush();
    this.outline.markup.push({ start: line.start, end: line.start + found[0].length });
    const rest = tail(line, found[0].length);
    if (this.boxes.at(-1) === name && found[2] === undefined) this.closeBox();
    else this.openBox(name);
    this.boxText(rest, name);
    return true;
  }

  private openBox(name: string): void {
    this.boxes.push(name);
    this.outline.box((this.outline.depth ?? 0) + 100, NOTICE.test(name));
  }

  private closeBox(): void {
    this.boxes.pop();
    if (this.outline.depth !== null && this.outline.depth >= 100) this.outline.leave(this.outline.depth);
  }

  /** The rest of a line behind the mark of a box, which may close it again. */
  private boxText(rest: Line, name: string): void {
    const close = rest.text.indexOf(`{${name}}`);
    const text = close < 0 ? rest : head(rest, close);
    if (text.text.trim() !== '') this.outline.prose(text);
    if (close < 0) return;
    this.outline.markup.push({ start: rest.start + close, end: rest.start + close + name.length + 2 });
    this.outline.flush();
    if (this.boxes.at(-1) === name) this.closeBox();
    const after = tail(rest, close + name.length + 2);
    if (after.text.trim() !== '') this.prose(after);
  }

  /** `{{Warning|text}}` on a line of its own. */
  private template(line: Line): boolean {
    const found = /^\{\{\s*([\w -]{1,40})\|(.{0,2000})\}\}\s*$/.exec(line.text);
    if (this.dialect !== 'mediawiki' || !found?.[1]) return false;
    const name = found[1].trim();
    for (const part of (found[2] ?? '').split('|')) {
      const [key, value] = part.split('=', 2);
      if (key && value) this.values.set(key.trim().toLowerCase(), value.trim());
    }
    const from = line.text.indexOf('|') + 1;
    this.outline.flush();
    if (!NOTICE.test(name)) this.outline.mark(line);
    else {
      this.outline.box((this.outline.depth ?? 0) + 100, true);
      this.outline.prose({ text: found[2] ?? '', start: line.start + from });
      this.closeBox();
    }
    return true;
  }

  private table(line: Line): boolean {
    const media = /^\s*\{\|/.test(line.text);
    if (!media && !/^\s*(?:\|\||\||\^)(?!\|?\s*$)/.test(line.text)) return false;
    const lines = [line];
    const goesOn = (text: string): boolean =>
      media ? !/^\s*\|\}/.test(lines.at(-1)?.text ?? '') : /^\s*[|^]/.test(text);
    while (this.at + 1 < this.lines.length && lines.length < 2000 && goesOn(this.text(this.at + 1))) {
      this.at += 1;
      const next = this.lines[this.at];
      if (next) lines.push(next);
    }
    this.outline.table(lines);
    return true;
  }

  // Prose.

  private prose(line: Line): void {
    const doku = this.dialect === 'dokuwiki' ? DOKU_ITEM.exec(line.text) : null;
    if (doku?.[1]) {
      this.item(line, doku[0].length, doku[1].length, doku[2] === '-');
      return;
    }
    const marks = this.dialect === 'dokuwiki' ? null : (MEDIAWIKI_ITEM.exec(line.text) ?? this.dashes(line));
    const bare = marks?.[1];
    const spaced = this.dialect === 'mediawiki' || /^\S+[ \t]/.test(marks?.[0] ?? '');
    if (marks && bare && spaced && !(this.dialect === 'jira' && /[:;]/.test(bare)))
      this.openItem(line, marks[0].length, bare);
    else {
      if (this.outline.paragraph.length === 0 && !/^\s/.test(line.text) && this.dialect === 'mediawiki')
        this.outline.leave(0);
      this.outline.prose(line);
    }
  }

  private dashes(line: Line): RegExpExecArray | null {
    return this.dialect === 'jira' ? DASH_ITEM.exec(line.text) : null;
  }

  /** An item by its marks; MediaWiki's `:` only indents, and so goes on in the item before it. */
  private openItem(line: Line, prefix: number, marks: string): void {
    if (/:$/.test(marks)) {
      this.outline.leave(marks.length + 1);
      this.outline.markup.push({ start: line.start, end: line.start + prefix });
      this.outline.prose(tail(line, prefix));
    } else this.item(line, prefix, marks.length, marks.endsWith('#'));
  }

  private item(line: Line, prefix: number, depth: number, ordered: boolean): void {
    this.outline.item(depth, ordered);
    this.outline.markup.push({ start: line.start, end: line.start + prefix });
    this.outline.prose(tail(line, prefix));
    if (this.dialect === 'mediawiki') this.outline.flush();
  }
}

function named(parameters: readonly string[], name: string): string | undefined {
  return parameters.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Reads the source of a wiki page: Jira and Confluence markup, MediaWiki or DokuWiki. Linear in lines. */
export function readWiki(text: string): Reading {
  const dialect = dialectOf(sourceLines(text));
  const view = wikiView(text, dialect);
  const reader = new WikiReader(view?.text ?? text, dialect);
  const { blocks, items, markup } = reader.read();
  const reading = { title: null, blocks, items, values: reader.values };
  return view
    ? { ...reading, markup: markup.map((span) => view.toSource(span)), view }
    : { ...reading, markup };
}
