import type { AgentId, TenantId } from '../../src/protocol/ids.ts';
import type { Hello, Report, Signed } from '../../src/protocol/index.ts';
import type { Bundle } from '../../src/protocol/trust.ts';

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

/** An attempt that the server has no end of. */
export type OpenAttempt = Pick<Report, 'runId' | 'stepId' | 'attempt' | 'envelopeId'>;

/** An envelope that was signed under the lease of a connection and is not known to have arrived. */
export interface WaitingJob {
  readonly about: OpenAttempt;
  readonly signed: Signed;
  /** To be handed out; not now, because of its keys; or never, because its run does not go on or its time has passed. */
  readonly standing: 'ready' | 'held' | 'over';
}

/** What a new connection of an agent is granted. */
export interface Connection {
  /** Higher than that of every connection before; what was signed under those is dead. */
  readonly leaseEpoch: number;
  /** In answer to the nonce of the hello. */
  readonly lease: Signed;
  readonly open: readonly OpenAttempt[];
}

export type Connecting =
  | { readonly ok: true; readonly connection: Connection }
  | { readonly ok: false; readonly sentence: string };

/** What the gateway needs of the system behind it. Every method may reject; then the gateway does nothing and says so. */
export interface GatewayPorts {
  /** Spends a one-time token and binds the agent's public key. A second use of a token is a refusal. */
  redeemEnrolment(token: string, publicKey: string, hostName: string): Promise<Enrolment>;
  findAgent(agentId: AgentId): Promise<EnrolledAgent | null>;
  /** The agent proved its key and said where it stands. Refused when its journal was set back. */
  connect(agentId: AgentId, hello: Hello): Promise<Connecting>;
  /** The next lease of this connection, for this nonce; null when the agent has connected anew since. */
  renew(agentId: AgentId, leaseEpoch: number, nonce: string, seqMark: number): Promise<Signed | null>;
  disconnected(agentId: AgentId, leaseEpoch: number): Promise<void>;
  /** The newest trust bundle. */
  bundle(): Bundle;
  /** By rising `seq`. */
  waitingJobs(agentId: AgentId, leaseEpoch: number): Promise<readonly WaitingJob[]>;
  /** The connection of this lease did not hand this envelope out, and never will. */
  withheld(agentId: AgentId, about: OpenAttempt, leaseEpoch: number): Promise<void>;
  /** The ids of envelopes that were started by this agent and that a person wants ended. */
  killsAsked(agentId: AgentId): Promise<readonly string[]>;
  /**
   * Resolves only when the report is durably recorded; then the agent hears the ACK. The same report may come again
   * and must change nothing. `leaseEpoch` is that of the connection it came over. The report's ids are the agent's claim:
   * the implementation checks that the run is this agent's.
   */
  record(agentId: AgentId, report: Report, leaseEpoch: number): Promise<void>;
  tenantPause(tenantId: TenantId): Promise<TenantPause>;
  /** Calls the listener when a tenant may have new jobs or another pause state. Returns the way to stop. */
  onChange(listener: (tenantId: TenantId) => void): () => void;
}
