import { type Refusal, refuse } from '../audit/subject.ts';
import type { UserId } from '../protocol/ids.ts';
import type { Person } from './person.ts';
import { DEFAULT_ROLE, type Member, ROLES, type Role, type Roles } from './role.ts';

/**
 * The role of a person: the one an admin gave; else admin, when Slack says that this is an admin or owner of the workspace;
 * else the default. Null for outsiders, whatever anybody gave them.
 */
export function roleOf({ user, standing, admin }: Person, tenant: Roles): Role | null {
  if (standing !== 'member') return null;
  return memberOf(user, tenant)?.role ?? (admin ? 'admin' : (tenant.defaultRole ?? DEFAULT_ROLE));
}

/** The person behind an account: two accounts of one person are one subject. */
export function subjectOf(user: UserId, tenant: Roles): UserId {
  return memberOf(user, tenant)?.sameAs ?? user;
}

/** What an admin said of this account, or undefined. */
export function memberOf(user: UserId, { members = {} }: Roles): Member | undefined {
  return Object.hasOwn(members, user) ? members[user] : undefined;
}

/** True when `role` may do what `needed` may. */
export const hasRole = (role: Role | null, needed: Role): boolean =>
  role !== null && ROLES.indexOf(role) >= ROLES.indexOf(needed);

/** Null when the person has the role that `act` takes (“Approving a step”); else why not, and who can help. */
export function refuseRole(by: Person, tenant: Roles, needed: Role, act: string): Refusal | null {
  const role = roleOf(by, tenant);
  if (role === null) {
    return refuse(
      'not-a-member',
      'Only full members of this workspace can do that. Nothing was changed; ask a member to.',
    ).refusal;
  }
  if (hasRole(role, needed)) return null;
  return refuse(
    'role-needed',
    `${act} takes the role of ${needed}; yours is ${role}. Nothing was changed. An admin can give you that role with \`/runbook members\`.`,
  ).refusal;
}
