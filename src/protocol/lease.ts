import { z } from 'zod';
import { field } from './fields.ts';

/** An agent starts steps only while its lease lives, and asks for a new one three times in that time (docs/threats.md, 5). */
export const LEASE_TTL_MS = 10_000;
export const LEASE_RENEW_MS = 3_000;

/**
 * The right to start steps for a short while, signed by a dispatch key in answer to the agent's own nonce. It fences:
 * each new connection raises `lease_epoch`, and an envelope of another epoch is dead. It also carries what the agent has
 * to know to be sure of its place: the time, the newest bundle, the tenant's epoch, and how far its journal was seen.
 */
export const leaseSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('lease'),
  tenant_id: field.tenantId,
  agent_id: field.agentId,
  agent_epoch: field.count,
  lease_epoch: z.int().positive(),
  /** The nonce that the agent sent with its question: an older lease answers another one. */
  nonce: field.nonce,
  /** The server's time. */
  now: field.time,
  /** Counted by the agent from when it asked. */
  ttl_ms: z.int().positive().max(LEASE_TTL_MS),
  panic_epoch: field.count,
  bundle_version: z.int().positive(),
  /** The highest `seq` this agent was ever heard to have journaled. */
  seq_mark: field.count,
});
export type Lease = z.infer<typeof leaseSchema>;
