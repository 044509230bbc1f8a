import { expect } from '@jest/globals';
import { judge } from '../../../src/runbook/flatten.ts';
import type { Answer, AnswerStep } from '../../../src/runbook/refine/answer.ts';
import type { Refined } from '../../../src/runbook/refine/read.ts';
import type { Command, Parse, Step, Variable } from '../../../src/runbook/runbook.ts';
import { shows } from '../../../src/runbook/trace.ts';
import { classify } from '../../../src/safety/index.ts';
import { isWorse, type Verdict } from '../../../src/safety/verdict.ts';

/** What an answer says of the lines from `first` to `last`. */
export const group = (first: number, last: number, parts: Partial<AnswerStep> = {}): AnswerStep => ({
  first,
  last,
  title: null,
  kind: null,
  rollback: false,
  condition: null,
  goTo: null,
  expected: [],
  warnings: [],
  ...parts,
});

export const added = (
  text: string,
  after = 0,
  parts: Partial<Answer['commands'][number]> = {},
): Answer['commands'][number] => ({
  text,
  after,
  title: null,
  risk: 'safe',
  reason: 'It only looks.',
  ...parts,
});

/** A text with its structural reading and the verdicts on it. */
export interface Pasted {
  readonly text: string;
  readonly parse: Parse;
  readonly verdicts: readonly (readonly Verdict[])[];
}

export const commandsOf = ({ steps }: Parse): readonly Command[] => steps.flatMap(({ commands }) => commands);

/** What Slack, Markdown or HTML would make more of than words, and what is drawn as a sign or not at all. */
const MORE_THAN_WORDS =
  /[<>](?!=? ?\d)|[`@|\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Extended_Pictographic}\p{Regional_Indicator}]|#\S|\]\(|[a-z]:\/\/|\bwww\.\S|mailto:\S|:\d*[a-z_+-][\w+-]*:|(?<![\p{L}\p{N}])[*~_]|[*~_](?![\p{L}\p{N}])|[a-z]\.(?:com|example|org|io|sh)\b/iu;

export const isInert = (words: string): boolean => !MORE_THAN_WORDS.test(words) && words.trim() === words;

/** Everything that must be so whatever a model answers. */
export function expectFaithful({ text, parse, verdicts }: Pasted, { parse: now, opinions }: Refined): void {
  expectCommands(text, parse, now);
  expectSteps(parse, now);
  expectVerdicts(parse, verdicts, now, judge(now, classify, opinions));
  expectInputs(parse, now);
  expectWords(text, parse, { parse: now, opinions });
  expect(now).toMatchObject({ prerequisites: parse.prerequisites, untaken: parse.untaken, kind: parse.kind });
  expect([now.owner, now.links, now.alerts, now.services]).toEqual([
    parse.owner,
    parse.links,
    parse.alerts,
    parse.services,
  ]);
}

/** Each once, in order, byte for byte; one that came in is shown by the text or marked as a suggestion. */
function expectCommands(text: string, parse: Parse, now: Parse): void {
  const known = new Set(commandsOf(parse));
  expect(commandsOf(now).filter((command) => known.has(command))).toEqual(commandsOf(parse));
  const hidden = parse.untaken.filter(({ reason }) => reason === 'hidden');
  for (const command of commandsOf(now)) {
    if (known.has(command) || command.suggested) continue;
    const { start, end } = command.source;
    expect([command.text, shows(text.slice(start, end), command.text, parse.kind)]).toEqual([
      command.text,
      true,
    ]);
    expect(hidden.some(({ source }) => source.start < end && source.end > start)).toBe(false);
    expect([...known].some(({ source }) => source.start < end && source.end > start)).toBe(false);
  }
}

/** What the author says of a step stands at whatever became of it, and what is done by hand stays, in order. */
function expectSteps(parse: Parse, now: Parse): void {
  const taken = (step: Step): boolean => step.commands.some(({ suggested }) => !suggested);
  const byHand = (steps: readonly Step[]) =>
    steps.filter((step) => !taken(step)).map(({ description }) => description);
  expect(byHand(now.steps)).toEqual(byHand(parse.steps));
  const homeOf = (step: Step): Step[] =>
    now.steps.filter(({ commands, source, description }) =>
      step.commands.length > 0
        ? commands.some((command) => step.commands.includes(command))
        : description === step.description && source.start === step.source.start,
    );
  for (const step of parse.steps) {
    const homes = homeOf(step);
    expect(homes.length).toBeGreaterThan(0);
    for (const home of homes) {
      expect(home.description).toContain(step.description);
      expect(home.warnings).toEqual(expect.arrayContaining([...step.warnings]));
      expect(home.expected ?? []).toEqual(expect.arrayContaining([...(step.expected ?? [])]));
      if (step.branch !== null) expect(home.branch).toBe(step.branch);
      if (step.rollback) expect(home.rollback).toBe(true);
      if (step.target?.to !== 'step') expect(home.target).toEqual(step.target ?? home.target);
      else {
        const aim = parse.steps[step.target.step];
        expect(home.target?.to).toBe('step');
        if (aim && home.target?.to === 'step') expect(now.steps[home.target.step]).toBe(homeOf(aim)[0]);
      }
    }
  }
  for (const { target } of now.steps) if (target?.to === 'step') expect(now.steps[target.step]).toBeDefined();
}

function expectVerdicts(
  parse: Parse,
  verdicts: Pasted['verdicts'],
  now: Parse,
  judged: readonly (readonly Verdict[])[],
): void {
  const before = new Map(
    parse.steps.flatMap(({ commands }, step) =>
      commands.map((command, at) => [command, verdicts[step]?.[at]]),
    ),
  );
  now.steps.forEach(({ commands }, step) => {
    commands.forEach((command, at) => {
      const [was, is] = [before.get(command), judged[step]?.[at]];
      expect(is).toBeDefined();
      if (!was || !is) return;
      expect([command.text, isWorse(was.risk, is.risk)]).toEqual([command.text, false]);
      expect(is.reasons).toEqual(expect.arrayContaining([...was.reasons]));
      expect(is.traits).toEqual(was.traits);
    });
  });
}

const NARROWER = ['integer', 'host', 'kubernetes-name'];

function expectInputs(parse: Parse, now: Parse): void {
  parse.variables.forEach((was, index) => {
    const is = now.variables[index];
    const { description, type, spellings, ...rest } = is ?? was;
    const { type: typeWas, spellings: spellingsWas, ...restWas } = was;
    expect(rest).toEqual(restWas);
    expect(spellings).toEqual(expect.arrayContaining([...spellingsWas]));
    expect(type === typeWas || (typeWas === 'text' && NARROWER.includes(type))).toBe(true);
  });
  const taken = commandsOf(now).filter(({ suggested }) => !suggested);
  const isUsed = ({ spellings }: Variable): boolean =>
    spellings.every((spelling) => taken.some((command) => command.text.includes(spelling)));
  for (const variable of now.variables.slice(parse.variables.length)) expect(isUsed(variable)).toBe(true);
}

/** A model's own words are inert, and those that it gives as the author's stand in the text. */
function expectWords(text: string, parse: Parse, { parse: now, opinions }: Refined): void {
  const words = [
    ...(now.title === parse.title ? [] : [now.title]),
    ...now.steps.flatMap(({ title }) => title ?? []),
    ...now.variables.flatMap(({ description }) => description ?? []),
    ...(now.questions ?? []).map((question) => question.text),
    ...opinions.flat().flatMap((opinion) => (opinion ? [opinion.reason] : [])),
  ];
  expect(words.filter((each) => !isInert(each) || each.length > 300)).toEqual([]);
  const known = new Set(parse.steps.flatMap(quotationsOf));
  const decoded = text.replace(/&\w+;/g, ' ');
  const letters = `${lettersOf(decoded)} ${lettersOf(decoded.replace(/<[^>]*>/g, ' '))}`;
  const quoted = now.steps.flatMap(quotationsOf).filter((each) => !known.has(each));
  expect(quoted.filter((each) => !letters.includes(lettersOf(each)))).toEqual([]);
  expect((now.questions ?? []).length).toBeLessThanOrEqual(10);
  for (const { step } of now.questions ?? []) if (step !== null) expect(now.steps[step]).toBeDefined();
  expect(commandsOf(now).length).toBeLessThanOrEqual(commandsOf(parse).length + 20);
}

const lettersOf = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu)
    ?.join(' ') ?? '';

const quotationsOf = ({ branch, warnings, expected }: Step): string[] => [
  ...(branch === null ? [] : [branch]),
  ...warnings,
  ...(expected ?? []),
];
