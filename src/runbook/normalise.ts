import type { Document, Line, SourceKind } from './blocks.ts';
import { sourceLines } from './blocks.ts';
import { markdownBlocks } from './markdown.ts';
import { plainBlocks } from './plain.ts';

/** Only this much of a text is looked at to tell its kind (design: 64 KB). */
const KIND_WINDOW = 64 * 1024;

const LANGUAGE_INFO = /^ {0,3}(?:`{3,}|~{3,}) ?[\w+#.-]*[ \t]*(?:[{[:(].*|\w+=.*)?$/;
const FENCE = /^\s*(?:[-*+>]|\d+[.)])?\s*(?:`{3,}|~{3,})/;

/** Slack writes fences in a line with the code (```` ```df -h ````), bullets as `•`, and links as `<url|label>`. */
function slackSignals(lines: readonly Line[]): number {
  let signals = 0;
  for (const { text } of lines) {
    const fence = text.trimStart().startsWith('```');
    if (fence && !LANGUAGE_INFO.test(text) && /\s|```$/.test(text.trim().slice(3))) signals += 3;
    if (!fence && /[^`\s]```\s*$/.test(text)) signals += 3;
    if (/^\s*[•◦▪]\s/.test(text)) signals += 1;
    if (/<https?:\/\/[^\s<>|]{1,500}\|[^<>\n]{1,200}>|<[@#][A-Z0-9]{6,}/.test(text)) signals += 2;
    if (/^\s*\*[^*\s][^*]{0,200}\*\s*:?\s*$/.test(text)) signals += 1;
  }
  return signals;
}

function markdownSignals(lines: readonly Line[]): number {
  let signals = 0;
  let previous = '';
  for (const { text } of lines) {
    if (FENCE.test(text)) signals += 1;
    if (/^ {0,3}#{1,6}\s+\S/.test(text)) signals += 1;
    if (/^ {0,3}(?:={3,}|-{3,})\s*$/.test(text) && previous.trim() !== '') signals += 1;
    if (/\[[^\][\n]{1,200}\]\([^()\s]{1,500}\)|\*\*[^*\n]{1,200}\*\*/.test(text)) signals += 1;
    previous = text;
  }
  return signals;
}

/** The kind that most signs speak for; without any sign the text is plain. */
function kindOf(text: string): SourceKind {
  const lines = sourceLines(text.slice(0, KIND_WINDOW)).filter((line) => line.text.length <= 2000);
  const slack = slackSignals(lines);
  const markdown = markdownSignals(lines);
  if (slack > 0 && slack >= markdown) return 'slack';
  return markdown > 0 ? 'markdown' : 'plain';
}

/** Cuts a pasted text of any kind into blocks with exact source offsets. Pure; linear; never throws. */
export function normalise(text: string): Document {
  const kind = kindOf(text);
  switch (kind) {
    case 'markdown':
      return markdownBlocks(text);
    case 'slack':
    case 'plain':
      return plainBlocks(text, kind);
  }
}
