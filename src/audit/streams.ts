import {
  type AgentId,
  type IncidentId,
  incidentId,
  type RunbookId,
  type RunId,
  runbookId,
  runId,
  streamId,
  type TenantId,
} from '../protocol/ids.ts';
import type { SubjectRef } from './subject.ts';

/** The stream of a run's facts. */
export const runRef = (tenant: TenantId, run: RunId): SubjectRef => ({
  tenant,
  stream: streamId(`run-${run}`),
});

/** The stream of a runbook's facts. */
export const runbookRef = (tenant: TenantId, runbook: RunbookId): SubjectRef => ({
  tenant,
  stream: streamId(`runbook-${runbook}`),
});

/** The stream of an agent's facts. */
export const agentRef = (tenant: TenantId, agent: AgentId): SubjectRef => ({
  tenant,
  stream: streamId(`agent-${agent}`),
});

/** The stream of an incident's facts. */
export const incidentRef = (tenant: TenantId, incident: IncidentId): SubjectRef => ({
  tenant,
  stream: streamId(`incident-${incident}`),
});

/** The incident that a stream is about. */
export const incidentOf = ({ stream }: SubjectRef) => incidentId(stream.replace(/^incident-/, ''));

/** The run that a stream is about. */
export const runOf = ({ stream }: SubjectRef) => runId(stream.replace(/^run-/, ''));

/** The runbook that a stream is about. */
export const runbookOf = ({ stream }: SubjectRef) => runbookId(stream.replace(/^runbook-/, ''));
