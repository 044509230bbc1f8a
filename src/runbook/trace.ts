import { Tokenizer } from 'htmlparser2';
import { asTyped } from './normalise/slack.ts';
import { withoutEntities, withoutEscapes } from './normalise/wiki-view.ts';
import type { SourceKind } from './runbook.ts';

/** The text of a piece of HTML: tags and comments gone, entities decoded. */
function withoutTags(html: string): string {
  let text = '';
  const nothing = (): void => undefined;
  const tokenizer = new Tokenizer(
    { xmlMode: false, decodeEntities: true },
    {
      ontext: (start, end) => {
        text += html.slice(start, end);
      },
      ontextentity: (codepoint) => {
        text += String.fromCodePoint(codepoint);
      },
      oncdata: (start, end, endOffset) => {
        text += html.slice(start, end - endOffset);
      },
      onopentagname: (start, end) => {
        if (/^(?:br|p|div|li|tr)$/i.test(html.slice(start, end))) text += '\n';
      },
      onattribdata: nothing,
      onattribentity: nothing,
      onattribend: nothing,
      onattribname: nothing,
      onclosetag: nothing,
      oncomment: nothing,
      ondeclaration: nothing,
      onend: nothing,
      onopentagend: nothing,
      onprocessinginstruction: nothing,
      onselfclosingtag: nothing,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  return text;
}

function unmarked(text: string, kind: SourceKind): string {
  switch (kind) {
    case 'html':
      return withoutTags(text);
    case 'slack':
      return asTyped(text, false);
    case 'asciidoc':
      return text.replace(/[ \t]*(?:(?:#|\/\/)[ \t]*)?<(?:\d{1,2}|\.)>[ \t]*(?=\r?\n|\r|$)/g, '');
    case 'rst':
      return text.replace(/(?<![\w/*])\*\*(?=[\w$<"'-])|(?<=[\w}>"'])\*\*(?![\w*/])/g, '');
    case 'markdown':
    case 'org':
    case 'wiki':
    case 'plain':
      return text;
  }
}

/**
 * One form for a command and for the part of a source that shows it: the kind's own marks gone, continuations joined,
 * blanks folded.
 */
export function plainForm(text: string, kind: SourceKind): string {
  return unmarked(text, kind)
    .normalize('NFC')
    .replace(/[ \t]*\\[ \t]*(?:\r\n?|\n)[ \t]*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Without what stands before the lines that go on: the `> ` of a quote or of a shell. */
const withoutLineMarks = (text: string): string => text.replace(/(\r\n?|\n)[ \t]*(?:>[ \t]?)+/g, '$1');

/** Running text of HTML, where an end of line is a blank. */
const folded = (text: string): string => text.replace(/\s+/g, ' ');

/** What else a part of a source may be read as. */
function inOther(slice: string, kind: SourceKind): string[] {
  switch (kind) {
    case 'slack':
      return [asTyped(slice, true)];
    case 'markdown':
      return [withoutTags(slice), folded(withoutTags(slice))];
    case 'wiki':
      return [withoutEscapes(slice), withoutEntities(slice)];
    case 'html':
      return [folded(withoutTags(slice))];
    case 'rst':
    case 'asciidoc':
    case 'org':
    case 'plain':
      return [];
  }
}

/**
 * True when a part of a source shows a command, and nothing else. `slice` is what stands in the source; HTML may carry
 * it as character data (CDATA), where nothing is a tag; Markdown may hold HTML; Slack
 * writes links in code as their address.
 */
export function shows(slice: string, command: string, kind: SourceKind): boolean {
  const wanted = plainForm(command, 'plain');
  const read = [unmarked(slice, kind), slice, ...inOther(slice, kind)];
  return read
    .flatMap((text) => [text, withoutLineMarks(text)])
    .some((text) => plainForm(text, 'plain') === wanted);
}
