import type { KnownBlock } from '@slack/types';
import type { IncidentState } from '../incident/incident.ts';
import type { RunbookId } from '../protocol/ids.ts';
import type { RunState } from '../run/run.ts';
import { currentStep } from '../run/run.ts';
import { isSettled } from '../run/states.ts';
import type { RunbookState } from '../runbook/stream.ts';
import type { PagesChange } from '../tenant/settings.ts';
import type { TenantState } from '../tenant/tenant.ts';
import { ACTIONS, encodeRunbook } from './actions.ts';
import { actions, context, section } from './blocks.ts';
import { mention, moment, plain } from './words.ts';

/** An answer that only the person who asked sees. */
export interface Reply {
  readonly text: string;
  readonly blocks?: readonly KnownBlock[];
}

const USAGE = {
  help: ['help', 'this list'],
  new: ['new', 'paste a short runbook'],
  list: ['list [words]', 'the saved runbooks'],
  run: ['run [words]', 'start one of them'],
  status: ['status', 'what is running, open pages, and whether agents are there'],
  panic: ['panic', 'stop everything: no new step starts'],
  resume: ['resume', 'go on after a stop (admins)'],
  members: ['members', 'who may do what (admins change it)'],
  programs: ['programs', 'which unknown programs count as read-only (admins change it)'],
  pages: [
    'pages [service]',
    'bring pages of that service, or of all others, to this channel; `pages off` ends it (admins)',
  ],
  pagerduty: ['pagerduty', 'connect PagerDuty (admins)'],
} as const;

export type Subcommand = keyof typeof USAGE;
export const SUBCOMMANDS = Object.keys(USAGE) as readonly Subcommand[];

const MAX_LISTED = 10;

/** How to use the command. */
export function renderHelp(): Reply {
  const lines = Object.values(USAGE).map(([call, what]) => `\`/runbook ${call}\`  ${what}`);
  const long =
    'A longer runbook: post it as a message, open the message’s menu and choose *Turn into runbook*.';
  const stop =
    'To stop: react with 🛑. On a message of a run it pauses that run, anywhere else it pauses everything.';
  return { text: 'How to use /runbook', blocks: [section(lines.join('\n')), context(`${long}\n${stop}`)] };
}

/** The answer to a word that is no subcommand, with the nearest one that is. */
export function suggest(word: string): Reply {
  const best = SUBCOMMANDS.map((name) => ({ name, far: distance(word, name) })).sort(
    (a, b) => a.far - b.far,
  )[0];
  const hint = best && best.far <= 2 ? ` Did you mean \`/runbook ${best.name}\`?` : '';
  const text = `There is no \`/runbook ${plain(word, 30)}\`.${hint} Nothing was done.`;
  return { text, blocks: [section(text), ...(renderHelp().blocks ?? [])] };
}

/** The saved runbooks with a button each, or what to do when there are none. */
export function renderList(
  found: readonly { id: RunbookId; state: RunbookState }[],
  words: string,
  why: 'list' | 'run' = 'list',
): Reply {
  if (found.length === 0) {
    const text = words
      ? `No saved runbook has “${plain(words, 60)}” in its title. \`/runbook list\` shows all.`
      : 'No runbook is saved yet. Post one as a message, choose *Turn into runbook* from the message’s menu, and save it.';
    return { text, blocks: [section(text)] };
  }
  const ask =
    why === 'run' ? 'Which one?' : `${found.length} saved ${found.length === 1 ? 'runbook' : 'runbooks'}`;
  const rows = found.slice(0, MAX_LISTED).flatMap(({ id, state }): KnownBlock[] => {
    const steps = state.parse?.steps.length ?? 0;
    const saved = state.savedBy ? `, saved by ${mention(state.savedBy)}` : '';
    return [
      section(
        `*${plain(state.parse?.title ?? '', 150)}*\n${steps} ${steps === 1 ? 'step' : 'steps'}${saved}`,
      ),
      actions({
        action: ACTIONS.startRun,
        label: 'Start run',
        value: encodeRunbook({ runbook: id, shown: null }),
      }),
    ];
  });
  const more =
    found.length > MAX_LISTED
      ? [context(`${found.length - MAX_LISTED} more: add words of the title, \`/runbook ${why} words\`.`)]
      : [];
  return { text: ask, blocks: [section(`*${ask}*`), ...rows, ...more] };
}

/** Whether anything is stopped, what is running, and whether agents are there. */
export function renderStatus({
  state,
  live,
  agents,
  open = [],
}: {
  state: TenantState;
  live: readonly RunState[];
  agents: readonly { agentId: string; online: boolean }[];
  /** Incidents that go on, newest first. */
  open?: readonly { readonly state: IncidentState }[];
}): Reply {
  const stop = state.paused
    ? `*Paused* ${state.paused.by ? `by ${mention(state.paused.by)}` : 'because the app was removed'} at ${moment(state.paused.at)}. \`/runbook resume\` to go on.`
    : 'Nothing is paused.';
  const online = agents.filter((agent) => agent.online).length;
  const reach =
    agents.length === 0
      ? 'No agent is enrolled: nothing can run (docs/agent.md).'
      : `Agents: ${online} of ${agents.length} connected.`;
  const runs = live.slice(0, MAX_LISTED).map((run) => {
    const step = currentStep(run, isSettled);
    const at = step
      ? `${run.status === 'needs-person' ? 'needs a person at ' : ''}step ${step.number} of ${run.steps.length}, ${step.status.replaceAll('-', ' ')}`
      : run.status;
    return `• ${plain(run.plan?.title ?? '', 100)} (run ${run.plan?.runId}): ${at}`;
  });
  const what = live.length === 0 ? 'No run is under way.' : `*${live.length} under way*\n${runs.join('\n')}`;
  const ask = {
    title: 'Pause all runs',
    question: 'No new step will start in this workspace. Steps that are running may finish.',
    yes: 'Pause all',
  };
  const pause = {
    action: ACTIONS.pauseAll,
    label: 'Pause all runs',
    value: 'v1',
    style: 'danger' as const,
    ask,
  };
  return {
    text: state.paused ? 'Runs are paused.' : live.length === 0 ? what : `${live.length} under way.`,
    blocks: [
      section(stop),
      section(what),
      ...openPages(open),
      context(reach),
      ...(state.paused ? [] : [actions(pause)]),
    ],
  };
}

function openPages(open: readonly { readonly state: IncidentState }[]): KnownBlock[] {
  if (open.length === 0) return [];
  const lines = open.slice(0, MAX_LISTED).map(({ state: { about, channel, stage } }) => {
    const service = about?.service ? ` (${plain(about.service, 60)})` : '';
    const acknowledged = stage?.name === 'acknowledged' ? ', acknowledged' : '';
    const place = channel ? `in <#${channel}>` : '*not shown in any channel*';
    return `• ${plain(about?.title ?? '', 100)}${service}${acknowledged}, ${place}`;
  });
  const more = open.length > MAX_LISTED ? [`${open.length - MAX_LISTED} more.`] : [];
  const lost = open.some(({ state }) => state.channel === null)
    ? [
        context(
          'Pages of a service come to a channel once an admin types `/runbook pages service` in it; `/runbook pages` brings all others.',
        ),
      ]
    : [];
  const pages = `*${open.length} open ${open.length === 1 ? 'page' : 'pages'}*`;
  return [section([pages, ...lines, ...more].join('\n')), ...lost];
}

/** What an admin set for a channel's pages, said to that admin alone. */
export function renderPages(change: PagesChange, placed: number): string {
  if (change.kind === 'off') return 'Pages do not come to this channel any more. Cards that stand here stay.';
  const which = change.service
    ? `Pages of ${plain(change.service, 150)}`
    : 'Pages of every service without a channel of its own';
  const now =
    placed > 0 ? ` ${placed} open ${placed === 1 ? 'page' : 'pages'} had no channel and will come here.` : '';
  return `${which} come to this channel from now on.${now}`;
}

/** Edits that turn one word into the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
