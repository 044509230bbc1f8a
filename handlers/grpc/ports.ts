import type { AgentId, TenantId } from '../../src/protocol/ids.ts';
import type { Hello, Report, Signed } from '../../src/protocol/index.ts';

export type { Hello, Report, Signed } from '../../src/protocol/index.ts';

export type Enrolment =
  | { readonly ok: true; readonly agentId: AgentId; readonly tenantId: TenantId; readonly agentEpoch: number }
  | { readonly ok: false; readonly sentence: string };

/** An agent as the server holds it; `publicKey` is base64url of 32 raw bytes. */
export interface EnrolledAgent {
  readonly tenantId: TenantId;
  readonly publicKey: string;
  readonly agentEpoch: number;
}

/** How a tenant stands. `resume` is the signed record that lifted the last pause, null when there was none. */
export interface TenantPause {
  readonly epoch: number;
  readonly paused: boolean;
  readonly resume: Signed | null;
}

/** What the gateway needs of the system behind it. Every method may reject; then the gateway does nothing and says so. */
export interface GatewayPorts {
  /** Spends a one-time token and binds the agent's public key. A second use of a token is a refusal. */
  redeemEnrolment(token: string, publicKey: string, hostName: string): Promise<Enrolment>;
  findAgent(agentId: AgentId): Promise<EnrolledAgent | null>;
  /** The agent proved its key and said where it stands. */
  connected(agentId: AgentId, info: Hello): Promise<void>;
  /** The agent's stream is up; called every few seconds for as long as it is. False when the agent has a newer one elsewhere. */
  alive(agentId: AgentId): Promise<boolean>;
  disconnected(agentId: AgentId): Promise<void>;
  /** Envelopes that were signed for this agent and have no outcome yet, by rising `seq`. */
  waitingJobs(agentId: AgentId): Promise<readonly Signed[]>;
  /** The ids of envelopes that were started by this agent and that a person wants ended. */
  killsAsked(agentId: AgentId): Promise<readonly string[]>;
  /**
   * Resolves only when the report is durably recorded; then the agent hears the ACK. The same report may come again
   * and must change nothing. `signed` is the report as the agent signed it. The report's ids are the agent's claim: the
   * implementation checks that the envelope was this agent's.
   */
  record(agentId: AgentId, report: Report, signed: Signed): Promise<void>;
  tenantPause(tenantId: TenantId): Promise<TenantPause>;
  /** Calls the listener when a tenant may have new jobs or another pause state. Returns the way to stop. */
  onChange(listener: (tenantId: TenantId) => void): () => void;
}
