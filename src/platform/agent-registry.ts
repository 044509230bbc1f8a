import { createHash } from 'node:crypto';
import type { Log } from '../audit/log.ts';
import { agentRef } from '../audit/streams.ts';
import { type AgentId, agentId, type TenantId, tenantId } from '../protocol/ids.ts';
import { LEASE_TTL_MS } from '../protocol/lease.ts';
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
  /**
   * A token that lets one agent enrol within 15 minutes: a new one, or `again` one that is there already. Shown once; only
   * its hash is kept.
   */
  invite(tenant: TenantId, again?: AgentId): Promise<string>;
  /**
   * Spends a token and binds the public key. An agent that enrols again keeps its id and the numbers of its envelopes and
   * gets the next epoch; its key, its connection and everything else of its earlier epochs count no more from then on.
   */
  redeem(
    token: string,
    publicKey: string,
    hostName: string,
  ): Promise<({ ok: true; agentId: AgentId } & Identity) | { ok: false; sentence: string }>;
  find(agent: AgentId): Promise<Identity | null>;
  /** A new connection: it is granted the next lease epoch, and everything of older ones is dead from here on. */
  connect(agent: AgentId, stand: Stand): Promise<Connected>;
  /** The agent of this lease is still there. Null when it has connected anew since, wherever that was. */
  renew(agent: AgentId, leaseEpoch: number, seqMark: number): Promise<{ readonly seqMark: number } | null>;
  /** The connection of this lease has ended; a newer one is not touched. */
  release(agent: AgentId, leaseEpoch: number): Promise<void>;
  /** Forgets the identity: its key counts no more, and it is given nothing. False when there is no such agent. */
  remove(tenant: TenantId, agent: AgentId): Promise<boolean>;
}

/** Where an agent says that its journal stands. */
export interface Stand {
  readonly agentEpoch: number;
  readonly seqMark: number;
  readonly leaseEpoch: number;
}

export type Connected =
  | { readonly kind: 'granted'; readonly leaseEpoch: number; readonly seqMark: number }
  /** Its journal is older than what was heard of it. */
  | { readonly kind: 'rolled-back'; readonly seqMark: number }
  | { readonly kind: 'unknown' };

const INVITE_TTL_MS = 15 * 60_000; // THREATS section 4, enrolment

/** An envelope is signed while this much of the lease is left: it has to get there, and a start needs 2 s of it. */
const LEASE_LEFT_MS = 4_000;
/** A lease that ends later than it can means that the clocks of our own processes differ by more than this. */
const CLOCKS_DIFFER_MS = 5_000;

/** Between which times (ms since 1970, both excluded) a lease has to end to be good for an envelope now. */
export const goodLease = (now: number): readonly [number, number] => [
  now + LEASE_LEFT_MS,
  now + LEASE_TTL_MS + CLOCKS_DIFFER_MS,
];

/** True when an envelope may be signed under a lease that ends at `until`. */
export function isGoodLease(until: number, now: number): boolean {
  const [after, before] = goodLease(now);
  return until > after && until < before;
}

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
  const keyBytes = (publicKey: string) => Buffer.from(publicKey, 'base64url');
  const newIdentity = async (tenant: TenantId, publicKey: string) => {
    const id = agentId(Buffer.from(random.bytes(8)).toString('hex'));
    const data = { agentId: id, tenant, publicKey: keyBytes(publicKey), epoch: 1 };
    await prisma.agentIdentity.create({ data });
    return { agentId: id, agentEpoch: 1 };
  };
  /** The new journal has seen nothing yet; what was signed before may never be signed again, so `last_seq` stays. */
  const nextEpoch = async (tenant: TenantId, agent: AgentId, publicKey: string) => {
    const { rows } = await database.pool.query(
      `UPDATE agent_identity
       SET epoch = epoch + 1, public_key = $3, seen_seq = 0, lease_epoch = lease_epoch + 1, lease_until = NULL
       WHERE agent_id = $1 AND tenant = $2 RETURNING epoch`,
      [agent, tenant, keyBytes(publicKey)],
    );
    return rows[0] ? { agentId: agent, agentEpoch: Number(rows[0].epoch) } : null;
  };
  return {
    async agentsOf(tenant) {
      const rows = await prisma.agentIdentity.findMany({
        where: { tenant },
        orderBy: { lastSeenAt: { sort: 'desc', nulls: 'last' } },
      });
      return rows.map(({ agentId: id, leaseUntil }) => ({
        agentId: agentId(id),
        online: leaseUntil !== null && isGoodLease(leaseUntil.getTime(), clock.now()),
      }));
    },
    async nextSeq(tx, agent) {
      const { rows } = await tx.query(
        `UPDATE agent_identity SET last_seq = last_seq + 1
         WHERE agent_id = $1 AND lease_until > $2 AND lease_until < $3 RETURNING last_seq, lease_epoch, epoch`,
        [agent, ...goodLease(clock.now()).map((time) => new Date(time))],
      );
      const [row] = rows;
      return row
        ? { seq: Number(row.last_seq), leaseEpoch: Number(row.lease_epoch), agentEpoch: row.epoch }
        : null;
    },
    async invite(tenant, again) {
      // The token names its tenant, so that nothing of any other has to be looked at to spend it.
      const token = `${tenant}.${Buffer.from(random.bytes(32)).toString('base64url')}`;
      const expiresAt = new Date(clock.now() + INVITE_TTL_MS);
      await database.tenant(tenant, (tx) =>
        tx.enrolment.create({
          data: { tokenHash: hashOf(token), tenant, agentId: again ?? null, expiresAt },
        }),
      );
      return token;
    },
    async redeem(token, publicKey, hostName) {
      const now = new Date(clock.now());
      const tenant = tenantId(token.split('.')[0] ?? '');
      const where = { tokenHash: hashOf(token), usedAt: null, expiresAt: { gt: now } };
      // One update that only one caller can win: the token is spent here or not at all.
      const [spent] = await database.tenant(tenant, (tx) =>
        tx.enrolment.updateManyAndReturn({ where, data: { usedAt: now }, select: { agentId: true } }),
      );
      if (!spent)
        return {
          ok: false,
          sentence: 'This enrolment token is unknown, used or older than 15 minutes. Ask for a new one.',
        };
      const identity = spent.agentId
        ? await nextEpoch(tenant, agentId(spent.agentId), publicKey)
        : await newIdentity(tenant, publicKey);
      if (!identity)
        return { ok: false, sentence: 'The agent of this token was removed. Ask for one of a new agent.' };
      const { agentId: id, agentEpoch: epoch } = identity;
      const enrol = { type: 'enrol', agentId: id, epoch, publicKey, hostName } as const;
      await log.transact(agentKind, agentRef(tenant, id), enrol);
      return { ok: true, tenantId: tenant, publicKey, ...identity };
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
    async connect(agent, { agentEpoch, seqMark, leaseEpoch }) {
      const { rows } = await database.pool.query(
        `UPDATE agent_identity
         SET lease_epoch = greatest(lease_epoch, $4) + 1, lease_until = $5, last_seen_at = $6,
             last_seq = greatest(last_seq, $3), seen_seq = $3
         WHERE agent_id = $1 AND epoch = $2 AND seen_seq <= $3 RETURNING lease_epoch`,
        [agent, agentEpoch, seqMark, leaseEpoch, new Date(clock.now() + LEASE_TTL_MS), new Date(clock.now())],
      );
      if (rows[0]) return { kind: 'granted', leaseEpoch: Number(rows[0].lease_epoch), seqMark };
      const row = await prisma.agentIdentity.findUnique({ where: { agentId: agent } });
      return row?.epoch === agentEpoch
        ? { kind: 'rolled-back', seqMark: Number(row.seenSeq) }
        : { kind: 'unknown' };
    },
    async renew(agent, leaseEpoch, seqMark) {
      const { rows } = await database.pool.query(
        `UPDATE agent_identity
         SET lease_until = $4, last_seen_at = $5,
             seen_seq = greatest(seen_seq, $3), last_seq = greatest(last_seq, $3)
         WHERE agent_id = $1 AND lease_epoch = $2 RETURNING seen_seq`,
        [agent, leaseEpoch, seqMark, new Date(clock.now() + LEASE_TTL_MS), new Date(clock.now())],
      );
      return rows[0] ? { seqMark: Number(rows[0].seen_seq) } : null;
    },
    async release(agent, leaseEpoch) {
      await prisma.agentIdentity.updateMany({
        where: { agentId: agent, leaseEpoch },
        data: { leaseUntil: null },
      });
    },
    async remove(tenant, agent) {
      const known = await prisma.agentIdentity.findFirst({ where: { tenant, agentId: agent } });
      if (!known) return false;
      await log.transact(agentKind, agentRef(tenant, agent), { type: 'remove' });
      await prisma.agentIdentity.deleteMany({ where: { tenant, agentId: agent } });
      return true;
    },
  };
}
