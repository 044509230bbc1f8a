import type { UserId } from '../protocol/ids.ts';

/** What a person may do, each role all of what stands before it. */
export const ROLES = ['viewer', 'responder', 'approver', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a workspace's admin has said of a person. */
export interface Member {
  readonly role: Role;
  /** Set when this account is a second one of that person: for approvals they are the same. */
  readonly sameAs?: UserId;
}

/** What whoever is not named may do when no admin has said otherwise. */
export const DEFAULT_ROLE: Role = 'approver';

/** The part of a tenant's facts that says who may do what. */
export interface Roles {
  /** Roles that an admin gave; whoever is not named has the default role. */
  readonly members?: Readonly<Record<UserId, Member>>;
  readonly defaultRole?: Role;
}
