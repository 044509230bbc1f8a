import { cut } from '../cut.ts';
import { withoutMarks } from '../normalise/words.ts';
import * as prose from '../prose.ts';
import type { Parse, SourceKind, Step, StepKind, Target } from '../runbook.ts';
import type { AnswerStep } from './answer.ts';
import { describedTogether, type Row } from './rows.ts';
import { type Shown, textBetween } from './shown.ts';
import { inertWords, lettersOf, MAX_TITLE, quotedFrom } from './words.ts';

/** The rows of one refined step; never empty. */
export type Bucket = readonly [Row, ...Row[]];

/** Quotations that are added to a step, of each sort. */
const MAX_QUOTATIONS = 5;
/** How far before its step a quotation may stand, and how much text is looked through. UTF-16 units. */
const MAX_BEFORE = 2_000;
const MAX_AROUND = 4_000;

/** Rows that stand together: those of one group of the answer, else those of one step of the structure. */
export function bucketsOf(rows: readonly Row[]): Bucket[] {
  const buckets: [Row, ...Row[]][] = [];
  for (const row of rows) {
    const last = buckets.at(-1);
    if (last && ownerOf(last[0]) === ownerOf(row)) last.push(row);
    else buckets.push([row]);
  }
  return buckets;
}

const ownerOf = ({ group, step }: Row): AnswerStep | Step => group ?? step;

/** Where each line of the structural reading, by its number, and the beginning of each of its steps went. */
export function indexesOf(buckets: readonly Bucket[]): ReadonlyMap<number | Step, number> {
  const indexes = new Map<number | Step, number>();
  buckets.forEach((bucket, index) => {
    for (const { number, step } of bucket) {
      if (number !== null) indexes.set(number, index);
      if (!indexes.has(step)) indexes.set(step, index);
    }
  });
  return indexes;
}

/** The steps of a refined parse, in order, with what the answer may say of them. */
export function stepsOf(buckets: readonly Bucket[], parse: Parse, shown: Shown): Step[] {
  const indexes = indexesOf(buckets);
  const steps = buckets.map((bucket) => moved(joined(bucket), parse, indexes));
  return steps.map((step, index) => {
    const group = buckets[index]?.[0].group;
    if (!group) return step;
    const start = Math.max(steps[index - 1]?.source.start ?? 0, step.source.start - MAX_BEFORE);
    const around = textBetween(shown, { start, end: (steps[index + 1] ?? step).source.end });
    return sentOn(
      refined(step, group, cut(around, MAX_AROUND).normalize('NFKC'), parse.kind),
      group,
      indexes,
    );
  });
}

/** One step of the rows of several, with all that their authors say. */
function joined(bucket: Bucket): Step {
  const steps = [...new Set(bucket.map(({ step }) => step))];
  const expected = [...new Set(steps.flatMap((step) => step.expected ?? []))];
  return {
    ...bucket[0].step,
    description: describedTogether(steps),
    commands: bucket.flatMap(({ command }) => command ?? []),
    warnings: [...new Set(steps.flatMap(({ warnings }) => warnings))],
    source: {
      start: Math.min(...steps.map(({ source }) => source.start)),
      end: Math.max(...steps.map(({ source }) => source.end)),
    },
    ...(expected.length > 0 ? { expected } : {}),
  };
}

/** The step with its target at the index that it has now. */
function moved(step: Step, parse: Parse, indexes: ReadonlyMap<number | Step, number>): Step {
  const { target, ...rest } = step;
  if (target?.to !== 'step') return step;
  const aim = parse.steps[target.step];
  const index = aim && indexes.get(aim);
  return index === undefined ? rest : { ...rest, target: { to: 'step', step: index } };
}

/** A name and a kind in the words of the model; conditions, results and cautions in those of the text around. */
function refined(step: Step, group: AnswerStep, around: string, kind: SourceKind): Step {
  const quoted = (quotations: readonly string[], known: readonly string[]): string[] => {
    const words = quotations.slice(0, MAX_QUOTATIONS).flatMap((quotation) => {
      const found = quotedFrom(around, quotation);
      return found === null ? [] : [prose.plainWords(withoutMarks(found, kind))];
    });
    const said = known.map(lettersOf);
    return words.filter((each) => !said.some((one) => one.includes(lettersOf(each))));
  };
  const title = inertWords(group.title ?? '', MAX_TITLE);
  const [condition] = quoted(group.condition === null ? [] : [group.condition], []);
  const expected = [...(step.expected ?? []), ...quoted(group.expected, step.expected ?? [])];
  return {
    ...step,
    kind: kindOf(step, group.kind),
    branch: step.branch ?? condition?.replace(/[.:;,]+$/, '') ?? null,
    rollback: step.rollback || group.rollback,
    warnings: [...step.warnings, ...quoted(group.warnings, step.warnings)],
    ...(title ? { title } : {}),
    ...(expected.length > 0 ? { expected } : {}),
  };
}

/** A step with something to run is not done by hand alone, and one without is no command. */
function kindOf({ kind, commands }: Step, wanted: StepKind | null): StepKind {
  const isImpossible = commands.length > 0 ? wanted === 'manual' : wanted === 'command';
  return wanted === null || isImpossible ? kind : wanted;
}

/** Where the reader goes on under a condition, when the author's words do not tell: forward only, so never in a circle. */
function sentOn(step: Step, { goTo, last }: AnswerStep, indexes: ReadonlyMap<number | Step, number>): Step {
  if (goTo === null || step.branch === null || step.target) return step;
  const index = goTo > last ? indexes.get(goTo) : undefined;
  const target: Target | null =
    goTo === 0 ? { to: 'end' } : index === undefined ? null : { to: 'step', step: index };
  return target ? { ...step, target } : step;
}
