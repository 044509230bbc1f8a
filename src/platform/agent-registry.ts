import { createHash } from 'node:crypto';
import type { Log } from '../audit/log.ts';
import { agentRef } from '../audit/streams.ts';
import { type AgentId, agentId, type TenantId, tenantId } from '../protocol/ids.ts';
import type { AgentRegistry } from '../run/service.ts';
import { agentKind } from '../tenant/agent.ts';
import type { Clock, Random } from './clock.ts';
import type { Database } from './database.ts';

export interface Identity {
  readonly tenantId: TenantId;
  readonly publicKey: string;
  readonly agentEpoch: number;
}

export interface Agents extends AgentRegistry {
  /** A token that lets one agent enrol within 15 minutes. Shown once; only its hash is kept. */
  invite(tenant: TenantId): Promise<string>;
  redeem(
    token: string,
    publicKey: string,
    hostName: string,
  ): Promise<({ ok: true; agentId: AgentId } & Identity) | { ok: false; sentence: string }>;
  find(agent: AgentId): Promise<Identity | null>;
  /** The agent has connected to `gateway`. Its newest connection counts, and no other. */
  seen(agent: AgentId, gateway: string): Promise<void>;
  /** The agent is still connected to `gateway`. False when it has connected to another one since. */
  stays(agent: AgentId, gateway: string): Promise<boolean>;
  /** Whether the agent's newest connection is, or was, to `gateway`. */
  isAt(agent: AgentId, gateway: string): Promise<boolean>;
  /** The agent is not connected to `gateway` any more; it may be to another, and then nothing changes. */
  gone(agent: AgentId, gateway: string): Promise<void>;
}

const INVITE_TTL_MS = 15 * 60_000; // THREATS section 4, enrolment
/** An agent counts as connected this long after it was last heard of (ms). */
export const ONLINE_MS = 15_000;

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

/** The agents of all tenants: identities, tokens and sequence numbers. */
export function openAgents({
  database,
  log,
  clock,
  random,
}: {
  database: Database;
  log: Log;
  clock: Clock;
  random: Random;
}): Agents {
  const { prisma } = database;
  return {
    async agentsOf(tenant) {
      const rows = await prisma.agentIdentity.findMany({
        where: { tenant },
        orderBy: { lastSeenAt: { sort: 'desc', nulls: 'last' } },
      });
      return rows.map((row) => ({
        agentId: agentId(row.agentId),
        online: (row.lastSeenAt?.getTime() ?? 0) > clock.now() - ONLINE_MS,
      }));
    },
    async nextSeq(tx, agent) {
      const { rows } = await tx.query(
        'UPDATE agent_identity SET last_seq = last_seq + 1 WHERE agent_id = $1 RETURNING last_seq',
        [agent],
      );
      return Number(rows[0].last_seq);
    },
    async invite(tenant) {
      // The token names its tenant, so that nothing of any other has to be looked at to spend it.
      const token = `${tenant}.${Buffer.from(random.bytes(32)).toString('base64url')}`;
      const expiresAt = new Date(clock.now() + INVITE_TTL_MS);
      await database.tenant(tenant, (tx) =>
        tx.enrolment.create({ data: { tokenHash: hashOf(token), tenant, expiresAt } }),
      );
      return token;
    },
    async redeem(token, publicKey, hostName) {
      const now = new Date(clock.now());
      const tenant = tenantId(token.split('.')[0] ?? '');
      const where = { tokenHash: hashOf(token), usedAt: null, expiresAt: { gt: now } };
      // One update that only one caller can win: the token is spent here or not at all.
      const spent = await database.tenant(tenant, (tx) =>
        tx.enrolment.updateMany({ where, data: { usedAt: now } }),
      );
      if (spent.count !== 1)
        return {
          ok: false,
          sentence: 'This enrolment token is unknown, used or older than 15 minutes. Ask for a new one.',
        };
      const id = agentId(Buffer.from(random.bytes(8)).toString('hex'));
      const identity = { tenantId: tenant, publicKey, agentEpoch: 1 };
      await prisma.agentIdentity.create({
        data: { agentId: id, tenant, publicKey: Buffer.from(publicKey, 'base64url'), epoch: 1 },
      });
      await log.transact(agentKind, agentRef(identity.tenantId, id), {
        type: 'enrol',
        agentId: id,
        epoch: 1,
        publicKey,
        hostName,
      });
      return { ok: true, agentId: id, ...identity };
    },
    async find(agent) {
      const row = await prisma.agentIdentity.findUnique({ where: { agentId: agent } });
      return (
        row && {
          tenantId: tenantId(row.tenant),
          publicKey: Buffer.from(row.publicKey).toString('base64url'),
          agentEpoch: row.epoch,
        }
      );
    },
    async seen(agent, gateway) {
      await prisma.agentIdentity.updateMany({
        where: { agentId: agent },
        data: { lastSeenAt: new Date(clock.now()), seenBy: gateway },
      });
    },
    async stays(agent, gateway) {
      const { count } = await prisma.agentIdentity.updateMany({
        where: { agentId: agent, seenBy: gateway },
        data: { lastSeenAt: new Date(clock.now()) },
      });
      return count === 1;
    },
    async isAt(agent, gateway) {
      return (await prisma.agentIdentity.count({ where: { agentId: agent, seenBy: gateway } })) === 1;
    },
    async gone(agent, gateway) {
      await prisma.agentIdentity.updateMany({
        where: { agentId: agent, seenBy: gateway },
        data: { lastSeenAt: null },
      });
    },
  };
}
