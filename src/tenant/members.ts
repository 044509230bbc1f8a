import { type Decision, events, refuse } from '../audit/subject.ts';
import type { UserId } from '../protocol/ids.ts';
import type { Person } from './person.ts';
import { DEFAULT_ROLE, type Member, type Role, type Roles } from './role.ts';
import { hasRole, memberOf, refuseRole } from './roles.ts';

/** What may be the role of whoever is not named. Admins are named, one by one. */
export const DEFAULT_ROLES = ['viewer', 'responder', 'approver'] as const satisfies readonly Role[];
export type DefaultRole = (typeof DEFAULT_ROLES)[number];

/** What an admin says in one go: of one person, when one is named, and of everybody who is not. */
export interface RolesChange {
  readonly member: { readonly user: UserId; readonly role: Role; readonly sameAs: UserId | null } | null;
  readonly defaultRole: DefaultRole;
}

export type RolesCommand = { readonly type: 'set-roles'; readonly by: Person } & RolesChange;

type Said = { readonly by: UserId; readonly at: number };
export type RolesEvent =
  | ({ readonly type: 'tenant.member-set'; readonly user: UserId; readonly member: Member } & Said)
  | ({ readonly type: 'tenant.default-role-set'; readonly role: DefaultRole } & Said);

/** Decides what an admin says of people. Nobody takes the role of admin from themselves, so one always stays. */
export function decideRoles(roles: Roles, command: RolesCommand, at: number): Decision<RolesEvent> {
  const refusal = refuseRole(command.by, roles, 'admin', 'Changing who may do what');
  if (refusal) return { ok: false, refusal };
  const said = { by: command.by.user, at };
  const found: RolesEvent[] = [];
  if (command.member) {
    const { user, role, sameAs } = command.member;
    const wrong = wrongMember(roles, said.by, command.member);
    if (wrong) return wrong;
    const before = memberOf(user, roles);
    const member: Member = sameAs ? { role, sameAs } : { role };
    if (before?.role !== role || (before.sameAs ?? null) !== sameAs)
      found.push({ type: 'tenant.member-set', user, member, ...said });
  }
  if (command.defaultRole !== (roles.defaultRole ?? DEFAULT_ROLE))
    found.push({ type: 'tenant.default-role-set', role: command.defaultRole, ...said });
  return events(...found);
}

function wrongMember(
  roles: Roles,
  by: UserId,
  { user, role, sameAs }: NonNullable<RolesChange['member']>,
): ReturnType<typeof refuse> | null {
  if (user === by && !hasRole(role, 'admin')) {
    return refuse(
      'last-admin',
      'You cannot take the role of admin from yourself, so that one always stays. Nothing was changed; another admin can.',
    );
  }
  if (!sameAs) return null;
  if (sameAs === user)
    return refuse('same-account', 'An account is no second account of itself. Nothing was changed.');
  const isSecond = memberOf(sameAs, roles)?.sameAs !== undefined;
  const hasSecond = Object.values(roles.members ?? {}).some((member) => member.sameAs === user);
  if (!isSecond && !hasSecond) return null;
  return refuse(
    'second-of-second',
    'One of these two is linked to another account already. Choose the person’s first account for all others. Nothing was changed.',
  );
}

/** The roles after an event. */
export function evolveRoles<S extends Roles>(state: S, event: RolesEvent): S {
  switch (event.type) {
    case 'tenant.member-set':
      return { ...state, members: { ...state.members, [event.user]: event.member } };
    case 'tenant.default-role-set':
      return { ...state, defaultRole: event.role };
  }
}
