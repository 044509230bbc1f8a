import type { App, ViewSubmitAction } from '@slack/bolt';
import { VIEWS } from '../../src/slack/actions.ts';
import { aboutPrograms, programsView } from '../../src/slack/render-programs.ts';
import type { Reply } from '../../src/slack/replies.ts';
import type { ProgramsChange } from '../../src/tenant/programs.ts';
import { refuseRole, roleOf } from '../../src/tenant/roles.ts';
import { changePrograms, tenantState } from '../../src/tenant/service.ts';
import { type Asker, outcome } from './answer.ts';
import { depsOf, type SlackDeps } from './deps.ts';
import { boxValue, choice, type ViewSubmission, viewPayload } from './payloads.ts';

/** `/runbook programs`: what is declared read-only for every full member, and a form to change it for admins. */
export async function openPrograms(
  { log, tenant, slack, directory }: SlackDeps,
  { asker, trigger }: { asker: Asker; trigger: string },
): Promise<Reply | null> {
  const [state, person] = await Promise.all([tenantState(log, tenant), directory.person(asker.user)]);
  const refusal = refuseRole(person, state, 'viewer', 'Looking at programs');
  if (refusal) return { text: refusal.sentence };
  const mayChange = roleOf(person, state) === 'admin';
  await slack.openView(trigger, programsView(state.programs, asker.channel, mayChange));
  return null;
}

/** The form. What is wrong comes back under the box it is in; what was saved is shown by the same form. */
export function registerProgramsModal(app: App): void {
  const submitted = { callback_id: VIEWS.programs, type: 'view_submission' as const };
  app.view<ViewSubmitAction>(submitted, async ({ ack, body, context }) => {
    const deps = depsOf(context);
    const submission = viewPayload.parse(body);
    const { channel } = aboutPrograms.parse(JSON.parse(submission.view.private_metadata));
    const by = submission.user.id;
    const [said, another] = readChanges(submission);
    const answer = (box: string, sentence: string) =>
      ack({ response_action: 'errors', errors: { [box]: sentence } });
    if (!said) return answer('name', 'Write the name of a program, or choose one in a menu below.');
    if (another)
      return answer(another.box, 'One thing at a time: empty this, or everything else. Nothing was changed.');
    const sentence = await outcome(deps, { user: by, channel }, () =>
      changePrograms(deps, deps.tenant, by, said.change),
    );
    if (sentence) return answer(said.box, sentence);
    const { programs } = await tenantState(deps.log, deps.tenant);
    return ack({ response_action: 'update', view: programsView(programs, channel, true) });
  });
}

/** Everything that the form asks for, in the order of its boxes. */
function readChanges(submission: ViewSubmission): { box: string; change: ProgramsChange }[] {
  const name = boxValue(submission, 'name').trim();
  const reason = boxValue(submission, 'reason').trim();
  const [confirm, withdraw] = [choice(submission, 'confirm'), choice(submission, 'withdraw')];
  const found: ReturnType<typeof readChanges> = [];
  if (name || reason)
    found.push({ box: reason ? 'name' : 'reason', change: { type: 'declare-program', name, reason } });
  if (confirm) found.push({ box: 'confirm', change: { type: 'confirm-program', name: confirm } });
  if (withdraw) found.push({ box: 'withdraw', change: { type: 'withdraw-program', name: withdraw } });
  return found;
}
