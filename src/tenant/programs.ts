import { type Decision, events, type Facts, type Refusal, refuse } from '../audit/subject.ts';
import { MAX_DECLARED } from '../protocol/declaration.ts';
import type { UserId } from '../protocol/ids.ts';
import { refuseDeclared } from '../safety/declarable.ts';
import { openKnowledge } from '../safety/knowledge.ts';
import type { Census, Person } from './person.ts';
import { type Asked, type Declaration, NO_PROGRAMS, type Programs } from './program.ts';
import { secondAdmin } from './resume.ts';
import type { Roles } from './role.ts';
import { refuseRole, roleOf } from './roles.ts';

export type ProgramsChange =
  | { readonly type: 'declare-program'; readonly name: string; readonly reason: string }
  | { readonly type: 'confirm-program'; readonly name: string }
  | { readonly type: 'withdraw-program'; readonly name: string };

export type ProgramsCommand = ProgramsChange & {
  readonly by: Person;
  readonly census: Census;
  /** Who asked for it, as the workspace vouches for them now; null when nobody has. */
  readonly asker: Person | null;
};

export type ProgramsEvent =
  | { readonly type: 'tenant.program-asked'; readonly asked: Asked }
  | { readonly type: 'tenant.program-declared'; readonly declaration: Declaration }
  | {
      readonly type: 'tenant.program-withdrawn';
      readonly name: string;
      readonly by: UserId;
      readonly at: number;
    };

export const DECLARE_REASON = { min: 3, max: 200 } as const;

const knowledge = openKnowledge();

/** Decides what an admin says of a program that nobody here knows. Declaring takes two, withdrawing takes one. */
export function decidePrograms(
  programs: Programs = NO_PROGRAMS,
  command: ProgramsCommand,
  { now, tenant }: Facts,
): Decision<ProgramsEvent> {
  const refusal = refuseRole(command.by, tenant, 'admin', 'Declaring programs');
  if (refusal) return { ok: false, refusal };
  switch (command.type) {
    case 'declare-program':
      return declare(programs, command, tenant, now);
    case 'confirm-program':
      return confirm(programs, command, tenant, now);
    case 'withdraw-program': {
      const { name, by } = command;
      const known = [...programs.declared, ...programs.asked].some((program) => program.name === name);
      return known
        ? events({ type: 'tenant.program-withdrawn', name, by: by.user, at: now })
        : refuse('not-declared', 'This program is not declared, so there is nothing to withdraw.');
    }
  }
}

type Of<T extends ProgramsCommand['type']> = Extract<ProgramsCommand, { readonly type: T }>;

function declare(
  programs: Programs,
  command: Of<'declare-program'>,
  roles: Roles,
  at: number,
): Decision<ProgramsEvent> {
  const { by } = command;
  const [name, reason] = [command.name.trim(), command.reason.trim().normalize('NFC')];
  const wrong = refuseName(name);
  if (wrong) return { ok: false, refusal: wrong };
  if (reason.length < DECLARE_REASON.min || reason.length > DECLARE_REASON.max) {
    return refuse(
      'reason-needed',
      `Say in ${DECLARE_REASON.min} to ${DECLARE_REASON.max} characters how you know that it changes nothing.`,
    );
  }
  if (programs.declared.some((program) => program.name === name))
    return refuse('already-declared', `${name} is declared read-only already.`);
  if (programs.asked.some((program) => program.name === name)) {
    return refuse(
      'already-asked',
      `Somebody has asked for ${name} already. A second admin confirms it below; withdraw it to ask anew.`,
    );
  }
  if (programs.declared.length + programs.asked.length >= MAX_DECLARED) {
    return refuse(
      'too-many-programs',
      `${MAX_DECLARED} programs are declared already. Withdraw one that is not used any more.`,
    );
  }
  const answer = secondAdmin(command, null, roles);
  return answer.kind === 'go'
    ? events({ type: 'tenant.program-declared', declaration: { name, reason, by: answer.by, at } })
    : events({ type: 'tenant.program-asked', asked: { name, reason, by: by.user, at } });
}

function confirm(
  { asked }: Programs,
  command: Of<'confirm-program'>,
  roles: Roles,
  at: number,
): Decision<ProgramsEvent> {
  const { name, asker } = command;
  const waiting = asked.find((program) => program.name === name);
  if (!waiting) {
    return refuse(
      'not-asked',
      'Nobody is waiting for this program to be confirmed any more. Look at the list again.',
    );
  }
  const wrong = refuseName(name);
  if (wrong) return { ok: false, refusal: wrong };
  const answer = secondAdmin(command, waiting.by, roles);
  if (answer.kind !== 'go') {
    return refuse('second-admin-needed', `You asked for ${name} yourself. A second admin has to confirm it.`);
  }
  const isAdmin = asker?.user === waiting.by && roleOf(asker, roles) === 'admin';
  if (answer.by.length > 1 && !isAdmin) {
    return refuse(
      'asker-is-no-admin',
      `Whoever asked for ${name} is no admin any more, so it takes two others: withdraw it, then ask anew.`,
    );
  }
  const { reason } = waiting;
  return events({ type: 'tenant.program-declared', declaration: { name, reason, by: answer.by, at } });
}

function refuseName(name: string): Refusal | null {
  const sentence = refuseDeclared(name, knowledge);
  return sentence === null ? null : refuse('not-declarable', `${sentence} Nothing was declared.`).refusal;
}

/** What is declared, after an event. */
export function evolvePrograms(programs: Programs = NO_PROGRAMS, event: ProgramsEvent): Programs {
  const { version, declared, asked } = programs;
  switch (event.type) {
    case 'tenant.program-asked':
      return { version, declared, asked: sorted([...asked, event.asked]) };
    case 'tenant.program-declared': {
      const { declaration } = event;
      return {
        version: version + 1,
        declared: sorted([...declared, declaration]),
        asked: without(asked, declaration.name),
      };
    }
    case 'tenant.program-withdrawn':
      return {
        version: version + 1,
        declared: without(declared, event.name),
        asked: without(asked, event.name),
      };
  }
}

const sorted = <P extends { readonly name: string }>(programs: readonly P[]): readonly P[] =>
  [...programs].sort((a, b) => (a.name < b.name ? -1 : 1));

const without = <P extends { readonly name: string }>(programs: readonly P[], name: string): readonly P[] =>
  programs.filter((program) => program.name !== name);
