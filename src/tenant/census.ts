import type { UserId } from '../protocol/ids.ts';
import type { Census, Person } from './person.ts';
import type { Roles } from './role.ts';
import { roleOf, subjectOf } from './roles.ts';

export interface Tally {
  /** Counts one account. True when nothing that follows can change the census. */
  add(person: Person): boolean;
  census(): Census;
}

/** Counts people: two accounts of one person are one, and an admin is who has that role here. */
export function createTally(roles: Roles): Tally {
  const members = new Set<UserId>();
  const admins = new Set<UserId>();
  return {
    add(person) {
      const role = roleOf(person, roles);
      if (role !== null) members.add(subjectOf(person.user, roles));
      if (role === 'admin') admins.add(subjectOf(person.user, roles));
      return members.size >= 2 && admins.size >= 2;
    },
    // Nobody counted at all is no lone member: whatever is in doubt takes two.
    census: () => ({
      members: members.size === 1 ? 1 : 2,
      admins: admins.size >= 2 ? 2 : admins.size === 1 ? 1 : 0,
    }),
  };
}
