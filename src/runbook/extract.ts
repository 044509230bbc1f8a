import { aboutOf } from './about.ts';
import { cut } from './cut.ts';
import type { Draft } from './draft.ts';
import { spanOf } from './normalise/blocks.ts';
import type { Document } from './normalise/index.ts';
import { normalise, toSource } from './normalise/index.ts';
import { withoutMarks } from './normalise/words.ts';
import * as prose from './prose.ts';
import type { Parse, Step, Target } from './runbook.ts';
import { StepReader } from './steps.ts';
import type { Numbered } from './targets.ts';
import { stepNumbered } from './targets.ts';
import { findVariables } from './variables.ts';

export { checkSource, MAX_SOURCE_UNITS } from './source.ts';

const MAX_TITLE = 120;
/** The title of a text that has none. */
export const UNTITLED = 'Untitled runbook';

const wordsOf = (text: string, { kind }: Document): string => prose.plainWords(withoutMarks(text, kind));

function titleOf(document: Document): string {
  if (document.kind === 'org' && document.title !== null) return cut(document.title, MAX_TITLE);
  const heading = document.blocks.find((block) => block.type === 'heading');
  const headed = heading ? wordsOf(heading.lines.map((line) => line.text).join(' '), document) : '';
  if (
    headed !== '' &&
    !/^<%|\{\{/.test(headed) &&
    (document.title === null || (heading?.type === 'heading' && heading.level === 1))
  ) {
    return cut(headed, MAX_TITLE);
  }
  if (document.title !== null) return cut(document.title, MAX_TITLE);
  const [first] = document.blocks;
  if (first?.type !== 'para' || first.item !== null) return UNTITLED;
  const line = wordsOf(first.lines[0]?.text ?? '', document).replace(/[:.]$/, '');
  return line === '' ? UNTITLED : cut(line, MAX_TITLE);
}

function stepOf(draft: Draft, target: Target | null, document: Document): Step {
  return {
    description: draft.description,
    kind: prose.kindOf(draft.description, draft.commands.length > 0),
    commands: draft.commands.map((command) => ({ ...command, source: toSource(document, command.source) })),
    branch: draft.branch,
    rollback: draft.rollback,
    warnings: draft.warnings,
    source: toSource(document, { start: draft.start, end: draft.end }),
    ...(target ? { target } : {}),
    ...(draft.expected.length > 0 ? { expected: draft.expected } : {}),
  };
}

/** The text with its code between backticks, however its kind marks code: what the patterns for samples and examples read. */
function tickedText({ kind, text, blocks }: Document): string {
  if (kind === 'markdown' || kind === 'slack' || kind === 'plain') return text;
  return blocks
    .map((block) => {
      const { start, end } = spanOf(block.lines);
      let ticked = '';
      let from = start;
      for (const code of 'codes' in block ? block.codes : []) {
        if (code.outer.start < from || code.outer.end > end) continue;
        ticked += `${text.slice(from, code.outer.start)}\`${text.slice(code.start, code.end)}\``;
        from = code.outer.end;
      }
      return ticked + text.slice(from, end);
    })
    .join('\n');
}

/** Where a step sends the reader; a number of the author's that names no step sends nobody anywhere. */
function targetOf({ leads }: Draft, index: number, numbered: readonly (Numbered | null)[]): Target | null {
  if (leads === null || leads.to !== 'number') return leads;
  const step = stepNumbered(numbered, index, leads.number);
  return step === null ? null : { to: 'step', step };
}

/**
 * Structural extraction: a pasted runbook to ordered steps, commands with exact spans, inputs and what was left out.
 * Pure and deterministic; never throws on any text; linear. Offsets are UTF-16 units of `text`.
 */
export function extract(text: string): Parse {
  const document = normalise(text);
  const reader = new StepReader(document);
  for (const block of document.blocks) reader.read(block);
  reader.finish();
  const { drafts } = reader;
  const numbered = drafts.map((draft) => draft.numbered);
  const steps = drafts.map((draft, index) => stepOf(draft, targetOf(draft, index, numbered), document));
  const title = titleOf(document);
  return {
    title,
    kind: document.kind,
    steps,
    variables: findVariables(
      steps.flatMap((step) => step.commands),
      tickedText(document),
      document.kind === 'asciidoc' ? document.values : undefined,
    ),
    prerequisites: reader.prerequisites,
    untaken: reader.untaken
      .map(({ source, reason }) => ({ source: toSource(document, source), reason }))
      .sort((a, b) => a.source.start - b.source.start),
    ...aboutOf(document, title),
  };
}
