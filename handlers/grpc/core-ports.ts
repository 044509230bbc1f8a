import type { Log } from '../../src/audit/log.ts';
import { agentRef } from '../../src/audit/streams.ts';
import type { Agents } from '../../src/platform/agent-registry.ts';
import type { Logger } from '../../src/platform/logger.ts';
import type { AgentId, TenantId } from '../../src/protocol/ids.ts';
import type { Report, Signed } from '../../src/protocol/index.ts';
import { decodeSigned } from '../../src/protocol/index.ts';
import { runKind } from '../../src/run/kind.ts';
import type { StepReport } from '../../src/run/run.ts';
import { findRun, recordReport } from '../../src/run/service.ts';
import { agentKind } from '../../src/tenant/agent.ts';
import { tenantState } from '../../src/tenant/service.ts';
import type { GatewayPorts } from './ports.ts';

export interface CorePortsDeps {
  readonly log: Log;
  readonly agents: Agents;
  /** Names this gateway among all of them. */
  readonly gateway: string;
  readonly clock: { now(): number };
  readonly logger: Logger;
  readonly onChange: GatewayPorts['onChange'];
}

/** What the gateway asks for, answered from the log and the registry of agents. */
export function corePorts({ log, agents, gateway, clock, logger, onChange }: CorePortsDeps): GatewayPorts {
  const tenantOf = async (agent: AgentId): Promise<TenantId> => {
    const found = await agents.find(agent);
    if (!found) throw new Error('This agent is not enrolled.');
    return found.tenantId;
  };
  /** The attempts of an agent that are under way, oldest envelope first. */
  const underWay = async (agent: AgentId) => {
    const runs = await log.list(runKind, await tenantOf(agent), ['under-way']);
    return runs
      .filter(({ state }) => state.plan?.agentId === agent)
      .flatMap(({ state }) => state.steps.map((step) => ({ run: state.status, step })))
      .flatMap(({ run, step }) => (step.dispatch ? [{ run, step, dispatch: step.dispatch }] : []))
      .sort((a, b) => a.dispatch.seq - b.dispatch.seq);
  };
  return {
    redeemEnrolment: (token, publicKey, hostName) => agents.redeem(token, publicKey, hostName),
    findAgent: (agent) => agents.find(agent),
    async connected(agent, hello) {
      await agents.seen(agent, gateway);
      const { hostName, version, rulesetVersion, policySha256, profiles, pausedBecause } = hello;
      const description = { hostName, version, rulesetVersion, policySha256, profiles, pausedBecause };
      await log.transact(agentKind, agentRef(await tenantOf(agent), agent), {
        type: 'describe',
        description,
      });
    },
    alive: (agent) => agents.stays(agent, gateway),
    disconnected: (agent) => agents.gone(agent, gateway),
    async waitingJobs(agent): Promise<readonly Signed[]> {
      // Two programs with one identity, each on a gateway of its own, must not both be given the same step.
      if (!(await agents.isAt(agent, gateway))) return [];
      // What was signed and not yet handed over stays here when the run was paused or aborted meanwhile.
      const waiting = (await underWay(agent)).filter(
        ({ run, step, dispatch }) =>
          run === 'running' && step.status === 'dispatched' && dispatch.exp > clock.now(),
      );
      return waiting.map(({ dispatch }) => decodeSigned(dispatch.envelope));
    },
    async killsAsked(agent) {
      const asked = (await underWay(agent)).filter(
        ({ step }) => step.status === 'running' && step.killAskedBy !== null,
      );
      return asked.map(({ dispatch }) => dispatch.envelopeId);
    },
    async record(agent, report) {
      const tenant = await tenantOf(agent);
      const run = await findRun(log, tenant, report.runId);
      const step = run?.steps.find(({ id }) => id === report.stepId);
      if (run?.plan?.agentId !== agent || step?.dispatch?.envelopeId !== report.envelopeId) {
        // Its own journal keeps it; nothing of ours may change by the word of an agent that was never asked.
        logger.error(
          { agent, run: report.runId, envelope: report.envelopeId },
          'an agent reported on an envelope we do not know',
        );
        return;
      }
      await recordReport(log, tenant, {
        run: report.runId,
        step: report.stepId,
        attempt: report.attempt,
        report: toStepReport(report),
      });
    },
    async tenantPause(tenant) {
      const { panicEpoch, paused, resume } = await tenantState(log, tenant);
      return { epoch: panicEpoch, paused: paused !== null, resume: resume && decodeSigned(resume) };
    },
    onChange,
  };
}

function toStepReport(report: Report): StepReport {
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
  }
}
