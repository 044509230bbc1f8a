/** Branded identifiers: a RunId is never a StepId by accident. They are opaque strings in the log and on the wire. */
declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

/** One alert of the pager, from its trigger to its end. */
export type IncidentId = Id<'incident'>;
/** One customer: the id of the Slack workspace that installed us. */
export type TenantId = Id<'tenant'>;
/** One subject's stream in the log: `run-…`, `runbook-…`, `tenant`, `agent-…`, `incident-…`. */
export type StreamId = Id<'stream'>;
export type RunId = Id<'run'>;
export type RunbookId = Id<'runbook'>;
export type AgentId = Id<'agent'>;
/** One step of one run: `s1`, `s2`, … in the order of the plan. */
export type StepId = Id<'step'>;
/** A person, by the id the workspace knows them by. */
export type UserId = Id<'user'>;

export const tenantId = (value: string): TenantId => value as TenantId;
export const streamId = (value: string): StreamId => value as StreamId;
export const runId = (value: string): RunId => value as RunId;
export const runbookId = (value: string): RunbookId => value as RunbookId;
export const incidentId = (value: string): IncidentId => value as IncidentId;
export const agentId = (value: string): AgentId => value as AgentId;
export const stepId = (value: string): StepId => value as StepId;
export const userId = (value: string): UserId => value as UserId;
