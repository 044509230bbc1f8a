import type { UserId } from '../protocol/ids.ts';
import type { Roles } from './role.ts';

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
