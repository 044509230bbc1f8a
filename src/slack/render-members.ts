import type { InputBlock, KnownBlock, PlainTextOption, View } from '@slack/types';
import { z } from 'zod';
import { type UserId, userId } from '../protocol/ids.ts';
import { DEFAULT_ROLES } from '../tenant/members.ts';
import { DEFAULT_ROLE, type Member, ROLES, type Role, type Roles } from '../tenant/role.ts';
import { VIEWS } from './actions.ts';
import { context, modal, section } from './blocks.ts';
import { mention } from './words.ts';

const MAX_LISTED = 30; // so many lines, each of two people, stay under the 3,000 characters of a section

/** What the form carries. It names things and grants nothing. */
export const aboutMembers = z.strictObject({ channel: z.string().min(1) });

const WHAT = [
  '*viewer* looks, and stops runs',
  '*responder* also starts runs, skips steps, asks again, stops steps and aborts',
  '*approver* also approves steps, and says how a step ended when nobody can know',
  '*admin* also resumes, and sets roles and settings',
].join('\n');

/** Who may do what: a list for everybody, and a form for admins. */
export function membersView(roles: Roles, channel: string, mayChange: boolean): View {
  const blocks: KnownBlock[] = [section(list(roles)), context(WHAT)];
  const about = JSON.stringify({ channel });
  if (!mayChange) {
    return {
      type: 'modal',
      callback_id: VIEWS.members,
      title: { type: 'plain_text', text: 'Who may do what' },
      close: { type: 'plain_text', text: 'Close' },
      private_metadata: about,
      blocks: [...blocks, context('An admin can change this.')],
    };
  }
  return modal({
    view: VIEWS.members,
    title: 'Who may do what',
    submit: 'Save',
    about,
    blocks: [
      ...blocks,
      people('person', 'Person', 'Whose role to set. Leave empty to change only the last line.'),
      menu('role', 'Role', ROLES, null),
      people('same', 'Second account of', 'When this is a second account of one person: their first one.'),
      menu('default', 'Everybody else', DEFAULT_ROLES, roles.defaultRole ?? DEFAULT_ROLE),
    ],
  });
}

function list({ members = {}, defaultRole = DEFAULT_ROLE }: Roles): string {
  const named = Object.entries(members).sort(
    ([a, one], [b, other]) => ROLES.indexOf(other.role) - ROLES.indexOf(one.role) || (a < b ? -1 : 1),
  );
  const others = `Everybody who is not named here is *${defaultRole}*; admins and owners of this Slack workspace are *admin*.`;
  if (named.length === 0) return `Nobody has a role of their own yet.\n${others}`;
  const more = named.length > MAX_LISTED ? [`and ${named.length - MAX_LISTED} more`] : [];
  return [
    others,
    ...named.slice(0, MAX_LISTED).map(([user, member]) => line(userId(user), member)),
    ...more,
  ].join('\n');
}

const line = (user: UserId, { role, sameAs }: Member): string =>
  `• ${mention(user)} ${role}${sameAs ? `, second account of ${mention(sameAs)}` : ''}`;

const label = (text: string) => ({ type: 'plain_text' as const, text });

function people(id: string, name: string, hint: string): InputBlock {
  return {
    type: 'input',
    block_id: id,
    optional: true,
    label: label(name),
    hint: label(hint),
    element: { type: 'users_select', action_id: 'value' },
  };
}

function menu(id: string, name: string, roles: readonly Role[], initial: Role | null): InputBlock {
  const option = (role: Role): PlainTextOption => ({ text: label(role), value: role });
  return {
    type: 'input',
    block_id: id,
    optional: initial === null,
    label: label(name),
    element: {
      type: 'static_select',
      action_id: 'value',
      options: roles.map(option),
      ...(initial ? { initial_option: option(initial) } : {}),
    },
  };
}
