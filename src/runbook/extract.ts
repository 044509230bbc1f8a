import type { Document } from './blocks.ts';
import { normalise } from './normalise.ts';
import * as prose from './prose.ts';
import type { Parse, Step } from './runbook.ts';
import type { Draft } from './steps.ts';
import { StepReader } from './steps.ts';
import { findVariables } from './variables.ts';

export { checkSource, MAX_SOURCE_UNITS } from './source.ts';

const MAX_TITLE = 120;
const UNTITLED = 'Untitled runbook';

function titleOf(document: Document): string {
  const heading = document.blocks.find((block) => block.type === 'heading');
  const headed = heading ? prose.plainWords(heading.lines.map((line) => line.text).join(' ')) : '';
  if (
    headed !== '' &&
    !/^<%|\{\{/.test(headed) &&
    (document.title === null || (heading?.type === 'heading' && heading.level === 1))
  ) {
    return headed.slice(0, MAX_TITLE);
  }
  if (document.title !== null) return document.title.slice(0, MAX_TITLE);
  const [first] = document.blocks;
  if (first?.type !== 'para' || first.item !== null) return UNTITLED;
  const line = prose.plainWords(first.lines[0]?.text ?? '').replace(/[:.]$/, '');
  return line === '' ? UNTITLED : line.slice(0, MAX_TITLE);
}

function stepOf(draft: Draft): Step {
  return {
    description: draft.description,
    kind: prose.kindOf(draft.description, draft.commands.length > 0),
    commands: draft.commands,
    branch: draft.branch,
    rollback: draft.rollback,
    warnings: draft.warnings,
    source: { start: draft.start, end: draft.end },
  };
}

/**
 * Structural extraction: a pasted runbook to ordered steps, commands with exact spans, inputs and what was left out.
 * Pure and deterministic; never throws on any text; linear. Offsets are UTF-16 units of `text`.
 */
export function extract(text: string): Parse {
  const document = normalise(text);
  const reader = new StepReader(text, document);
  for (const block of document.blocks) reader.read(block);
  reader.finish();
  const steps = reader.drafts.map(stepOf);
  return {
    title: titleOf(document),
    kind: document.kind,
    steps,
    variables: findVariables(
      steps.flatMap((step) => step.commands),
      text,
    ),
    prerequisites: reader.prerequisites,
    untaken: reader.untaken.toSorted((a, b) => a.source.start - b.source.start),
  };
}
