import { cut } from '../cut.ts';
import type { SourceKind } from '../runbook.ts';

/** The marks that kinds of text put around words, and what stays of each. Markdown's own are left to the reader of prose. */
const MARKS: Partial<Record<SourceKind, readonly (readonly [RegExp, string])[]>> = {
  rst: [
    [/:[a-z][\w.:-]{0,30}:`([^`<\n]{1,300})(?: <[^>\n]{1,300}>)?`/g, '$1'],
    [/`([^`<\n]{1,300}) <[^>\n]{1,500}>`__?/g, '$1'],
    [/(?<!`)`([^`\n]{1,300})`_{1,2}/g, '$1'],
    [/\|([\w -]{1,60})\|_?/g, '$1'],
  ],
  asciidoc: [
    [/\b(?:icon|image):[^\s[\]]{1,200}\[[^\]\n]{0,200}\]\s*/g, ''],
    [/(?:\b(?:link|xref|mailto):[^\s[\]]{1,500}|https?:\/\/[^\s[\]]{1,500})\[([^\]\n]{1,300})\]/g, '$1'],
    [/<<[^,>\n]{1,100},\s*([^>\n]{1,200})>>/g, '$1'],
    [/(^|[\s(])_([^_\n]{1,200})_(?=[\s.,:;)!?]|$)/g, '$1$2'],
    [/\b(?:kbd|btn|menu):\[([^\]\n]{1,100})\]/g, '$1'],
  ],
  org: [
    [/\[\[[^\][\n]{1,500}\]\[([^\][\n]{1,300})\]\]/g, '$1'],
    [/\[\[([^\][\n]{1,300})\]\]/g, '$1'],
    [/(^|[\s(])[~=/+]([^\s~=/+](?:[^~=\n]{0,200}[^\s~=/+])?)[~=/+](?=[\s.,:;)!?]|$)/g, '$1$2'],
  ],
  wiki: [
    [/\{anchor:[^{}\n]{0,200}\}|<\/?span\b[^<>\n]{0,200}>/g, ''],
    [/\\([-*_~^+{}[\]!|])/g, '$1'],
    [/\{\{([^{}|\n]{1,500})\}\}/g, '$1'],
    [/<\/?(?:code|tt|kbd|nowiki|b|i|u|ref|br)\s*\/?>/gi, ''],
    [/\[\[(?:[^\][|\n]{1,300}\|)?([^\][|\n]{1,300})\]\]/g, '$1'],
    [/\[([^\][|\n]{1,300})\|[^\]\n]{1,500}\]/g, '$1'],
    [/\[https?:\/\/\S{1,500} ([^\]\n]{1,300})\]/g, '$1'],
    [/'{2,5}/g, ''],
    [/(^|[\s(])_([^_\n]{1,200})_(?=[\s.,:;)!?]|$)/g, '$1$2'],
  ],
};

/** Prose without the marks of its kind. */
export function withoutMarks(text: string, kind: SourceKind): string {
  return (MARKS[kind] ?? []).reduce((bare, [mark, kept]) => bare.replace(mark, kept), cut(text, 4000));
}
