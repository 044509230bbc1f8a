import { type Refusal, refuse } from '../audit/subject.ts';
import { type Exec, execSha256 } from '../protocol/envelope.ts';
import {
  type AgentId,
  type IncidentId,
  type RunbookId,
  type RunId,
  stepId,
  type TenantId,
  type UserId,
} from '../protocol/ids.ts';
import { bindCommand } from '../runbook/bind.ts';
import { flatten, type Line, type Opinions } from '../runbook/flatten.ts';
import { folderOf } from '../runbook/folder.ts';
import type { Command, Parse } from '../runbook/runbook.ts';
import { raised } from '../safety/merge.ts';
import type { Classify, Trait, Verdict } from '../safety/verdict.ts';
import type { TrustLevel } from '../tenant/tenant.ts';
import { truncateHead } from '../text/truncate.ts';
import { visible } from '../text/visible.ts';
import { approvalRule } from './policy.ts';
import type { Job, NextJob, Plan, PlannedStep } from './run.ts';

/** The scanner, as the plan needs it. */
export interface Scanner {
  readonly classify: Classify;
  /** The argv of the programs a command would start, or null when that cannot be known. */
  plannedInvocations(command: string): readonly (readonly string[])[] | null;
}

export interface PlanInput {
  readonly runId: RunId;
  readonly tenantId: TenantId;
  readonly runbookId: RunbookId;
  readonly runbookSha256: string;
  readonly parse: Parse;
  readonly verdicts: readonly (readonly Verdict[])[];
  /** Of a model, on the commands of the parse: here too they may only raise. */
  readonly opinions?: Opinions;
  readonly values: ReadonlyMap<string, string>;
  readonly requester: UserId;
  readonly agentId: AgentId;
  readonly agentEpoch: number;
  readonly profile: Plan['profile'];
  readonly trust: TrustLevel;
  readonly channel: string;
  readonly incident?: IncidentId;
}

/** Resolves a runbook to what would run: every value filled in, every command judged again, every approval named. */
export function makePlan(
  input: PlanInput,
  scanner: Scanner,
): { ok: true; plan: Plan } | { ok: false; refusal: Refusal } {
  const { parse, verdicts, opinions: _, values, ...fixed } = input;
  const steps: PlannedStep[] = [];
  for (const line of flatten(parse, verdicts)) {
    const step = planStep(line, input, scanner);
    if (!step.ok) return step;
    steps.push(step.step);
  }
  return { ok: true, plan: { ...fixed, title: parse.title, steps } };
}

type Planned = { ok: true; step: PlannedStep } | { ok: false; refusal: Refusal };

function planStep({ number, at, step, command }: Line, input: PlanInput, scanner: Scanner): Planned {
  const shared = {
    id: stepId(`s${number}`),
    number,
    title: step.description,
    kind: step.kind,
    branch: step.branch,
    warnings: step.warnings,
    source: command?.source ?? step.source,
  };
  if (!command) {
    const byHand = { command: null, reason: 'There is no command here. Do what it says, then mark it done.' };
    return { ok: true, step: { ...shared, job: null, byHand } };
  }
  if (command.suggested && command.adopted === undefined) {
    return {
      ok: true,
      step: { ...shared, job: null, byHand: { command: command.text, reason: NOT_ADOPTED } },
    };
  }
  const bound = bindCommand(command.text, input.parse.variables, input.values);
  if (!bound.ok) return refuse(bound.code, `Step ${number}: ${bound.sentence}`);
  const folder = folderOf(command, input.parse.variables, input.values);
  const opinion = at.command === null ? null : input.opinions?.[at.step]?.[at.command];
  const verdict = raised(scanner.classify(bound.text, undefined, folder ?? undefined), opinion);
  const reason = byHandReason(command, verdict) ?? unfit(bound.text);
  if (folder === null || reason) {
    const byHand = { command: bound.text, reason: reason ?? unknownFolder(command) };
    return { ok: true, step: { ...shared, job: null, byHand } };
  }
  const job = makeJob({ command: bound.text, cwd: folder, verdict, number }, input, scanner);
  return { ok: true, step: { ...shared, byHand: null, job } };
}

const DO_IT = 'Do it yourself, then mark it done.';

/** Why a person runs a command and no agent does, as far as its runbook says; undefined when an agent may. */
export const byHandReason = (command: Command, verdict: Verdict): string | undefined =>
  elsewhere(command) ?? verdict.traits.map((trait) => BY_HAND[trait])[0];

/** Why a command that is typed into another program is none for the agent's shell, or undefined. */
function elsewhere({ session }: Command): string | undefined {
  return session && `It is typed into what “${truncateHead(session.opener, MAX_NAMED)}” opens. ${DO_IT}`;
}

function unknownFolder({ cwd = '' }: Command): string {
  return `It was written for the folder “${truncateHead(cwd, MAX_NAMED)}”, and an agent cannot tell where that is. ${DO_IT}`;
}

const MAX_NAMED = 200; // UTF-16 units

interface Resolved {
  readonly command: string;
  readonly cwd: string;
  readonly verdict: Verdict;
  readonly number: number;
}

function makeJob({ command, cwd, verdict, number }: Resolved, input: PlanInput, scanner: Scanner): Job {
  const exec: Exec = {
    mode: 'bash',
    command_b64: Buffer.from(command).toString('base64url'),
    cwd,
    env: { DD0C_RUN: input.runId, DD0C_STEP: `s${number}`, DD0C_ATTEMPT: '1' },
  };
  return {
    command,
    verdict,
    rule: approvalRule(verdict.risk, input.trust),
    confirm: verdict.risk === 'danger' ? targetOf(command, verdict, number, scanner) : null,
    exec,
    execSha256: execSha256(exec),
  };
}

/** What a further attempt runs: the same command, with its number in the environment, so that an approval is of one attempt. */
export function nextJob(job: Job, attempt: number): NextJob {
  const exec: Exec = { ...job.exec, env: { ...job.exec.env, DD0C_ATTEMPT: String(attempt) } };
  return { exec, execSha256: execSha256(exec) };
}

/** A step is a fresh process without a terminal, so what needs more than that stays with a person. */
const BY_HAND: Record<Trait, string> = {
  interactive: 'It needs a terminal, and an agent has none. Run it yourself, then mark it done.',
  endless: 'It does not end by itself. Run it yourself as long as you need, then mark it done.',
  'sets-variable':
    'It sets a variable for a shell, and every step is a shell of its own. Note the value, then mark it done.',
  'changes-directory':
    'It only changes the directory. An agent starts the commands after it there, where it can tell. Mark it done.',
};

const NOT_ADOPTED =
  'A model suggested this command. It is not in your text, and nobody has adopted it, so no agent runs it. Skip it.';

/** What nobody can review whole nobody can approve: a message and its modal show this much of a command (UTF-16 units). */
const MAX_REVIEW_UNITS = 2_400;

/** Why a command cannot be reviewed and run as it stands, or undefined. */
function unfit(command: string): string | undefined {
  // The bytes that would be signed have to be the text that was shown: no NUL, and nothing UTF-8 cannot carry.
  if (command.includes('\0') || Buffer.from(command).toString() !== command) {
    return 'It holds characters that no shell can be given. Write it again without them.';
  }
  if (visible(command).length <= MAX_REVIEW_UNITS) return undefined;
  return `It is longer than ${MAX_REVIEW_UNITS} characters, too long to review here. Run it yourself, or put it in a script.`;
}

const MAX_CONFIRM_UNITS = 60;
/** Options whose next word is as a rule their value and not what the command acts on. */
const VALUE_OPTION =
  /^(?:-[A-Za-z]|--(?:namespace|context|cluster|kubeconfig|host|user|database|region|profile|output|selector))$/;

/**
 * What a dangerous command acts on, for a person to type: the last operand of its first dangerous part (one that is the
 * value of an option only when there is no other), or the step's number when that cannot be told.
 */
export function targetOf(command: string, verdict: Verdict, number: number, scanner: Scanner): string {
  const operands =
    partsAround(command, verdict)
      .map((part) => operandsOf(scanner.plannedInvocations(part)?.[0] ?? []))
      .find((found) => found.length > 0) ?? [];
  const target = (operands.findLast(({ before }) => !VALUE_OPTION.test(before)) ?? operands.at(-1))?.word;
  return target && target.length <= MAX_CONFIRM_UNITS && /^[\x21-\x7e]+$/.test(target)
    ? target
    : `step ${number}`;
}

/** The first dangerous part, and then the parts around it, smallest first: a reason may point at one option of a command. */
function partsAround(command: string, { reasons, risk }: Verdict): readonly string[] {
  const worst = reasons.find((reason) => reason.risk === risk)?.span;
  if (!worst) return [command];
  const spans = reasons.flatMap(({ span }) =>
    span && span.start <= worst.start && span.end >= worst.end ? [span] : [],
  );
  return spans
    .toSorted((a, b) => a.end - a.start - (b.end - b.start))
    .map(({ start, end }) => command.slice(start, end));
}

/** The words of a command that are no options, each with the word before it. */
function operandsOf(argv: readonly string[]): readonly { readonly word: string; readonly before: string }[] {
  return argv.flatMap((word, at) =>
    at > 0 && !word.startsWith('-') ? [{ word, before: argv[at - 1] ?? '' }] : [],
  );
}
