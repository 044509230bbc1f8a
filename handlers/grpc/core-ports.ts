import type { Log } from '../../src/audit/log.ts';
import { agentRef, runOf } from '../../src/audit/streams.ts';
import type { SubjectRef } from '../../src/audit/subject.ts';
import type { Agents, Identity } from '../../src/platform/agent-registry.ts';
import type { Logger } from '../../src/platform/logger.ts';
import type { AgentId } from '../../src/protocol/ids.ts';
import type { Bundle, Report, Signed, Signer } from '../../src/protocol/index.ts';
import { decodeSigned, LEASE_TTL_MS, parseRecord, signRecord, standingOf } from '../../src/protocol/index.ts';
import { LIVE_STATUSES, runKind } from '../../src/run/kind.ts';
import { type Dispatch, isOpen, type StepReport, type StepState } from '../../src/run/run.ts';
import { findRun, recordReport } from '../../src/run/service.ts';
import type { RunStatus } from '../../src/run/states.ts';
import { agentKind } from '../../src/tenant/agent.ts';
import { tenantState } from '../../src/tenant/service.ts';
import type { GatewayPorts, OpenAttempt, WaitingJob } from './ports.ts';

export interface CorePortsDeps {
  readonly log: Log;
  readonly agents: Pick<Agents, 'find' | 'connect' | 'renew' | 'release' | 'redeem'>;
  readonly dispatchKey: Signer;
  readonly approveKey: Signer;
  readonly bundle: () => Bundle;
  readonly clock: { now(): number };
  readonly logger: Logger;
  readonly onChange: GatewayPorts['onChange'];
}

/** A step that has an envelope on record. */
interface Sent {
  readonly ref: SubjectRef;
  readonly run: RunStatus;
  readonly step: StepState;
  readonly dispatch: Dispatch;
}

const aboutOf = ({ ref, step, dispatch }: Sent): OpenAttempt => ({
  runId: runOf(ref),
  stepId: step.id,
  attempt: step.attempt,
  envelopeId: dispatch.envelopeId,
});

/** What the gateway asks for, answered from the log and the registry of agents. */
export function corePorts(deps: CorePortsDeps): GatewayPorts {
  const { log, agents, dispatchKey, approveKey, bundle, clock, logger, onChange } = deps;
  const identityOf = async (agent: AgentId): Promise<Identity> => {
    const found = await agents.find(agent);
    if (!found) throw new Error('This agent is not enrolled.');
    return found;
  };
  /** The attempts that this agent was given and that the runs in one of `statuses` have, oldest envelope first. */
  const attempts = async (agent: AgentId, statuses: readonly string[]): Promise<Sent[]> => {
    const runs = await log.list(runKind, (await identityOf(agent)).tenantId, statuses);
    return runs
      .filter(({ state }) => state.plan?.agentId === agent)
      .flatMap(({ ref, state }) => state.steps.map((step) => ({ ref, run: state.status, step })))
      .flatMap(({ step, ...rest }) => (step.dispatch ? [{ ...rest, step, dispatch: step.dispatch }] : []))
      .sort((a, b) => a.dispatch.seq - b.dispatch.seq);
  };
  const underWay = (agent: AgentId) => attempts(agent, ['under-way']);
  const openAttempts = async (agent: AgentId): Promise<OpenAttempt[]> =>
    (await attempts(agent, LIVE_STATUSES)).filter(({ step }) => isOpen(step)).map(aboutOf);
  const standing = ({ run, step, dispatch }: Sent): WaitingJob['standing'] => {
    // What was not handed out stays here when its run was paused or aborted meanwhile.
    if (run !== 'running' || dispatch.exp <= clock.now()) return 'over';
    const approval = step.approval?.record;
    const isRevoked =
      standingOf(bundle(), 'dispatch', dispatch.envelope.keyId) === 'revoked' ||
      (approval && standingOf(bundle(), 'approve', approval.keyId) === 'revoked');
    return isRevoked || (dispatch.bundleVersion ?? 0) > bundle().version ? 'held' : 'ready';
  };
  const lease = async (
    agent: AgentId,
    { tenantId, agentEpoch }: Pick<Identity, 'tenantId' | 'agentEpoch'>,
    { leaseEpoch, nonce, seqMark }: { leaseEpoch: number; nonce: string; seqMark: number },
  ): Promise<Signed> =>
    signRecord(
      'lease',
      {
        v: 1,
        typ: 'lease',
        tenant_id: tenantId,
        agent_id: agent,
        agent_epoch: agentEpoch,
        lease_epoch: leaseEpoch,
        nonce,
        now: clock.now(),
        ttl_ms: LEASE_TTL_MS,
        panic_epoch: (await tenantState(log, tenantId)).panicEpoch,
        bundle_version: bundle().version,
        seq_mark: seqMark,
      },
      dispatchKey,
    );
  /** The end of a pause outlives the key that signed it: for agents that come later it is signed again. */
  const believable = (resume: Signed): Signed => {
    if (standingOf(bundle(), 'approve', resume.keyId) === 'counts') return resume;
    const parsed = parseRecord('resume', resume.payload);
    if (!parsed.ok) throw new TypeError(parsed.sentence);
    return signRecord('resume', parsed.record, approveKey);
  };
  return {
    redeemEnrolment: (token, publicKey, hostName) => agents.redeem(token, publicKey, hostName),
    findAgent: (agent) => agents.find(agent),
    bundle,
    async connect(agent, hello) {
      const { agentEpoch, tenantId, seqMark, leaseEpoch: last, leaseNonce } = hello;
      const granted = await agents.connect(agent, { agentEpoch, seqMark, leaseEpoch: last });
      const { hostName, version, rulesetVersion, rulesetSha256, policySha256, profiles } = hello;
      const pausedBecause = granted.kind === 'rolled-back' ? ROLLED_BACK : hello.pausedBecause;
      const about = { hostName, version, rulesetVersion, rulesetSha256, policySha256, profiles };
      const description = { ...about, pausedBecause };
      await log.transact(agentKind, agentRef(tenantId, agent), { type: 'describe', description });
      switch (granted.kind) {
        case 'granted': {
          const { leaseEpoch } = granted;
          const grant = { leaseEpoch, nonce: leaseNonce, seqMark: granted.seqMark };
          const [signed, open] = await Promise.all([
            lease(agent, { tenantId, agentEpoch }, grant),
            openAttempts(agent),
          ]);
          return { ok: true, connection: { leaseEpoch, lease: signed, open } };
        }
        case 'rolled-back':
          return { ok: false, sentence: ROLLED_BACK };
        case 'unknown':
          return { ok: false, sentence: 'This agent has been enrolled again since.' };
      }
    },
    async renew(agent, leaseEpoch, nonce, seqMark) {
      const identity = await agents.find(agent);
      const renewed = identity && (await agents.renew(agent, leaseEpoch, seqMark));
      return renewed ? lease(agent, identity, { leaseEpoch, nonce, seqMark: renewed.seqMark }) : null;
    },
    disconnected: (agent, leaseEpoch) => agents.release(agent, leaseEpoch),
    async waitingJobs(agent, leaseEpoch) {
      const waiting = (await underWay(agent)).filter(
        ({ step, dispatch }) => step.status === 'dispatched' && dispatch.leaseEpoch === leaseEpoch,
      );
      return waiting.map(
        (attempt): WaitingJob => ({
          about: aboutOf(attempt),
          signed: decodeSigned(attempt.dispatch.envelope),
          standing: standing(attempt),
        }),
      );
    },
    async withheld(agent, { runId, stepId, attempt, envelopeId }, leaseEpoch) {
      const { tenantId } = await identityOf(agent);
      const report = { kind: 'withheld', leaseEpoch } as const;
      await recordReport(log, tenantId, { run: runId, step: stepId, attempt, envelopeId, report });
    },
    async killsAsked(agent) {
      const asked = (await underWay(agent)).filter(
        ({ step }) => step.status === 'running' && step.killAskedBy !== null,
      );
      return asked.map(({ dispatch }) => dispatch.envelopeId);
    },
    async record(agent, report, leaseEpoch) {
      const { tenantId: tenant, agentEpoch } = await identityOf(agent);
      const about = { agent, run: report.runId, envelope: report.envelopeId };
      const run = await findRun(log, tenant, report.runId);
      if (run?.plan?.agentId !== agent) {
        // Its own journal keeps it; nothing of ours may change by the word of an agent that was never asked.
        logger.error(about, 'an agent reported on a run that is not its own');
        return;
      }
      const outcome = await recordReport(log, tenant, {
        run: report.runId,
        step: report.stepId,
        attempt: report.attempt,
        envelopeId: report.envelopeId,
        report:
          report.kind === 'missing' && agentEpoch !== run.plan.agentEpoch
            ? { kind: 'unknown', sentence: ENROLLED_AGAIN }
            : toStepReport(report, leaseEpoch),
      });
      if (!outcome.ok) logger.error(about, `a report of an agent was refused. ${outcome.refusal.sentence}`);
    },
    async tenantPause(tenant) {
      const { panicEpoch, paused, resume } = await tenantState(log, tenant);
      return {
        epoch: panicEpoch,
        paused: paused !== null,
        resume: resume && believable(decodeSigned(resume)),
      };
    },
    onChange,
  };
}

const ROLLED_BACK =
  'The journal of this agent is older than what was heard of it: it was restored, copied or cut. Nothing is given to it until it is enrolled again.';

/** The journal that could have known it is another one. */
const ENROLLED_AGAIN =
  'The agent was enrolled again after this step was sent, and has a new journal. It may have run: look at the host before anything else.';

function toStepReport(report: Report, leaseEpoch: number): StepReport {
  switch (report.kind) {
    case 'started':
      return { kind: 'started', startedAt: report.startedAt };
    case 'output':
      return { kind: 'printed', tail: report.tail, bytes: report.bytes };
    case 'finished': {
      const { exitCode, signal, timedOut, head, tail, bytes, sha256, startedAt, finishedAt } = report;
      return {
        kind: 'finished',
        result: { exitCode, signal, timedOut, head, tail, bytes, sha256, startedAt, finishedAt },
      };
    }
    case 'rejected':
      return { kind: 'rejected', code: report.code, sentence: report.sentence };
    case 'unknown':
      return { kind: 'unknown', sentence: report.sentence };
    case 'missing':
      return { kind: 'missing', seqMark: report.seqMark, leaseEpoch };
  }
}
