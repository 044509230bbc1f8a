import type { App } from '@slack/bolt';
import type { Refusal } from '../../src/audit/subject.ts';
import { openIncidents } from '../../src/incident/service.ts';
import { hasEnded } from '../../src/run/states.ts';
import { liveRuns } from '../../src/run/stop.ts';
import { findRunbook, listRunbooks } from '../../src/runbook/service.ts';
import {
  type Reply,
  renderHelp,
  renderList,
  renderStatus,
  SUBCOMMANDS,
  type Subcommand,
  suggest,
} from '../../src/slack/replies.ts';
import { newRunbookView, resumeView, startRunView } from '../../src/slack/views.ts';
import { refuseRole } from '../../src/tenant/roles.ts';
import { pauseTenant, tenantState } from '../../src/tenant/service.ts';
import { type Asker, outcome } from './answer.ts';
import { depsOf, type SlackDeps } from './deps.ts';
import { openMembers } from './members.ts';
import { openPagerDuty, setPages } from './pages.ts';
import { commandPayload } from './payloads.ts';
import { openPrograms } from './programs.ts';

interface Call {
  readonly asker: Asker;
  readonly trigger: string;
  /** What follows the subcommand. */
  readonly rest: string;
}

/** What each subcommand answers. One row a subcommand; null means that a modal opened instead. */
const SUBS: Record<Subcommand, (deps: SlackDeps, call: Call) => Promise<Reply | null>> = {
  help: async () => renderHelp(),
  new: async ({ slack }, { asker, trigger }) => {
    await slack.openView(trigger, newRunbookView(asker.channel));
    return null;
  },
  list: async ({ log, tenant }, { rest }) => renderList(await listRunbooks(log, tenant, rest), rest),
  run: async ({ log, tenant, slack }, { asker, trigger, rest }) => {
    const found = rest ? await listRunbooks(log, tenant, rest) : [];
    const [only, another] = found;
    if (!only || another) return renderList(rest ? found : await listRunbooks(log, tenant), rest, 'run');
    const parse = (await findRunbook(log, tenant, only.id))?.parse;
    if (parse) await slack.openView(trigger, startRunView(only.id, parse, asker.channel));
    return null;
  },
  status: async (deps) => {
    const { log, tenant, registry } = deps;
    const [state, live, agents, open] = await Promise.all([
      tenantState(log, tenant),
      liveRuns(deps, tenant),
      registry.agentsOf(tenant),
      openIncidents(log, tenant),
    ]);
    const active = live.filter((run) => !hasEnded(run.status));
    return renderStatus({ state, live: active, agents, open });
  },
  panic: async (deps, { asker }) => {
    const place = { channel: asker.channel, threadTs: null };
    const sentence = await outcome(deps, asker, () =>
      pauseTenant(deps, { tenant: deps.tenant, by: asker.user, way: 'command', place }),
    );
    return {
      text: sentence ?? 'All runs are paused. No new step will start. Steps that are running may finish.',
    };
  },
  resume: async ({ slack }, { asker, trigger }) => {
    await slack.openView(trigger, resumeView(asker.channel, null));
    return null;
  },
  pages: setPages,
  pagerduty: openPagerDuty,
  members: openMembers,
  programs: openPrograms,
};

/** What shows something of the workspace without a check of its own: for its members, not for guests of a channel. */
const LOOKING: Partial<Record<Subcommand, string>> = {
  list: 'Looking at runbooks',
  run: 'Looking at runbooks',
  status: 'Looking at what is under way',
};

/** Null when the asker may have this answered. */
async function refuseLooking(deps: SlackDeps, sub: Subcommand, { user }: Asker): Promise<Refusal | null> {
  const act = LOOKING[sub];
  if (!act) return null;
  const [roles, person] = await Promise.all([
    tenantState(deps.log, deps.tenant),
    deps.directory.person(user),
  ]);
  return refuseRole(person, roles, 'viewer', act);
}

/** `/runbook …`. The answer travels in the acknowledgement, because a command cannot be answered in a thread. */
export function registerCommands(app: App): void {
  app.command('/runbook', async ({ ack, body, context }) => {
    const deps = depsOf(context);
    const { user_id, channel_id, trigger_id, text } = commandPayload.parse(body);
    const [word = 'help', ...rest] = text.trim().split(/\s+/).filter(Boolean);
    const asker = { user: user_id, channel: channel_id };
    const name = word.toLowerCase();
    const sub = SUBCOMMANDS.find((candidate) => candidate === name);
    let reply: Reply | null = sub ? null : suggest(name);
    if (sub) {
      const sentence = await outcome(deps, asker, async () => {
        const refusal = await refuseLooking(deps, sub, asker);
        if (refusal) return { ok: false, refusal };
        reply = await SUBS[sub](deps, { asker, trigger: trigger_id, rest: rest.join(' ') });
        return { ok: true };
      });
      if (sentence) reply = { text: sentence };
    }
    await (reply
      ? ack({
          response_type: 'ephemeral',
          text: reply.text,
          ...(reply.blocks ? { blocks: [...reply.blocks] } : {}),
        })
      : ack());
  });
}
