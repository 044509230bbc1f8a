import type { Line, Reading } from './blocks.ts';
import { dedent, head, indentOf, tail, trimLine } from './blocks.ts';
import { rstCodes } from './codes.ts';
import { LineReader } from './line-reader.ts';
import { View } from './view.ts';

const ADORNMENT = /^([=\-`:'"~^_*+#<>.!$%&,/;?@[\]{|}\\()])\1{2,}\s*$/;
const ITEM = /^(?:[-*+•‣⁃]|(?:\d{1,3}|[a-zA-Z#]|[ivxIVX]{1,5})[.)]|\((?:\d{1,3}|[a-zA-Z#])\))[ \t]+(?=\S)/;
const DIRECTIVE = /^\.\.\s+(?:\|[^|]{1,80}\|\s+)?([\w:.+-]{1,60})::[ \t]*(.*)$/;
/** A directive whose second colon was forgotten: to Sphinx a comment, to who wrote it not. */
const SLIP =
  /^\.\.\s+(code-block|code|sourcecode|attention|caution|danger|important|note|tip|warning):[ \t]*([\w-]*)$/;
const EXPLICIT = /^\.\.(?:\s|$)/;
const OPTION = /^:([\w -]{1,60}):(?:\s+(.*))?$/;
const CODE =
  /^(?:code-block|code|sourcecode|parsed-literal|prompt|highlight-block|ipython|terminal|literal)$/;
const NOTICE =
  /^(?:attention|caution|danger|error|hint|important|note|tip|warning|admonition|seealso|deprecated|versionadded|versionchanged)$/;
/** Directives whose content is no text of the page, or none at all. */
const SILENT =
  /^(?:image|figure|contents|toctree|include|literalinclude|raw|highlight|index|meta|default-role|role|sectnum|target-notes|replace|unicode|date|class|only-html|automodule|autoclass|autofunction|graphviz|digraph|mermaid|uml|plantuml|math|currentmodule|module|tabularcolumns|youtube|video)$/;
/** `**strong**` and `*emphasis*` as words of their own. */
const EMPHASIS = /(?<![\w/*])(\*\*?)(?=[^\s*])[^*\n]{0,300}[^\s*]\1(?![\w*])/g;
const TABLE = /^(?:list-table|csv-table|table|flat-table)$/;

/** Reads reStructuredText line by line: sections by their adornments, everything else by indent. */
class RstReader extends LineReader {
  /** Set once a literal has marks in it that readers do not see. */
  view: View | undefined;
  private readonly source: string;
  private readonly levels: string[] = [];

  constructor(text: string) {
    super(text, rstCodes);
    this.source = text;
  }

  protected line(line: Line): void {
    const bare = trimLine(line);
    if (bare.text === '') {
      this.outline.flush();
      return;
    }
    const indent = indentOf(line.text);
    if (indent < (this.outline.depth ?? 0)) this.outline.leave(indent + 1);
    if (this.section(line, bare) || this.table(line, bare)) return;
    const directive = DIRECTIVE.exec(bare.text) ?? SLIP.exec(bare.text);
    if (directive) this.directive(line, directive[1]?.toLowerCase() ?? '', directive[2]?.trim() ?? '');
    else if (EXPLICIT.test(bare.text) && !/^\.\.\s+\[/.test(bare.text)) this.comment(line);
    else if (bare.text.startsWith('>>> ')) this.doctest();
    else this.prose(line, bare, indent);
  }

  // Sections.

  private section(line: Line, bare: Line): boolean {
    const over = ADORNMENT.exec(line.text);
    if (over) return this.overlined(line, over[1] ?? '');
    const under = ADORNMENT.exec(this.text(this.at + 1));
    const next = this.lines[this.at + 1];
    if (!under || !next || indentOf(line.text) > 0 || this.outline.paragraph.length > 0) return false;
    if (next.text.trimEnd().length < Math.min(4, bare.text.length)) return false;
    this.title(bare, `_${under[1]}`, [next]);
    this.at += 1;
    return true;
  }

  private overlined(line: Line, mark: string): boolean {
    const title = this.lines[this.at + 1];
    const under = this.lines[this.at + 2];
    if (title && under && title.text.trim() !== '' && ADORNMENT.exec(under.text)?.[1] === mark) {
      this.title(trimLine(title), `^${mark}`, [line, under]);
      this.at += 2;
      return true;
    }
    this.outline.flush();
    this.outline.mark(line);
    return true;
  }

  private title(title: Line, style: string, marks: readonly Line[]): void {
    for (const mark of marks) this.outline.mark(mark);
    if (!this.levels.includes(style)) this.levels.push(style);
    this.outline.heading(title, Math.min(6, this.levels.indexOf(style) + 1));
  }

  /** A grid or simple table, to the empty line after it. */
  private table(line: Line, bare: Line): boolean {
    const grid = /^\+[-=+]{3,}\+$/.test(bare.text);
    if (!grid && !/^={2,}(?:\s+={2,})+$/.test(bare.text)) return false;
    const lines = [line];
    const ends = (text: string): boolean => text.trim() === '' && (grid || !this.simpleTableGoesOn(lines));
    while (this.at + 1 < this.lines.length && !ends(this.text(this.at + 1))) {
      this.at += 1;
      const next = this.lines[this.at];
      if (next) lines.push(next);
    }
    this.outline.table(lines);
    return true;
  }

  /** A simple table ends with its last rule of `=`, of which it has two or three. */
  private simpleTableGoesOn(lines: readonly Line[]): boolean {
    const rules = lines.filter((line) => /^\s*={2,}(?:\s+={2,})+\s*$/.test(line.text)).length;
    return rules < 2 && lines.length < 200;
  }

  // Directives.

  /** The lines that are indented more than `indent`, from the one after this on; empty lines between them included. */
  private inner(indent: number): Line[] {
    const inner: Line[] = [];
    let last = this.at;
    for (let at = this.at + 1; at < this.lines.length; at++) {
      const line = this.lines[at];
      if (!line) break;
      if (line.text.trim() !== '') {
        if (indentOf(line.text) <= indent) break;
        last = at;
      }
    }
    for (let at = this.at + 1; at <= last; at++) {
      const line = this.lines[at];
      if (line) inner.push(line);
    }
    this.at = last;
    return inner;
  }

  /** Marks the options at the head of a directive and returns what comes after them. */
  private withoutOptions(inner: readonly Line[]): readonly Line[] {
    let at = 0;
    while (at < inner.length && OPTION.test(inner[at]?.text.trim() ?? '')) at += 1;
    for (const line of inner.slice(0, at)) this.outline.mark(line);
    return inner.slice(at);
  }

  private directive(line: Line, name: string, argument: string): void {
    const indent = indentOf(line.text);
    this.outline.flush();
    this.outline.mark(line);
    if (CODE.test(name)) {
      const code = this.withoutOptions(this.inner(indent));
      const lang = argument.split(/\s/)[0]?.toLowerCase() || null;
      if (name === 'parsed-literal')
        this.outline.code(
          code.map((each) => this.unmarked(each)),
          null,
        );
      else this.outline.code(code, lang);
    } else if (SILENT.test(name)) for (const inner of this.inner(indent)) this.outline.mark(inner);
    else if (TABLE.test(name)) this.outline.table(dedent(this.withoutOptions(this.inner(indent))));
    else this.container(line, name, argument, indent);
  }

  /** A directive with text inside: an admonition, a tab, a topic. Its content is read like any other. */
  private container(line: Line, name: string, argument: string, indent: number): void {
    this.outline.box(indent + 1, NOTICE.test(name));
    while (OPTION.test(this.text(this.at + 1).trim()) && indentOf(this.text(this.at + 1)) > indent) {
      this.at += 1;
      const option = this.lines[this.at];
      if (option) this.outline.mark(option);
    }
    if (argument !== '')
      this.outline.prose(
        tail(
          line,
          line.text.length - line.text.trimStart().length + trimLine(line).text.length - argument.length,
        ),
      );
    if (this.text(this.at + 1).trim() === '') this.outline.flush();
  }

  /** A line of a parsed literal as its readers see it: without the marks of emphasis, written to the view. */
  private unmarked(line: Line): Line {
    const marks = [...line.text.matchAll(EMPHASIS)].flatMap((found) => {
      const { length } = found[1] ?? '';
      return [
        { at: found.index, length },
        { at: found.index + found[0].length - length, length },
      ];
    });
    if (marks.length === 0) return line;
    if (!this.view) {
      this.view = new View();
      this.view.write(this.source, 0, this.source.length);
    }
    const start = this.view.length;
    let from = 0;
    let text = '';
    for (const mark of [...marks, { at: line.text.length, length: 0 }]) {
      const piece = line.text.slice(from, mark.at);
      this.view.write(piece, line.start + from, line.start + mark.at);
      text += piece;
      from = mark.at + mark.length;
    }
    return { text, start };
  }

  private comment(line: Line): void {
    this.outline.flush();
    this.outline.mark(line);
    for (const inner of this.inner(indentOf(line.text))) this.outline.mark(inner);
  }

  private doctest(): void {
    const from = this.at;
    while (this.text(this.at + 1).trim() !== '') this.at += 1;
    this.outline.code(this.lines.slice(from, this.at + 1), 'pycon');
  }

  // Prose.

  private prose(line: Line, bare: Line, indent: number): void {
    const { paragraph } = this.outline;
    const field = OPTION.exec(bare.text);
    if (field?.[1] && (paragraph.length === 0 || OPTION.test(paragraph.at(-1)?.text ?? '')))
      this.values.set(field[1].toLowerCase(), field[2]?.trim() ?? '');
    const marker = ITEM.exec(bare.text)?.[0];
    const opens = paragraph.length === 0 || /:$/.test(paragraph.at(-1)?.text ?? '');
    if (marker && opens) this.item(line, indent, marker);
    else this.paragraph(bare, indent);
  }

  private item(line: Line, indent: number, marker: string): void {
    const written = /\d+/.exec(marker)?.[0];
    this.outline.item(
      indent + 1,
      !/^[-*+•‣⁃]/.test(marker),
      written === undefined ? undefined : Number(written),
    );
    const lead = line.text.length - line.text.trimStart().length;
    this.outline.markup.push({ start: line.start, end: line.start + lead + marker.length });
    const column = indent + marker.length;
    const rest = trimLine(tail(line, lead + marker.length));
    const moved = { text: ' '.repeat(column) + rest.text, start: rest.start - column };
    const directive = DIRECTIVE.exec(rest.text);
    const nested = ITEM.exec(rest.text)?.[0];
    if (directive) this.directive(moved, directive[1]?.toLowerCase() ?? '', directive[2]?.trim() ?? '');
    else if (nested && /^[-*+#]/.test(nested) && column < 200) this.item(moved, column, nested);
    else this.paragraph(rest, column);
  }

  /** A line of a paragraph; one that ends in `::` announces a literal block. */
  private paragraph(bare: Line, indent: number): void {
    if (!bare.text.endsWith('::')) {
      this.outline.prose(bare);
      return;
    }
    this.outline.markup.push({
      start: bare.start + bare.text.length - 2,
      end: bare.start + bare.text.length,
    });
    if (bare.text !== '::') this.outline.prose(head(bare, bare.text.length - 1));
    if (this.text(this.at + 1).trim() !== '') return;
    this.outline.code(this.inner(Math.min(indent, this.literalIndent())), null);
  }

  /** One less than the indent of the next line that is not empty. */
  private literalIndent(): number {
    let at = this.at + 1;
    while (at < this.lines.length && this.text(at).trim() === '') at += 1;
    return Math.max(0, indentOf(this.text(at)) - 1);
  }
}

/** Reads reStructuredText. Linear in lines; nothing is included or executed. */
export function readRst(text: string): Reading {
  const reader = new RstReader(text);
  const { blocks, items, markup } = reader.read();
  const { values, view } = reader;
  return { title: values.get('title') ?? null, blocks, items, markup, values, ...(view ? { view } : {}) };
}
