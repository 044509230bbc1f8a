import { commandLines } from '../open-command.ts';
import { promptLength } from '../prompts.ts';
import { isLabel } from '../prose.ts';
import { isBareCommand, isProse } from '../shape.ts';
import type { Line, Reading } from './blocks.ts';
import { head, indentOf, tail, trimLine } from './blocks.ts';
import { tickCodes } from './codes.ts';
import { LineReader } from './line-reader.ts';
import { slackLinks, slackView } from './slack.ts';

const BULLET = /^([ \t]*)(?:[-*•◦▪–]|\d{1,3}[.)]|[a-z][.)]|step\s+\d{1,3}\s*[:.)-])[ \t]+(?=\S)/i;
const LONE_BULLET = /^[ \t]*(?:[-*•◦▪–]|\d{1,3}[.)])[ \t]*$/;
const NUMBERED = /^[ \t]*(?:\d{1,3}[.)]|[a-z][.)]|step\s)/i;
const LANGUAGE =
  /^(?:bash|sh|shell|zsh|console|sql|python|yaml|yml|json|text|plaintext|log|ruby|ini|toml|hcl|xml|diff)$/i;
const RULE = /^(?:={3,}|-{3,}|~{3,}|\*{3,}|_{3,}|#{3,})$/;
/** A numbered line of a shell's `history`. */
const HISTORY = /^\s{0,8}(\d{1,6})\*?\s{1,4}(?:\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?\s+)?(?=\S)/;

/** So many commands without an end may stand in a text; after them every line is read by itself. */
const MAX_STRAY = 8;

/** How many lines with text are looked at for a further prompt. */
const MAX_LOOK_AHEAD = 60;

/** A heading as people write it in Slack and in notes: hash marks, or a line that is bold as a whole. */
function headingOf(bare: Line): { readonly line: Line; readonly level: number } | null {
  const hashes = /^#{1,6}(?=\s+\S)/.exec(bare.text)?.[0].length ?? 0;
  if (hashes > 0) return { line: trimLine(tail(bare, hashes)), level: hashes };
  const bold = /^\*([^*]{1,200})\*\s*:?(?:\s*:[\w+-]{1,40}:)*$/.exec(bare.text)?.[1];
  return bold === undefined ? null : { line: { text: bold, start: bare.start + 1 }, level: 2 };
}

function numberIn(text: string): number | undefined {
  const written = /^[ \t]*(?:step\s+)?(\d{1,3})/i.exec(text)?.[1];
  return written === undefined ? undefined : Number(written);
}

const isShouted = (text: string): boolean =>
  text.length < 80 && /^[A-Z][A-Z0-9 ,/&:()'-]+$/.test(text) && /[A-Z]{3}.*\s.*[A-Z]{2}/.test(text);
const prompted = (text: string): boolean => promptLength(text.trimStart(), 'strong') > 0;

/** Reads text without marks of its own line by line: notes, mail, histories of a shell, Slack messages. */
class PlainReader extends LineReader {
  private readonly slack: boolean;
  /** Where the text of the open list items begins, from the outermost in. */
  private columns: number[] = [];
  /** Indented lines before this index are known to be prose. */
  private proseUntil = 0;
  /** Commands seen so far that have no end. */
  private strays = 0;
  /** For every line the index of the first one from there on that is not empty. */
  private readonly nextFull: Uint32Array;

  constructor(text: string, slack: boolean) {
    super(text, tickCodes);
    this.slack = slack;
    this.nextFull = new Uint32Array(this.lines.length + 1).fill(this.lines.length);
    for (let at = this.lines.length - 1; at >= 0; at--)
      this.nextFull[at] = this.text(at).trim() === '' ? (this.nextFull[at + 1] ?? at) : at;
  }

  private fullFrom(index: number): number {
    return this.nextFull[index] ?? this.lines.length;
  }

  private blankBefore(index: number): boolean {
    return index === 0 || this.text(index - 1).trim() === '';
  }

  protected line(line: Line): void {
    if (line.text.trim() === '') this.outline.flush();
    else if (line.text.includes('```')) this.fences(line);
    else if (this.historyEnd() > this.at + 2) this.history();
    else if (prompted(line.text)) this.transcript();
    else this.prose(line);
  }

  // Code.

  /** A line that opens fences, wherever they stand in it, and the lines to the end of the last one. */
  private fences(line: Line): void {
    let rest: Line | null = line;
    while (rest && rest.text.trim() !== '') {
      const open: number = rest.text.indexOf('```');
      if (open < 0) {
        this.prose(rest);
        return;
      }
      const before = head(rest, open);
      if (LONE_BULLET.test(before.text)) this.item(before, before.text.length);
      else if (before.text.trim() !== '') this.prose(before);
      this.outline.markup.push({ start: rest.start + open, end: rest.start + open + 3 });
      rest = this.fence(tail(rest, open + 3));
    }
  }

  /** Reads a fence from behind its opening mark and returns what stands behind the closing one. */
  private fence(opening: Line): Line | null {
    const code: Line[] = [];
    const first = opening.text.trim();
    const named = first.length < 20 && LANGUAGE.test(first);
    if (named) this.outline.mark(trimLine(opening));
    let line: Line = named ? { text: '', start: opening.start } : opening;
    let close = line.text.indexOf('```');
    while (close < 0) {
      code.push(line);
      const next = this.lines[this.at + 1];
      if (!next) break;
      this.at += 1;
      line = next;
      close = line.text.indexOf('```');
    }
    if (close >= 0) {
      code.push(head(line, close));
      this.outline.markup.push({ start: line.start + close, end: line.start + close + 3 });
    }
    this.outline.code(
      code.filter((each, index) => index > 0 || each.text.trim() !== ''),
      named ? first.toLowerCase() : null,
    );
    return close < 0 ? null : tail(line, close + 3);
  }

  /** From a prompt on: the commands, what they print, and further prompts after an empty line. */
  private transcript(): void {
    const code: Line[] = [];
    const start = this.at;
    let at = start;
    while (at < this.lines.length) {
      const line = this.lines[at];
      if (!line || (at > start && this.endsTranscript(line.text))) break;
      if (line.text.trim() !== '') {
        code.push(line);
        this.at = at;
        at += 1;
      } else if (this.transcriptGoesOn(at)) at = this.fullFrom(at);
      else break;
    }
    this.outline.code(code, null);
  }

  /** An empty line is inside a transcript when a prompt follows before any line of prose. */
  private transcriptGoesOn(blank: number): boolean {
    let at = this.fullFrom(blank);
    for (let looked = 0; looked < MAX_LOOK_AHEAD && at < this.lines.length; looked++) {
      const text = this.text(at);
      if (prompted(text)) return true;
      if (isProse(text) || isLabel(text.trim()) || BULLET.test(text)) return false;
      at = this.fullFrom(at + 1);
    }
    return false;
  }

  private endsTranscript(text: string): boolean {
    return text.includes('```') || (NUMBERED.test(text) && isProse(text.replace(BULLET, '')));
  }

  /** The index after the lines of a shell's history that begin here: numbers that rise by one. */
  private historyEnd(): number {
    let at = this.at;
    let number: number | null = null;
    while (at < this.lines.length) {
      const found = Number(HISTORY.exec(this.text(at))?.[1] ?? Number.NaN);
      if (Number.isNaN(found) || (number !== null && found !== number + 1)) break;
      number = found;
      at += 1;
    }
    return at;
  }

  private history(): void {
    const end = this.historyEnd();
    const code = this.lines
      .slice(this.at, end)
      .map((line) => tail(line, HISTORY.exec(line.text)?.[0].length ?? 0));
    this.outline.code(code, 'history');
    this.at = end - 1;
  }

  /**
   * The lines of a block that is indented beneath the text around it, from this one on; null when they are prose. In a
   * list, commands may stand as far in as the text of their item.
   */
  private indented(line: Line): Line[] | null {
    if (this.at < this.proseUntil) return null;
    const indent = indentOf(line.text);
    const base = this.columns.findLast((column) => column <= indent) ?? 0;
    const fresh = this.blankBefore(this.at);
    const opens = this.opensCode();
    const level = indent < base + (base === 0 && fresh ? 3 : 2);
    if (level && !(fresh && opens && base > 0 && indent >= base)) return null;
    const announced = fresh || /:\s*$/.test(this.outline.paragraph.at(-1)?.text ?? '');
    if (!announced && !isBareCommand(line.text)) return null;
    const single = level || (isProse(line.text) && !opens && !prompted(line.text));
    const block: Line[] = [];
    for (let at = this.at; at < this.lines.length; at++) {
      const next = this.lines[at];
      if (!next) break;
      if (next.text.trim() === '') {
        if (single || !this.blockGoesOn(at, indent)) break;
      } else if (indentOf(next.text) < indent || (at > this.at && !announced && !isBareCommand(next.text)))
        break;
      block.push(next);
    }
    const full = block.filter((each) => each.text.trim() !== '');
    const wordy = full.filter(
      (each) => (isProse(each.text) || BULLET.test(each.text)) && !prompted(each.text),
    ).length;
    if (wordy * 2 < full.length || opens) return block;
    this.proseUntil = this.at + block.length;
    return null;
  }

  /** The lines of a command that is more than one line long and stands in the text as it is, from this one on, or null. */
  private openCommand(): Line[] | null {
    if (this.strays >= MAX_STRAY || !isBareCommand(this.text(this.at))) return null;
    const count = commandLines(this.textsFrom(this.at));
    if (count === null) this.strays += 1;
    return count === null || count === 1 ? null : this.lines.slice(this.at, this.at + count);
  }

  private *textsFrom(index: number): Generator<string> {
    for (let at = index; at < this.lines.length; at++) yield this.text(at);
  }

  /** A command, or a comment over one. */
  private opensCode(): boolean {
    const text = this.text(this.at);
    return isBareCommand(text) || (/^\s*#\s/.test(text) && isBareCommand(this.text(this.at + 1)));
  }

  private blockGoesOn(blank: number, indent: number): boolean {
    const next = this.text(this.fullFrom(blank));
    return next.trim() !== '' && indentOf(next) >= indent && !isProse(next) && !BULLET.test(next);
  }

  // Prose.

  private heading(line: Line, level: number): void {
    this.outline.heading(line, level);
    this.columns = [];
  }

  private prose(line: Line): void {
    const bare = trimLine(line);
    const title = this.slack || /^##/.test(bare.text) ? headingOf(bare) : null;
    const bullet = BULLET.exec(line.text);
    if (title) {
      this.outline.mark(line);
      this.heading(title.line, title.level);
    } else if (RULE.test(bare.text)) this.underline(bare);
    else if (isLabel(bare.text) || (isShouted(bare.text) && this.blankBefore(this.at) && !bullet))
      this.heading(bare, 2);
    else if (bullet) this.item(line, bullet[0].length);
    else this.body(line);
  }

  /** A rule under a single line of text makes it a heading; elsewhere it only separates. */
  private underline(rule: Line): void {
    this.outline.mark(rule);
    const [title] = this.outline.paragraph;
    if (title && this.outline.paragraph.length === 1) {
      this.outline.takeParagraph();
      this.heading(title, rule.text.startsWith('=') ? 1 : 2);
    } else this.outline.flush();
  }

  private item(line: Line, prefix: number): void {
    const indent = indentOf(line.text);
    this.outline.item(indent, NUMBERED.test(line.text), numberIn(line.text));
    this.columns = [...this.columns.filter((column) => column <= indent), indentOf(' '.repeat(prefix))];
    this.outline.markup.push({ start: line.start, end: line.start + prefix });
    const rest = trimLine(tail(line, prefix));
    if (prompted(rest.text)) this.outline.code([rest], null);
    else this.outline.prose(rest);
  }

  /** An unindented line after an empty one is outside the list. */
  private body(line: Line): void {
    if (this.blankBefore(this.at) && indentOf(line.text) === 0) {
      this.outline.leave(0);
      this.columns = [];
    }
    const block = this.openCommand() ?? this.indented(line);
    if (!block) {
      this.outline.prose(line);
      return;
    }
    this.outline.code(block, null);
    this.at += block.length - 1;
  }
}

/** Reads plain text: headings by shape, lists by marker, code by its prompts, its indent or its fences. */
export function readPlain(text: string): Reading {
  const { blocks, items, markup } = new PlainReader(text, false).read();
  return { title: null, blocks, items, markup };
}

/** Reads a Slack message, typed or as Slack stores it: fences anywhere in a line, bold lines as headings. */
export function readSlack(text: string): Reading {
  const view = slackView(text);
  const { blocks, items, markup } = new PlainReader(view?.text ?? text, true).read();
  if (!view) return { title: null, blocks, items, markup };
  return {
    title: null,
    blocks,
    items,
    markup: markup.map((span) => view.toSource(span)),
    view,
    links: slackLinks(text),
  };
}
