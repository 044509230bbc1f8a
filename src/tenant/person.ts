import type { UserId } from '../protocol/ids.ts';
import { type Roles, roleOf, subjectOf } from './roles.ts';

/** Someone who acts, as the workspace vouched for them at that moment. */
export interface Person {
  readonly user: UserId;
  readonly standing: 'member' | 'outsider';
  readonly admin: boolean;
}

/** How many people could act. Two stands for "two or more": no rule needs to know more. */
export interface Census {
  readonly members: 1 | 2;
  readonly admins: 0 | 1 | 2;
}

/** What the workspace knows of its people. Answers are looked up when asked; a failed look-up throws. */
export interface Directory {
  person(user: UserId): Promise<Person>;
  /** Counts the full members and the admins by these roles; `createTally` does the counting. */
  census(roles: Roles): Promise<Census>;
}

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
