import type { KnownBlock, View } from '@slack/types';
import { z } from 'zod';
import type { IncidentState, Particulars, Stage } from '../incident/incident.ts';
import type { Counts, Match, Suggestion } from '../incident/match.ts';
import { type IncidentId, incidentId, type RunbookId } from '../protocol/ids.ts';
import { flatten, type Line } from '../runbook/flatten.ts';
import type { Parse } from '../runbook/runbook.ts';
import type { RunbookState } from '../runbook/stream.ts';
import { RISKS } from '../safety/verdict.ts';
import { escapeMrkdwn } from '../text/escape.ts';
import { truncateHead } from '../text/truncate.ts';
import { visible } from '../text/visible.ts';
import { ACTIONS, encodeId, encodePage, encodeRunbook, VIEWS } from './actions.ts';
import { actions, type ButtonSpec, code, context, header, modal, section, select } from './blocks.ts';
import { LIMITS, textLength } from './limits.ts';
import type { Message } from './message.ts';
import { isOffered, lineTitle } from './runbook-lines.ts';
import { duration, mention, moment, plain, RISK_LABEL } from './words.ts';

const MAX_TITLE = 300;
const MAX_NAME = 150;
const MAX_REASONS = 3;
const MAX_REASON = 200;
const MAX_RUNS_SHOWN = 3;
/** A page that reaches us later than this says so (ms). */
const LATE_MS = 2 * 60_000;

/**
 * The card of a page: what the pager says, the runbook that fits and why, and what people started. None as long as no
 * channel is set for its service. A resolved one has no buttons.
 */
export function renderIncident(state: IncidentState, id: IncidentId): Message[] {
  const { about, stage, channel } = state;
  if (!about || !stage || !channel) return [];
  const over = stage.name === 'resolved';
  const blocks = [
    header([about.priority, about.title].filter(Boolean).join(': ') || 'Page'),
    section([facts(about), ...standing(state, stage)].join('\n')),
    ...suggested(state, over),
    ...started(state),
    ...(over ? [] : [actions(...buttons(state, id))]),
    context(smallPrint(state, over)),
  ];
  return [{ key: 'card', channel, spot: { kind: 'channel' }, text: notice(state, about, stage), blocks }];
}

function notice({ match }: IncidentState, { title, service }: Particulars, { name }: Stage): string {
  const what = `${plain(title, MAX_TITLE)}${service ? ` (${plain(service, MAX_NAME)})` : ''}`;
  const best = match?.suggestions[0];
  switch (name) {
    case 'resolved':
      return `Page resolved: ${what}`;
    case 'acknowledged':
      return `Page acknowledged: ${what}`;
    case 'triggered':
      return `Page: ${what}. ${best ? `Suggested runbook: ${plain(best.title, MAX_NAME)}.` : noneYet(match)}`.trim();
  }
}

const noneYet = (match: Match | null): string => (match ? 'No runbook fits it.' : '');

function facts({ service, urgency, priority, url, number }: Particulars): string {
  const at = `PagerDuty${number === null ? '' : ` ${number}`}`;
  return [
    ...(service ? [`*Service* ${plain(service, MAX_NAME)}`] : []),
    ...(urgency ? [`*Urgency* ${urgency}`] : []),
    ...(priority ? [`*Priority* ${plain(priority, MAX_NAME)}`] : []),
    url ? `<${escapeMrkdwn(url)}|${at}>` : at,
  ].join(' · ');
}

function standing({ about, alerts, late }: IncidentState, stage: Stage): string[] {
  const by = stage.by ? ` by ${plain(stage.by, MAX_NAME)}` : '';
  const since = about ? [`Triggered ${moment(about.triggeredAt)}`] : [];
  const many = alerts > 1 ? [`${alerts} alerts in this incident`] : [];
  const delay = late > LATE_MS ? [`reached us ${duration(late)} late`] : [];
  const first = [...since, ...many, ...delay].join(', ');
  switch (stage.name) {
    case 'triggered':
      return [first, ...(stage.reopened ? [`*Reopened* ${moment(stage.since)}${by}`] : [])];
    case 'acknowledged':
      return [first, `*Acknowledged* ${moment(stage.since)}${by}`];
    case 'resolved':
      return [first, `*Resolved* ${moment(stage.since)}${by}`];
  }
}

function suggested({ match }: IncidentState, over: boolean): KnownBlock[] {
  if (!match) return [];
  const [best, ...others] = match.suggestions;
  if (!best)
    return over ? [] : [section(`*No runbook suggested.* ${plain(match.none ?? '', MAX_TITLE * 2)}`)];
  const lines = [
    `*Suggested runbook: ${plain(best.title, MAX_TITLE)}*`,
    stepCounts(best.counts),
    `Because: ${because(best)}.`,
    ...(others.length > 0
      ? [`Also possible: ${others.map(({ title }) => plain(title, MAX_NAME)).join(', ')}`]
      : []),
  ];
  return [section(lines.join('\n'))];
}

const because = ({ reasons }: Suggestion): string =>
  reasons
    .slice(0, MAX_REASONS)
    .map((reason) => plain(reason, MAX_REASON))
    .join('; ');

/** `7 steps · 🟢 safe 4 · 🟡 caution 2 · 🔴 danger 1`. */
function stepCounts(counts: Counts): string {
  const risks = RISKS.filter((risk) => counts[risk] > 0).map((risk) => `${RISK_LABEL[risk]} ${counts[risk]}`);
  const byHand = counts.byHand > 0 ? [`by hand ${counts.byHand}`] : [];
  return [`${counts.total} ${counts.total === 1 ? 'step' : 'steps'}`, ...risks, ...byHand].join(' · ');
}

function started({ runs }: IncidentState): KnownBlock[] {
  if (runs.length === 0) return [];
  const lines = runs
    .slice(-MAX_RUNS_SHOWN)
    .map(({ run, by, at }) => `${mention(by)} started run ${run} at ${moment(at)}.`);
  const more = runs.length > MAX_RUNS_SHOWN ? [`${runs.length - MAX_RUNS_SHOWN} earlier.`] : [];
  return [section([...lines, ...more].join('\n'))];
}

function buttons({ match, runs }: IncidentState, incident: IncidentId): ButtonSpec[] {
  const choose = (label: string): ButtonSpec => ({
    action: ACTIONS.chooseRunbook,
    label,
    value: encodeId(incident),
  });
  const best = match?.suggestions[0];
  if (!best) return [choose('Choose a runbook')];
  const value = encodePage({ incident, runbook: best.runbook });
  const start: ButtonSpec = { action: ACTIONS.startFromPage, label: 'Start run', value };
  return [
    runs.length === 0 ? { ...start, style: 'primary' } : start,
    { action: ACTIONS.seeSteps, label: 'See steps', value },
    choose('Choose another'),
  ];
}

function smallPrint({ runs }: IncidentState, over: boolean): string {
  if (!over) return 'Nothing runs until somebody starts it, and then step by step.';
  return runs.length > 0
    ? 'This page is resolved. A run that was started from it goes on until it ends or somebody ends it.'
    : 'This page is resolved.';
}

/** What the modals of a page carry. They name things and grant nothing. */
export const aboutPage = z.strictObject({
  channel: z.string().min(1),
  incident: z.string().transform(incidentId),
});
export const aboutSteps = aboutPage.extend({ target: z.string() });

const VIEW_LINES = 45; // two blocks each, and room for the frame inside Slack's 100
const VIEW_TEXT = 40_000; // far inside the 250 KB that Slack takes for a view
const MAX_SHOWN_COMMAND = 1_000;

/** The steps of a runbook, to read before anybody starts it. */
export function stepsView(
  { incident, runbook, channel }: { incident: IncidentId; runbook: RunbookId; channel: string },
  parse: Parse,
  verdicts: RunbookState['verdicts'],
): View {
  const lines = flatten(parse, verdicts);
  const shown: KnownBlock[] = [];
  let count = 0;
  for (const line of lines.slice(0, VIEW_LINES)) {
    const blocks = lineBlocks(line);
    if (textLength(shown) + textLength(blocks) > VIEW_TEXT) break;
    shown.push(...blocks);
    count += 1;
  }
  const left = lines.length - count;
  const more = left > 0 ? `${left} more: the run shows each of them before it is approved.` : '';
  return modal({
    view: VIEWS.steps,
    title: 'Steps',
    submit: 'Start run …',
    about: JSON.stringify({ channel, incident, target: encodePage({ incident, runbook }) }),
    blocks: [
      section(`*${plain(parse.title, MAX_TITLE)}*`),
      ...shown,
      context(`${more} Nothing runs yet: the next window asks for the values.`.trim()),
    ],
  });
}

function lineBlocks(line: Line): KnownBlock[] {
  const offered = line.command && isOffered(line.command) ? ' _(suggested, not in the text)_' : '';
  const title = section(lineTitle(line) + offered);
  const { command } = line;
  return command ? [title, code(truncateHead(visible(command.text), MAX_SHOWN_COMMAND))] : [title];
}

/** A menu of the saved runbooks, those that fit the page first. */
export function chooseView(
  { incident, channel }: { incident: IncidentId; channel: string },
  choices: readonly { readonly id: RunbookId; readonly title: string }[],
): View {
  const left = choices.length - LIMITS.options;
  return modal({
    view: VIEWS.chooseRunbook,
    title: 'Choose a runbook',
    submit: 'Start run …',
    about: JSON.stringify({ channel, incident }),
    blocks: [
      select({
        id: 'runbook',
        label: 'Runbook',
        options: choices.map(({ id, title }) => ({
          text: title.trim() || 'Without a title',
          value: encodeRunbook({ runbook: id, shown: null }),
        })),
      }),
      context(
        left > 0
          ? `${left} more are saved and do not fit into this list. \`/runbook run words\` finds one by its title.`
          : 'Nothing runs yet: the next window asks for the values.',
      ),
    ],
  });
}
