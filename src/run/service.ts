import type { Log, Outcome, Tx } from '../audit/log.ts';
import { agentRef, runRef } from '../audit/streams.ts';
import { type Facts, type Refusal, refuse, type TenantFacts } from '../audit/subject.ts';
import type { PreviousOutcome } from '../protocol/authority.ts';
import { sha256Hex } from '../protocol/canonical.ts';
import { idemKey } from '../protocol/envelope.ts';
import {
  type AgentId,
  type IncidentId,
  type RunbookId,
  type RunId,
  runId,
  type StepId,
  type TenantId,
  type UserId,
} from '../protocol/ids.ts';
import type { Signer } from '../protocol/keys.ts';
import { type RecordInput, signRecord } from '../protocol/records.ts';
import { type EncodedSigned, encodeSigned } from '../protocol/signed.ts';
import { type Bundle, standingOf } from '../protocol/trust.ts';
import { saveRunbook } from '../runbook/service.ts';
import { agentKind } from '../tenant/agent.ts';
import type { Census, Directory, Person } from '../tenant/person.ts';
import { declaredOf, NO_PROGRAMS } from '../tenant/program.ts';
import { subjectOf } from '../tenant/roles.ts';
import { takeCensus, tenantState } from '../tenant/service.ts';
import type { TrustLevel } from '../tenant/tenant.ts';
import { runKind } from './kind.ts';
import { isTooLate } from './lapses.ts';
import { makePlan, type Scanner } from './plan.ts';
import {
  APPROVAL_TTL_MS,
  ENVELOPE_TTL_MS,
  KILL_GRACE_MS,
  mayApprove,
  OUTPUT_HEAD_BYTES,
  OUTPUT_TAIL_BYTES,
  STEP_TIMEOUT_MS,
} from './policy.ts';
import type { Choice, RunCommand, RunEvent, RunState, StepState } from './run.ts';

/** The place of one envelope among all of an agent's. */
export interface Slot {
  readonly seq: number;
  readonly leaseEpoch: number;
  /** The enrolment that the agent has now. */
  readonly agentEpoch: number;
}

/** Which agents a tenant has, and the order in which their envelopes are signed. */
export interface AgentRegistry {
  /** The agents of the tenant, most recently seen first. */
  agentsOf(tenant: TenantId): Promise<readonly { agentId: AgentId; online: boolean }[]>;
  /**
   * The next sequence number for the agent, and the lease it may be used under; null when the agent is not connected.
   * Holds the agent's row until the transaction ends, so seq order is commit order and no new lease comes in between.
   */
  nextSeq(tx: Tx, agent: AgentId): Promise<Slot | null>;
}

export interface RunDeps {
  readonly log: Log;
  readonly directory: Directory;
  readonly registry: AgentRegistry;
  readonly scanner: Scanner;
  readonly dispatchKey: Signer;
  readonly approveKey: Signer;
  /** The newest trust bundle that this process has heard of. */
  readonly bundle: () => Bundle;
  readonly trust: TrustLevel;
  readonly newId: () => string;
  readonly nonce: () => string;
}

/** What goes on by itself asks nobody who somebody is. */
export type AdvanceDeps = Omit<RunDeps, 'directory'>;

type Result = Outcome<RunState, RunEvent>;

/** A person wants the runbook run with these values. A draft that is started is saved by that: the preview was the review. */
export async function startRun(
  deps: RunDeps,
  {
    tenant,
    runbook,
    by,
    shown,
    values,
    channel,
    incident,
  }: {
    tenant: TenantId;
    runbook: RunbookId;
    by: UserId;
    /** The hash of the steps that the person saw, or null; a draft is started only with it. */
    shown: string | null;
    values: ReadonlyMap<string, string>;
    channel: string;
    incident?: IncidentId;
  },
): Promise<{ ok: true; run: RunId } | { ok: false; refusal: Refusal }> {
  const saved = await saveRunbook(deps, { tenant, runbook, by, shown });
  if (!saved.ok) return saved;
  const { parse, source, verdicts, opinions } = saved.state;
  if (!parse || !source) return refuse('no-such-runbook', 'There is no such runbook.');
  const agent = (await deps.registry.agentsOf(tenant))[0];
  const described = agent && (await deps.log.load(agentKind, agentRef(tenant, agent.agentId)))?.state;
  const profile = described?.description?.profiles[0];
  if (!agent || !described || !profile) {
    return refuse(
      'no-agent',
      'No agent is connected to this workspace, so nothing can run. Start one (docs/agent.md), then try again.',
    );
  }
  const declared = declaredOf(await tenantState(deps.log, tenant));
  const plan = makePlan(
    {
      runId: runId(deps.newId()),
      tenantId: tenant,
      runbookId: runbook,
      runbookSha256: source.sha256,
      parse,
      verdicts,
      ...(opinions ? { opinions } : {}),
      values,
      requester: by,
      agentId: agent.agentId,
      agentEpoch: described.epoch,
      profile,
      trust: deps.trust,
      channel,
      ...(incident ? { incident } : {}),
    },
    { ...deps.scanner, classify: (command, _, cwd) => deps.scanner.classify(command, declared, cwd) },
  );
  if (!plan.ok) return plan;
  const person = await deps.directory.person(by);
  const command: RunCommand = { type: 'start', plan: plan.plan, by: person, trust: deps.trust };
  const outcome = await deps.log.transact(runKind, runRef(tenant, plan.plan.runId), command);
  return outcome.ok ? { ok: true, run: plan.plan.runId } : outcome;
}

export interface ApproveInput {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly step: StepId;
  readonly by: UserId;
  /** The hash of the exec block that the person was shown. */
  readonly shown: string;
  /** What the person typed to confirm, for a dangerous step. */
  readonly typed: string | null;
}

/** A person approves exactly the bytes they were shown. The yes is signed with a key that cannot sign jobs. */
export async function approveStep(
  deps: RunDeps,
  { tenant, run, step, by, shown, typed }: ApproveInput,
): Promise<Result> {
  const [person, census] = await Promise.all([deps.directory.person(by), takeCensus(deps, tenant)]);
  return deps.log.transact(runKind, runRef(tenant, run), (state, facts): RunCommand => {
    const startBy = facts.now + APPROVAL_TTL_MS;
    const record = approvalRecord(deps, state, step, person, census, facts, startBy);
    return { type: 'approve', step, by: person, census, shown, typed, startBy, record };
  });
}

function approvalRecord(
  deps: RunDeps,
  state: RunState,
  step: StepId,
  by: Person,
  census: Census,
  { now, tenant }: Facts,
  startBy: number,
): EncodedSigned | null {
  const asked = state.steps.find((candidate) => candidate.id === step);
  if (!asked?.job || !state.plan) return null;
  const { plan } = state;
  const { job } = asked;
  const approver = subjectOf(by.user, tenant);
  const requester = subjectOf(plan.requester, tenant);
  const standing = mayApprove(job.rule, approver, requester, census);
  const record = {
    v: 1,
    typ: 'approval',
    approval_id: deps.newId(),
    tenant_id: plan.tenantId,
    run_id: plan.runId,
    run_rev: 1,
    step_id: step,
    attempt: asked.attempt + 1,
    after: previousOutcome(asked),
    exec_sha256: job.execSha256,
    risk: job.verdict.risk,
    agent_id: plan.agentId,
    agent_epoch: plan.agentEpoch,
    profile: plan.profile,
    decision: 'approve',
    approver,
    requester,
    forced: standing.ok ? standing.forced : '',
    displayed_sha256: sha256Hex(job.command),
    iat: now,
    start_by: startBy,
    nonce: deps.nonce(),
  } as const;
  return encodeSigned(signRecord('approval', record, deps.approveKey));
}

/** How the attempt before the next one ended; one of unknown outcome stays on the mind of whoever approves any later one. */
function previousOutcome({ attempt, ruling }: StepState): PreviousOutcome {
  if (attempt === 0) return '';
  return ruling?.choice === 'rerun' ? 'unknown' : 'not-started';
}

export interface SettleInput {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly step: StepId;
  readonly by: UserId;
  /** The attempt that the person was shown. */
  readonly attempt: number;
  readonly choice: Choice;
  readonly reason: string;
}

/** A person says how a step of unknown outcome ended, or asks for it once more; running it takes a new approval. */
export async function settleStep(deps: RunDeps, { tenant, run, by, ...said }: SettleInput): Promise<Result> {
  const person = await deps.directory.person(by);
  return deps.log.transact(runKind, runRef(tenant, run), { type: 'settle', ...said, by: person });
}

/** The simple things a person does to a run or one of its steps. */
export type Act =
  | { readonly type: 'skip' | 'done' | 'ask-again' | 'kill'; readonly step: StepId }
  | { readonly type: 'pause' | 'abort' };

/** Does one of them, in the name of the person, with the rights that the workspace vouches for now. */
export async function actOnRun(
  deps: RunDeps,
  tenant: TenantId,
  run: RunId,
  by: UserId,
  act: Act,
): Promise<Result> {
  const lookUp = deps.directory.person(by);
  // Pausing must not wait for a look-up that fails: stopping is cheap and the person is named.
  const person =
    act.type === 'pause'
      ? await lookUp.catch((): Person => ({ user: by, standing: 'member', admin: false }))
      : await lookUp;
  return deps.log.transact(runKind, runRef(tenant, run), { ...act, by: person });
}

/** Lets one run go on, by the rule for resuming. */
export async function resumeRun(
  deps: RunDeps,
  tenant: TenantId,
  run: RunId,
  by: UserId,
  typed: string,
): Promise<Result> {
  const [person, census] = await Promise.all([deps.directory.person(by), takeCensus(deps, tenant)]);
  return deps.log.transact(runKind, runRef(tenant, run), { type: 'resume', by: person, typed, census });
}

/** Moves a run on where time or approvals allow: lapses, offers, and the signed envelope of an approved step. */
export async function advanceRun(
  deps: AdvanceDeps,
  tenant: TenantId,
  run: RunId,
): Promise<'moved' | 'waiting'> {
  const ref = runRef(tenant, run);
  const ticked = await deps.log.transact(runKind, ref, { type: 'tick' });
  if (!ticked.ok) return 'waiting';
  const ready =
    ticked.state.status === 'running'
      ? ticked.state.steps.find((step) => step.status === 'approved')
      : undefined;
  if (!ready) return ticked.events.length > 0 ? 'moved' : 'waiting';
  const agents = await deps.registry.agentsOf(tenant);
  if (!agents.some(({ agentId, online }) => online && agentId === ticked.state.plan?.agentId))
    return 'waiting';
  const outcome = await deps.log.transact(runKind, ref, (state, facts, tx) =>
    dispatchCommand(deps, state, ready.id, facts, tx),
  );
  return outcome.ok && outcome.events.length > 0 ? 'moved' : 'waiting';
}

/** Signs the envelope inside the transaction that records it: what was not committed was never sent. */
async function dispatchCommand(
  deps: AdvanceDeps,
  state: RunState,
  id: StepId,
  { now, tenant }: Facts,
  tx: Tx,
): Promise<RunCommand> {
  const step = state.steps.find((candidate) => candidate.id === id);
  if (!step?.job || !step.approval || step.status !== 'approved' || !state.plan) return { type: 'tick' };
  // Nothing is even signed that could not start; the tick takes the approval back.
  if (tenant.paused || isTooLate(step, now)) return { type: 'tick' };
  const { keyId } = step.approval.record ?? {};
  const standing = keyId === undefined ? 'counts' : standingOf(deps.bundle(), 'approve', keyId);
  if (standing === 'revoked') return { type: 'void', step: id, why: 'key-revoked' };
  // Another process has heard of it first; this one will within seconds.
  if (standing === 'unheard') return { type: 'tick' };
  const slot = await deps.registry.nextSeq(tx, state.plan.agentId);
  if (!slot) return { type: 'tick' };
  const { agentEpoch, ...place } = slot;
  if (agentEpoch !== state.plan.agentEpoch) return { type: 'void', step: id, why: 'enrolled-again' };
  const envelope = envelopeOf(deps, state.plan, step, step.job, step.approval, { ...place, tenant, now });
  const signed = encodeSigned(signRecord('job', envelope, deps.dispatchKey));
  return {
    type: 'dispatch',
    step: id,
    panicEpoch: tenant.panicEpoch,
    execSha256: step.job.execSha256,
    dispatch: {
      envelope: signed,
      envelopeId: envelope.envelope_id,
      ...place,
      // Asked for after the signature, so that it names every key that has signed.
      bundleVersion: deps.bundle().version,
      exp: envelope.exp,
      timeoutMs: STEP_TIMEOUT_MS,
    },
  };
}

function envelopeOf(
  deps: AdvanceDeps,
  plan: NonNullable<RunState['plan']>,
  step: StepState,
  job: NonNullable<StepState['job']>,
  approval: NonNullable<StepState['approval']>,
  { seq, leaseEpoch, tenant, now }: Omit<Slot, 'agentEpoch'> & { tenant: TenantFacts; now: number },
): RecordInput<'job'> {
  const attempt = step.attempt + 1;
  // It may not start what its approval does not cover any more.
  const exp = Math.min(now + ENVELOPE_TTL_MS, approval.startBy);
  const about = {
    tenant_id: plan.tenantId,
    agent_id: plan.agentId,
    run_id: plan.runId,
    step_id: step.id,
    attempt,
  };
  return {
    v: 1,
    typ: 'job',
    envelope_id: deps.newId(),
    ...about,
    step_kind: 'forward',
    agent_epoch: plan.agentEpoch,
    run_rev: 1,
    runbook_sha256: plan.runbookSha256,
    idem_key: idemKey(about),
    seq,
    lease_epoch: leaseEpoch,
    panic_epoch: tenant.panicEpoch,
    nonce: deps.nonce(),
    iat: now,
    exp,
    exec: job.exec,
    limits: {
      timeout_ms: STEP_TIMEOUT_MS,
      kill_grace_ms: KILL_GRACE_MS,
      output_head_bytes: OUTPUT_HEAD_BYTES,
      output_tail_bytes: OUTPUT_TAIL_BYTES,
    },
    verdict: {
      risk: job.verdict.risk,
      ruleset_version: job.verdict.rulesetVersion,
      ruleset_sha256: job.verdict.rulesetSha256,
    },
    profile: plan.profile,
    authority: {
      requester: subjectOf(plan.requester, tenant),
      rule: approval.record && job.rule === 'auto' ? 'one' : job.rule,
      approvals: approval.record ? [approval.record] : [],
      declarations: declarationsFor(deps, { ...about, agent_epoch: plan.agentEpoch }, job, {
        tenant,
        now,
        exp,
      }),
    },
    flags: { used: [] },
  };
}

/**
 * The tenant's word on the programs that the command may name, as it stands now: what was withdrawn since the plan was
 * made lowers nothing on the agent.
 */
function declarationsFor(
  { approveKey, nonce }: AdvanceDeps,
  about: Pick<
    RecordInput<'declaration'>,
    'tenant_id' | 'agent_id' | 'agent_epoch' | 'run_id' | 'step_id' | 'attempt'
  >,
  job: NonNullable<StepState['job']>,
  { tenant, now, exp }: { tenant: TenantFacts; now: number; exp: number },
): EncodedSigned[] {
  const { version, declared } = tenant.programs ?? NO_PROGRAMS;
  const named = declared.filter(({ name }) => job.command.includes(name));
  if (named.length === 0) return [];
  const record: RecordInput<'declaration'> = {
    v: 1,
    typ: 'declaration',
    ...about,
    exec_sha256: job.execSha256,
    version,
    programs: named.map(({ name, by }) => ({ name, by: [...by], forced: by.length === 1 ? 'solo' : '' })),
    iat: now,
    exp,
    nonce: nonce(),
  };
  return [encodeSigned(signRecord('declaration', record, approveKey))];
}

/** Records what the agent says of a step. Saying it again changes nothing. */
export async function recordReport(
  log: Log,
  tenant: TenantId,
  { run, ...said }: { run: RunId } & Omit<Extract<RunCommand, { type: 'report' }>, 'type'>,
): Promise<Result> {
  return log.transact(runKind, runRef(tenant, run), { type: 'report', ...said });
}

/** One run as it stands, or null. */
export async function findRun(log: Log, tenant: TenantId, run: RunId): Promise<RunState | null> {
  return (await log.load(runKind, runRef(tenant, run)))?.state ?? null;
}
