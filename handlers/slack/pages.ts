import type { App, ViewSubmitAction } from '@slack/bolt';
import { refuse } from '../../src/audit/subject.ts';
import { findIncident, pageForm, placeWaiting } from '../../src/incident/service.ts';
import type { IncidentId, RunbookId } from '../../src/protocol/ids.ts';
import { listRunbooks } from '../../src/runbook/service.ts';
import { incidentTarget, pageTarget, runbookTarget, VIEWS } from '../../src/slack/actions.ts';
import { aboutPage, aboutSteps, chooseView, stepsView } from '../../src/slack/render-incident.ts';
import { type Reply, renderPages } from '../../src/slack/replies.ts';
import { aboutPagerDuty, pagerDutyView, startRunView } from '../../src/slack/views.ts';
import { refuseRole } from '../../src/tenant/roles.ts';
import { changeSettings, tenantState } from '../../src/tenant/service.ts';
import type { PagesChange } from '../../src/tenant/settings.ts';
import { PAGERDUTY_PATH } from '../webhooks/pagerduty.ts';
import { type Asker, type OnPress, outcome, whisper } from './answer.ts';
import { depsOf, type SlackDeps } from './deps.ts';
import { boxValue, choice, viewPayload } from './payloads.ts';

/** A channel may be shared with another workspace: its people see our buttons, and are shown nothing that is not in the channel. */
function forMembers(press: OnPress): OnPress {
  return async (deps, at) => {
    const [roles, person] = await Promise.all([
      tenantState(deps.log, deps.tenant),
      deps.directory.person(at.asker.user),
    ]);
    const refusal = refuseRole(person, roles, 'viewer', 'Looking at runbooks');
    return refusal ? { ok: false, refusal } : press(deps, at);
  };
}

/** Start on a card: never at once, always the form first, with what the page says of its inputs. */
export const startFromPage = forMembers(async (deps, { asker, value, trigger }) => {
  const form = await startForm(deps, pageTarget.parse(value), asker.channel);
  if (!form.ok) return form;
  await deps.slack.openView(trigger, form.view);
  return { ok: true };
});

/** The steps of the suggested runbook, to read. */
export const seeSteps = forMembers(async (deps, { asker, value, trigger }) => {
  const target = pageTarget.parse(value);
  const form = await pageForm(deps.log, deps.tenant, target.incident, target.runbook);
  if (!form.ok) return form;
  const view = stepsView({ ...target, channel: asker.channel }, form.parse, form.verdicts);
  await deps.slack.openView(trigger, view);
  return { ok: true };
});

/** A menu of all saved runbooks, what fits the page first, then the newest. */
export const chooseRunbook = forMembers(async (deps, { asker, value, trigger }) => {
  const incident = incidentTarget.parse(value);
  const [page, saved] = await Promise.all([
    findIncident(deps.log, deps.tenant, incident),
    listRunbooks(deps.log, deps.tenant),
  ]);
  if (saved.length === 0) {
    return refuse(
      'no-runbooks',
      'No runbook is saved yet. Post one as a message, choose “Turn into runbook” from its menu, and save it.',
    );
  }
  const rank = new Map(page?.match?.suggestions.map(({ runbook }, index) => [runbook, index]));
  const rankOf = (id: RunbookId) => rank.get(id) ?? rank.size;
  const choices = saved
    .map(({ id, state }) => ({ id, title: state.parse?.title ?? '' }))
    .sort((a, b) => rankOf(a.id) - rankOf(b.id));
  await deps.slack.openView(trigger, chooseView({ incident, channel: asker.channel }, choices));
  return { ok: true };
});

async function startForm(
  { log, tenant }: SlackDeps,
  { incident, runbook }: { incident: IncidentId; runbook: RunbookId },
  channel: string,
) {
  const form = await pageForm(log, tenant, incident, runbook);
  if (!form.ok) return form;
  const view = startRunView(runbook, form.parse, channel, { incident, values: form.values });
  return { ok: true as const, view };
}

/** `/runbook pages [service|off]`: which pages come to this channel. */
export async function setPages(
  deps: SlackDeps,
  { asker, rest }: { asker: Asker; rest: string },
): Promise<Reply | null> {
  const { channel } = asker;
  const change: PagesChange =
    rest.toLowerCase() === 'off'
      ? { kind: 'off', channel }
      : { kind: 'here', channel, service: rest === '' ? null : rest };
  const set = await changeSettings(deps, deps.tenant, asker.user, { type: 'set-pages', change });
  if (!set.ok) return { text: set.refusal.sentence };
  const placed = change.kind === 'here' ? await placeWaiting(deps.log, deps.tenant) : 0;
  const text = renderPages(change, placed);
  if (change.kind === 'off') return { text };
  // Said in the channel itself: where the bot may not speak, cards would be lost without a word.
  return deps.slack.whisper(channel, asker.user, text).then(
    () => null,
    (err: unknown) => {
      deps.logger.warn({ err, channel }, 'pages were sent to a channel where the bot cannot speak');
      return {
        text: `${text}\n*I could not say so in the channel itself.* Invite me (type \`/invite\` and my name), or no card will arrive.`,
      };
    },
  );
}

/** `/runbook pagerduty`: the address and the box for the secret, for admins. */
export async function openPagerDuty(
  { log, tenant, slack, directory, publicUrl }: SlackDeps,
  { asker, trigger }: { asker: Asker; trigger: string },
): Promise<Reply | null> {
  const [state, person] = await Promise.all([tenantState(log, tenant), directory.person(asker.user)]);
  const refusal = refuseRole(person, state, 'admin', 'Connecting PagerDuty');
  if (refusal) return { text: refusal.sentence };
  const base = publicUrl?.replace(/\/+$/, '') ?? '(the server’s PUBLIC_URL, which is not set)';
  const url = `${base}${PAGERDUTY_PATH}${tenant}`;
  const secrets = state.settings?.pagerdutySecrets?.length ?? 0;
  await slack.openView(trigger, pagerDutyView(asker.channel, url, secrets));
  return null;
}

const submitted = (view: string) => ({ callback_id: view, type: 'view_submission' as const });

/** The modals of a page: each leads on to the form that starts a run, or says in the modal why it cannot. */
export function registerPageModals(app: App): void {
  app.view<ViewSubmitAction>(submitted(VIEWS.steps), async ({ ack, body, context }) => {
    const { user, view } = viewPayload.parse(body);
    const { channel, target } = aboutSteps.parse(JSON.parse(view.private_metadata));
    const form = await startForm(depsOf(context), pageTarget.parse(target), channel);
    if (form.ok) return ack({ response_action: 'update', view: form.view });
    await ack();
    await whisper(depsOf(context), { user: user.id, channel }, form.refusal.sentence);
  });

  app.view<ViewSubmitAction>(submitted(VIEWS.chooseRunbook), async ({ ack, body, context }) => {
    const submission = viewPayload.parse(body);
    const { channel, incident } = aboutPage.parse(JSON.parse(submission.view.private_metadata));
    const { runbook } = runbookTarget.parse(choice(submission, 'runbook'));
    const form = await startForm(depsOf(context), { incident, runbook }, channel);
    return form.ok
      ? ack({ response_action: 'update', view: form.view })
      : ack({ response_action: 'errors', errors: { runbook: form.refusal.sentence } });
  });

  app.view<ViewSubmitAction>(submitted(VIEWS.pagerDuty), async ({ ack, body, context }) => {
    const deps = depsOf(context);
    const submission = viewPayload.parse(body);
    const { channel } = aboutPagerDuty.parse(JSON.parse(submission.view.private_metadata));
    const asker = { user: submission.user.id, channel };
    const secret = boxValue(submission, 'secret');
    const sentence = await outcome(deps, asker, () =>
      changeSettings(deps, deps.tenant, asker.user, { type: 'set-pagerduty', secret }),
    );
    if (sentence) return ack({ response_action: 'errors', errors: { secret: sentence } });
    await ack();
    await whisper(deps, asker, 'The secret is kept. PagerDuty’s “Send Test Event” now gets the answer 200.');
  });
}
