import type { KnownBlock } from '@slack/types';
import { flatten, type Line } from '../runbook/flatten.ts';
import { openQuestions } from '../runbook/questions.ts';
import type { Unrefined } from '../runbook/refine/port.ts';
import type { Parse, SourceSpan, Untaken, Variable } from '../runbook/runbook.ts';
import type { RunbookState } from '../runbook/stream.ts';
import { inputsOf } from '../runbook/variables.ts';
import { RISKS } from '../safety/verdict.ts';
import { context, divider, header, section } from './blocks.ts';
import { firstNumbers, isOffered, placesIn } from './runbook-lines.ts';
import { plain, RISK_LABEL } from './words.ts';

const MAX_LIST = 1_200; // of one list, so that all of them leave room for steps on the first page (UTF-16 units)
const MAX_ITEM = 240;
const MAX_NAME = 80;
const MAX_PLACES = 6; // of one reason why parts of the text were not taken

/** What stands above the steps: what it is, who looks after it, what is asked and what to know before. */
export function aboveSteps(state: RunbookState, parse: Parse): KnownBlock[] {
  const where = placesIn(state.source?.text ?? '');
  const lines = flatten(parse, state.verdicts);
  return [
    header(parse.title),
    context([summary(state, lines), ...keepers(parse)].join('\n')),
    ...readBy(state),
    ...loud(parse.untaken, where),
    ...list(
      'Before you begin',
      parse.prerequisites.map((words) => plain(words, MAX_ITEM)),
    ),
    ...list('To fill in before a run', inputsOf(parse).map(inputLine)),
    ...list('Questions', questionLines(parse)),
    divider,
  ];
}

/** What stands under the steps: the parts of the text that were not taken, by reason. */
export function notTaken({ untaken }: Parse, source: string): KnownBlock[] {
  const where = placesIn(source);
  const parts = Object.entries(QUIET).flatMap(([reason, words]) => {
    const found = untaken.filter((part) => part.reason === reason);
    return found.length === 0 ? [] : [`${words} (${placesOf(found, where)})`];
  });
  return parts.length === 0 ? [] : [context(`Not taken as commands: ${parts.join('; ')}.`)];
}

function summary(state: RunbookState, lines: readonly Line[]): string {
  const word = state.status === 'saved' ? 'Runbook' : state.basedOn ? 'New version, draft' : 'Draft';
  const risks = RISKS.map(
    (risk) => [RISK_LABEL[risk], lines.filter(({ verdict }) => verdict?.risk === risk).length] as const,
  );
  const byHand = lines.filter(({ command }) => !command).length;
  const offered = lines.filter(({ command }) => command && isOffered(command)).length;
  const parts = [...risks, ['by hand', byHand] as const, ['only suggested', offered] as const];
  return [
    `${word}: ${count(lines.length, 'step')}`,
    ...parts.filter(([, n]) => n > 0).map(([label, n]) => `${label} ${n}`),
  ].join(' · ');
}

function keepers({ owner, alerts, services }: Parse): string[] {
  const names = (words: string, list: readonly string[] = []): string[] =>
    list.length === 0
      ? []
      : [
          `${words}: ${list
            .slice(0, 3)
            .map((name) => plain(name, MAX_NAME))
            .join(', ')}${list.length > 3 ? ` and ${list.length - 3} more` : ''}`,
        ];
  const all = [
    ...names('Owner', owner ? [owner] : []),
    ...names('Alerts', alerts),
    ...names('Services', services),
  ];
  return all.length === 0 ? [] : [all.join(' · ')];
}

/** Why no model had a part in it, as people are told. */
const UNREFINED: Record<Unrefined, string> = {
  late: 'the model was late',
  down: 'the model could not be reached',
  limited: 'the model takes no more requests at the moment',
  rubbish: 'the answer of the model could not be used',
  refused: 'the model did not want to answer',
  absent: 'no model is connected',
};

function readBy({ status, refinement }: RunbookState): KnownBlock[] {
  if (status === 'refining' || status === 'refined')
    return [context('A model is looking at it. This is what the structure of the text says.')];
  if (!refinement) return [];
  return refinement.status === 'refined'
    ? [
        context(
          `Refined by the model ${plain(refinement.model, MAX_NAME)}. It may raise a risk, never lower one.`,
        ),
      ]
    : [context(`Read by the structure of the text alone: ${UNREFINED[refinement.why]}.`)];
}

/** What may mean that the text is not what it looks like. */
function loud(untaken: readonly Untaken[], where: (span: SourceSpan) => string): KnownBlock[] {
  const of = (reason: Untaken['reason']) => untaken.filter((part) => part.reason === reason);
  const [hidden, unparsed] = [of('hidden'), of('unparsed')];
  return [
    ...(hidden.length > 0
      ? [
          section(
            `⚠️ *Hidden text was left out* (${placesOf(hidden, where)}). A page that hides text from its readers is suspicious: look at its source before you run anything.`,
          ),
        ]
      : []),
    ...(unparsed.length > 0
      ? [
          section(
            `⚠️ *Part of the text was not read* (${placesOf(unparsed, where)}). It is too long, too deep or not complete, and may hold steps.`,
          ),
        ]
      : []),
  ];
}

/** Reasons that need no more than a line of small print. */
const QUIET: Record<Exclude<Untaken['reason'], 'hidden' | 'unparsed'>, string> = {
  output: 'output',
  log: 'log lines',
  configuration: 'configuration',
  script: 'code of other languages',
  query: 'queries of a console',
  mention: 'mentions in a sentence',
  'too-long': 'too long to be read',
};

function placesOf(parts: readonly Untaken[], where: (span: SourceSpan) => string): string {
  const places = [...new Set(parts.map(({ source }) => where(source)))];
  const more = places.length > MAX_PLACES ? [`and ${places.length - MAX_PLACES} more`] : [];
  return [...places.slice(0, MAX_PLACES), ...more].join(', ');
}

function inputLine({ name, type, example, default: preset, description, output }: Variable): string {
  return [
    `\`${plain(name, MAX_NAME)}\` ${type.replaceAll('-', ' ')}`,
    ...(description ? [plain(description, MAX_NAME)] : []),
    ...(preset === undefined ? [] : [`usually ${plain(preset, MAX_NAME)}`]),
    ...(example !== null && example !== preset ? [`for example ${plain(example, MAX_NAME)}`] : []),
    ...(output ? ['found by a command of the runbook'] : []),
  ].join(', ');
}

function questionLines(parse: Parse): string[] {
  const numbers = firstNumbers(parse);
  return [...openQuestions(parse), ...(parse.questions ?? [])].map(({ text, step }) => {
    const words = plain(text, MAX_ITEM);
    return step === null ? words : `Step ${numbers[step] ?? '?'}: ${words}`;
  });
}

/** A heading with an item a line: as many as there is room for, and how many there are beyond. */
function list(heading: string, items: readonly string[]): KnownBlock[] {
  if (items.length === 0) return [];
  const shown: string[] = [];
  let size = 0;
  for (const item of items) {
    size += item.length;
    if (size > MAX_LIST && shown.length > 0) break;
    shown.push(`• ${item}`);
  }
  const left = items.length - shown.length;
  return [section([`*${heading}*`, ...shown, ...(left > 0 ? [`and ${left} more.`] : [])].join('\n'))];
}

/** `1 step`, `7 steps`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
