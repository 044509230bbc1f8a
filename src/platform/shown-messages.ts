import type { Pool } from 'pg';
import { inTenant } from '../audit/store.ts';
import type { SubjectRef } from '../audit/subject.ts';
import { streamId, type TenantId, tenantId } from '../protocol/ids.ts';
import type { Database } from './database.ts';

interface Shown {
  readonly channel: string;
  readonly ts: string;
  readonly hash: string;
}

/** The index of our own Slack messages: what shows where. It can be lost: then messages are posted anew. */
export function openShownMessages({ pool, tenant: inPrisma }: Database) {
  return {
    async of({ tenant, stream }: SubjectRef): Promise<ReadonlyMap<string, Shown>> {
      const { rows } = await inTenant(pool, tenant, (tx) =>
        tx.query('SELECT key, channel, ts, hash FROM slack_message WHERE tenant = $1 AND stream = $2', [
          tenant,
          stream,
        ]),
      );
      return new Map(rows.map(({ key, channel, ts, hash }) => [key, { channel, ts, hash }]));
    },
    // Durably: a message that Slack shows and we forgot would be posted again.
    async put({ tenant, stream }: SubjectRef, key: string, { channel, ts, hash }: Shown): Promise<void> {
      await inTenant(pool, tenant, (tx) =>
        tx.query(
          `INSERT INTO slack_message (tenant, stream, key, channel, ts, hash) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (tenant, stream, key) DO UPDATE SET channel = $4, ts = $5, hash = $6`,
          [tenant, stream, key, channel, ts, hash],
        ),
      );
    },
    /** Which subject one of our messages shows, or null. */
    async find(tenant: TenantId, channel: string, ts: string): Promise<SubjectRef | null> {
      const where = { tenant_channel_ts: { tenant, channel, ts } };
      const row = await inPrisma(tenant, (prisma) => prisma.slackMessage.findUnique({ where }));
      return row && { tenant: tenantId(row.tenant), stream: streamId(row.stream) };
    },
  };
}

/**
 * Runs the work under a lock that all processes share, unless somebody holds it: two workers showing one subject would
 * post it twice. False when it was held and the work did not run.
 */
export async function alone(
  pool: Pool,
  { tenant, stream }: SubjectRef,
  work: () => Promise<void>,
): Promise<boolean> {
  const client = await pool.connect();
  const key = `show|${tenant}|${stream}`;
  // Until the lock is known to be free: a session that may hold it is ended, not given to whoever asks next.
  let mayHold = true;
  try {
    const { rows } = await client.query('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS held', [
      key,
    ]);
    mayHold = rows[0]?.held === true;
    if (!mayHold) return false;
    try {
      await work();
    } finally {
      await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [key]);
      mayHold = false;
    }
    return true;
  } finally {
    client.release(mayHold);
  }
}
