import type { Line } from './blocks.ts';

/** A page in Markdown without what its site's generator adds: what markdown-it is given, line by line. */
export interface Framed {
  /** The text of every source line for the block rules; empty for a line that only frames. A line's end is never changed. */
  readonly body: readonly string[];
  /** Indexes of the lines that only frame. */
  readonly frames: ReadonlySet<number>;
  /** Indexes of the lines inside a box that cautions or remarks. */
  readonly notices: ReadonlySet<number>;
}

const FENCE = /^\s*(?:[-*+>]\s+|\d+[.)]\s+)*(`{3,}|~{3,})/;
/** `!!! warning`, `??? note`, `=== "Tab"` of MkDocs: what is indented below belongs to it. */
const INDENTED = /^( *)(?:(?:!!!|\?\?\?\+?)\s+([\w-]+)|===\+?\s+["'])/;
/** `:::warning`, `::: tip` of Docusaurus and others, to a closing `:::`. */
const COLONS = /^ {0,3}(:{3,})\s*\{?([\w-]*)/;
/** Short codes of Hugo, GitBook, Jekyll and ERB on a line of their own. */
const SHORTCODE =
  /^\s{0,3}(?:\{\{[<%]\s*(\/?)\s*([\w./-]+)[^\n]*[>%]\}\}|\{%-?\s*(end)?([\w-]+)[^\n]*%\}|<%[^\n]*%>)\s*$/;
const NOTICE =
  /^(?:note|warning|caution|danger|important|attention|tip|info|hint|alert|notice|callout|admonition)$/i;
/** Deeper containers are read as part of those around them. */
const MAX_OPEN = 40;
const GLUED = /^(#{2,6})(?=[\w*`[])/;

class Framer {
  readonly body: string[] = [];
  readonly frames = new Set<number>();
  readonly notices = new Set<number>();
  private fence = '';
  /** The open `!!!` boxes from the outermost in: the indent of each inside those around it, and whether it cautions. */
  private boxes: { readonly indent: number; readonly notice: boolean }[] = [];
  private colons: { readonly marks: number; readonly notice: boolean }[] = [];
  private codes: { readonly name: string; readonly notice: boolean }[] = [];

  read(line: string, index: number): void {
    const text = this.unboxed(line);
    const noticed =
      this.boxes.some((each) => each.notice) ||
      this.colons.some((each) => each.notice) ||
      this.codes.some((each) => each.notice);
    if (noticed) this.notices.add(index);
    if (this.fenced(text) || !this.isFrame(text, index))
      this.body.push(this.fence === '' ? text.replace(GLUED, '$1 ') : text);
    else {
      this.frames.add(index);
      this.body.push('');
    }
  }

  /** The line without the indents of the boxes it is in; one that is indented less ends a box and those in it. */
  private unboxed(line: string): string {
    const bare = line.trimStart();
    if (bare === '') return line;
    let indent = line.length - bare.length;
    for (const [depth, box] of this.boxes.entries()) {
      if (indent < box.indent + 4) {
        if (this.fence === '') this.boxes.length = depth;
        break;
      }
      indent -= 4;
    }
    return indent === line.length - bare.length ? line : ' '.repeat(indent) + bare;
  }

  /** True inside a fence and on its marks. */
  private fenced(text: string): boolean {
    const mark = FENCE.exec(text)?.[1] ?? '';
    if (this.fence !== '') {
      if (mark.startsWith(this.fence) && /^\s*[`~]+\s*$/.test(text)) this.fence = '';
      return true;
    }
    this.fence = mark;
    return mark !== '';
  }

  private isFrame(text: string, index: number): boolean {
    const indented = INDENTED.exec(text);
    if (indented) {
      const notice = NOTICE.test(indented[2] ?? '');
      if (this.boxes.length < MAX_OPEN) this.boxes.push({ indent: indented[1]?.length ?? 0, notice });
      if (notice) this.notices.add(index);
      return /^\s*(?:!!!|\?\?\?\+?)\s+[\w-]+\s*$/.test(text);
    }
    return this.isContainer(text) || this.isShortcode(text);
  }

  private isContainer(text: string): boolean {
    const colons = COLONS.exec(text);
    if (!colons) return false;
    const marks = colons[1]?.length ?? 3;
    const name = colons[2] ?? '';
    if (name === '') this.colons.pop();
    else if (this.colons.length < MAX_OPEN) this.colons.push({ marks, notice: NOTICE.test(name) });
    return true;
  }

  private isShortcode(text: string): boolean {
    const found = SHORTCODE.exec(text.slice(0, 1000));
    if (!found) return false;
    const name = found[2] ?? found[4] ?? '';
    if (found[1] === '/' || found[3] === 'end') {
      const at = this.codes.findLastIndex((each) => each.name === name);
      if (at >= 0) this.codes.length = at;
    } else if (NOTICE.test(name)) this.codes.push({ name, notice: true });
    return true;
  }
}

/** What ends the list that a fence stands in, also where the fence is open. */
const OUTSIDE = /^\s*(?:[-*+]\s|\d{1,9}[.)]\s|#{1,6}\s|>)/;

/**
 * The lines that are indented less than the fence they are in, and by how much the fence is: in a list that ends the
 * fence, though its author went on to the closing marks. A fence without closing marks is left as it is.
 */
function outdented(lines: readonly Line[]): ReadonlyMap<number, number> {
  const pads = new Map<number, number>();
  for (let at = 0; at < lines.length; at++) {
    const opening = lines[at]?.text ?? '';
    const mark = FENCE.exec(opening)?.[1];
    if (mark === undefined) continue;
    let closing = at + 1;
    while (closing < lines.length && !lines[closing]?.text.trimStart().startsWith(mark)) closing += 1;
    if (closing === lines.length) return pads;
    const indent = opening.indexOf(mark);
    const less = (index: number): boolean => {
      const text = lines[index]?.text ?? '';
      return text.trim() !== '' && text.length - text.trimStart().length < indent;
    };
    const inner = Array.from({ length: closing - at }, (_, index) => at + 1 + index).filter(less);
    if (!inner.some((index) => index !== closing && OUTSIDE.test(lines[index]?.text ?? '')))
      for (const index of inner) pads.set(index, indent);
    at = closing;
  }
  return pads;
}

/** Takes admonitions, tabs, containers and short codes off the lines of a page, and leaves every line's end as it is. */
export function framed(lines: readonly Line[]): Framed {
  const framer = new Framer();
  const pads = outdented(lines);
  lines.forEach((line, index) => {
    framer.read(' '.repeat(pads.get(index) ?? 0) + line.text, index);
  });
  return framer;
}
