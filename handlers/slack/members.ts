import type { App, ViewSubmitAction } from '@slack/bolt';
import { z } from 'zod';
import { VIEWS } from '../../src/slack/actions.ts';
import { aboutMembers, membersView } from '../../src/slack/render-members.ts';
import type { Reply } from '../../src/slack/replies.ts';
import { DEFAULT_ROLES, type RolesChange } from '../../src/tenant/members.ts';
import { ROLES } from '../../src/tenant/role.ts';
import { refuseRole, roleOf } from '../../src/tenant/roles.ts';
import { setRoles, tenantState } from '../../src/tenant/service.ts';
import { type Asker, outcome } from './answer.ts';
import { depsOf, type SlackDeps } from './deps.ts';
import { choice, chosenUser, type ViewSubmission, viewPayload } from './payloads.ts';

/** `/runbook members`: the roles for every full member, and a form to change them for admins. */
export async function openMembers(
  { log, tenant, slack, directory }: SlackDeps,
  { asker, trigger }: { asker: Asker; trigger: string },
): Promise<Reply | null> {
  const [roles, person] = await Promise.all([tenantState(log, tenant), directory.person(asker.user)]);
  const refusal = refuseRole(person, roles, 'viewer', 'Looking at roles');
  if (refusal) return { text: refusal.sentence };
  const mayChange = roleOf(person, roles) === 'admin';
  await slack.openView(trigger, membersView(roles, asker.channel, mayChange));
  return null;
}

/** The form. What is wrong comes back under the box it is in; what was saved is shown by the same form. */
export function registerMembersModal(app: App): void {
  const submitted = { callback_id: VIEWS.members, type: 'view_submission' as const };
  app.view<ViewSubmitAction>(submitted, async ({ ack, body, context }) => {
    const deps = depsOf(context);
    const submission = viewPayload.parse(body);
    const { channel } = aboutMembers.parse(JSON.parse(submission.view.private_metadata));
    const by = submission.user.id;
    const read = readChange(submission);
    if ('errors' in read) return ack({ response_action: 'errors', errors: read.errors });
    const sentence = await outcome(deps, { user: by, channel }, () =>
      setRoles(deps, { tenant: deps.tenant, by, ...read }),
    );
    if (sentence) {
      const box = read.member ? 'person' : 'default';
      return ack({ response_action: 'errors', errors: { [box]: sentence } });
    }
    const roles = await tenantState(deps.log, deps.tenant);
    return ack({ response_action: 'update', view: membersView(roles, channel, true) });
  });
}

const menuRole = z.enum(ROLES);
const menuDefault = z.enum(DEFAULT_ROLES);

function readChange(submission: ViewSubmission): RolesChange | { errors: Record<string, string> } {
  const user = chosenUser(submission, 'person');
  const sameAs = chosenUser(submission, 'same');
  const chosen = choice(submission, 'role');
  const defaultRole = menuDefault.safeParse(choice(submission, 'default')).data;
  if (!defaultRole) return { errors: { default: 'Choose a role of this menu.' } };
  if (!user) {
    if (!chosen && !sameAs) return { member: null, defaultRole };
    return { errors: { person: 'Choose the person that this is about.' } };
  }
  const role = menuRole.safeParse(chosen).data;
  if (!role) return { errors: { role: 'Choose the role of this person.' } };
  return { member: { user, role, sameAs }, defaultRole };
}
