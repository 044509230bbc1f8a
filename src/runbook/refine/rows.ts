import type { Opinion } from '../../safety/merge.ts';
import { isWorse } from '../../safety/verdict.ts';
import { flatten, type Line } from '../flatten.ts';
import type { Command, Parse, Step } from '../runbook.ts';
import type { Answer, AnswerStep } from './answer.ts';
import { inertWords } from './words.ts';

/** A line of the structural reading, or a command that a model adds, on its way into a refined step. */
export interface Row {
  /** The number of a line of the structural reading; null for an added command. */
  readonly number: number | null;
  readonly step: Step;
  readonly command: Command | null;
  /** What the model wants of the step that holds it. */
  readonly group: AnswerStep | null;
  readonly opinion: Opinion | null;
}

const MAX_REASON = 200;
/** What several steps are called as one: as much as a preview shows of a description. */
const MAX_DESCRIPTION = 300;

/** Every line of a parse in the author's order, none left out. */
export function rowsOf(parse: Parse, answer: Answer): Row[] {
  const lines = flatten(parse, []);
  const groups = groupsOf(answer.steps, lines);
  const opinions = opinionsOf(answer);
  return lines.map(({ number, step, command }) => ({
    number,
    step,
    command,
    group: groups.get(number) ?? null,
    opinion: command ? (opinions.get(number) ?? null) : null,
  }));
}

/** The groups that can be made, by the number of each line in them. Of two that overlap the first counts. */
function groupsOf(steps: readonly AnswerStep[], lines: readonly Line[]): ReadonlyMap<number, AnswerStep> {
  const groups = new Map<number, AnswerStep>();
  for (const step of steps.slice(0, lines.length)) {
    const { first, last } = step;
    if (!Number.isInteger(first) || !Number.isInteger(last) || first < 1 || last > lines.length) continue;
    const members = lines.slice(first - 1, last);
    if (isOneStep(members) && members.every(({ number }) => !groups.has(number)))
      for (const { number } of members) groups.set(number, step);
  }
  return groups;
}

/**
 * Lines may become one step when nothing of the author's is lost by it: commands under one condition, with one way on,
 * and few enough words. What a person does by hand stays a step of its own.
 */
function isOneStep(lines: readonly Line[]): boolean {
  const steps = [...new Set(lines.map(({ step }) => step))];
  const frames = new Set(
    steps.map(({ branch, rollback, target }) => JSON.stringify([branch, rollback, target])),
  );
  return (
    steps.length === 1 ||
    (frames.size === 1 &&
      lines.every(({ command }) => command !== null) &&
      describedTogether(steps).length <= MAX_DESCRIPTION)
  );
}

/** The words of several steps, each once. */
export const describedTogether = (steps: readonly Step[]): string =>
  [...new Set(steps.map(({ description }) => description))].join(' · ');

/** The worst that an answer says of each line. */
function opinionsOf(answer: Answer): ReadonlyMap<number, Opinion> {
  const worst = new Map<number, Opinion>();
  for (const { line, ...said } of answer.opinions) {
    const known = worst.get(line);
    if (!known || isWorse(said.risk, known.risk)) worst.set(line, opinionOf(said));
  }
  return worst;
}

/** What a model says of one command, in words that are nothing but words. */
export const opinionOf = ({ risk, reason }: Opinion): Opinion => ({
  risk,
  reason: inertWords(reason, MAX_REASON) || 'it gives no reason.',
});
