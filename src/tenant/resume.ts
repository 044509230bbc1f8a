import { type Refusal, refuse } from '../audit/subject.ts';
import type { UserId } from '../protocol/ids.ts';
import type { Census, Person } from './person.ts';
import type { Roles } from './role.ts';
import { roleOf, subjectOf } from './roles.ts';

/** What an admin types to resume: a word nobody types by accident. */
export const RESUME_WORD = 'resume';

export interface ResumeRequest {
  readonly by: Person;
  readonly typed: string;
  readonly census: Census;
}

export type ResumeAnswer =
  | { readonly kind: 'go'; readonly by: readonly UserId[] }
  | { readonly kind: 'ask-second' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export type SecondAdmin =
  | { readonly kind: 'go'; readonly by: readonly UserId[] }
  | { readonly kind: 'ask-second' }
  | { readonly kind: 'same-person' };

/**
 * Stopping takes one member; going on takes an admin who types the word, and a second admin where there is one: another
 * person, not another account. The same rule for one run and for everything.
 */
export function answerResume(
  { by, typed, census }: ResumeRequest,
  askedBy: UserId | null,
  roles: Roles,
): ResumeAnswer {
  const refused = (code: string, sentence: string): ResumeAnswer => ({
    kind: 'refused',
    ...refuse(code, sentence),
  });
  if (roleOf(by, roles) !== 'admin') {
    return refused(
      'not-an-admin',
      'Resuming takes the role of admin. Nothing was resumed; ask an admin to. `/runbook members` shows who is one.',
    );
  }
  if (typed.trim().normalize('NFC') !== RESUME_WORD) {
    return refused('not-confirmed', `Type exactly \`${RESUME_WORD}\` to resume. Nothing was resumed.`);
  }
  const answer = secondAdmin({ by, census }, askedBy, roles);
  if (answer.kind === 'same-person')
    return refused('second-admin-needed', 'You already asked to resume. A second admin has to confirm.');
  return answer;
}

/**
 * What takes two admins, by the one who says it now: it is done by the only admin alone, and else by another person than
 * the one who asked for it. The caller has made sure that `by` is an admin.
 */
export function secondAdmin(
  { by, census }: Pick<ResumeRequest, 'by' | 'census'>,
  askedBy: UserId | null,
  roles: Roles,
): SecondAdmin {
  if (census.admins < 2) return { kind: 'go', by: [by.user] };
  if (askedBy === null) return { kind: 'ask-second' };
  if (subjectOf(askedBy, roles) === subjectOf(by.user, roles)) return { kind: 'same-person' };
  return { kind: 'go', by: [askedBy, by.user] };
}
