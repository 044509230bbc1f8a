import type { Pool, PoolClient } from 'pg';
import { type StreamId, streamId, type TenantId, tenantId } from '../protocol/ids.ts';
import type { Link } from './chain.ts';
import type { SubjectKind, SubjectRef } from './subject.ts';

/** The one file of raw SQL over `event` and `subject`. Everything in and out of it is sealed bytes and plain columns. */

export interface SubjectRow {
  readonly version: number;
  readonly snapshot: Uint8Array;
}

export interface IndexRow extends SubjectRef {
  readonly kind: SubjectKind;
  readonly status: string;
  readonly version: number;
}

export interface SubjectWrite {
  readonly kind: SubjectKind;
  readonly status: string;
  readonly version: number;
  readonly dueAt: number | null;
  readonly snapshot: Uint8Array;
}

type Queryable = Pool | PoolClient;

const UNIQUE_VIOLATION = '23505';

/** A fact that was told to anybody must outlive a crash of the database, whatever the server's default is. */
const DURABLY = 'BEGIN; SET LOCAL synchronous_commit = on';

/** Runs `work` in one transaction on one connection; rolls back when it throws. */
export async function inTransaction<T>(
  pool: Pool,
  work: (tx: PoolClient) => Promise<T>,
  begin = DURABLY,
): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that cannot even roll back is thrown away, not given to whoever asks next.
    await client.query('ROLLBACK').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Runs `look` on one unchanging picture of the database, whatever others write meanwhile. */
export async function atOneMoment<T>(pool: Pool, look: (tx: PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(pool, look, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
}

/** True when another transaction wrote the same version of the stream first. */
export function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION;
}

/** One subject's version and sealed snapshot, or null. `lock: 'share'` keeps others from changing it until commit. */
export async function readSubject(
  db: Queryable,
  { tenant, stream }: SubjectRef,
  lock?: 'share',
): Promise<SubjectRow | null> {
  const { rows } = await db.query(
    `SELECT version, snapshot FROM subject WHERE tenant = $1 AND stream = $2 ${lock ? 'FOR SHARE' : ''}`,
    [tenant, stream],
  );
  return rows[0] ?? null;
}

/** The hash that the next event of the stream must point back to, or null when the stream is empty. */
export async function readHead(db: Queryable, { tenant, stream }: SubjectRef): Promise<Uint8Array | null> {
  const { rows } = await db.query(
    'SELECT hash FROM event WHERE tenant = $1 AND stream = $2 ORDER BY version DESC LIMIT 1',
    [tenant, stream],
  );
  return rows[0]?.hash ?? null;
}

/** Appends one event. A clash of (tenant, stream, version) throws; see `isConflict`. */
export async function insertEvent(tx: PoolClient, link: Link, hash: Uint8Array): Promise<void> {
  await tx.query(
    `INSERT INTO event (tenant, stream, version, type, at, payload, prev_hash, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [link.tenant, link.stream, link.version, link.type, new Date(link.at), link.payload, link.prevHash, hash],
  );
}

/** Writes where the subject now stands, in the transaction of its events. */
export async function writeSubject(tx: PoolClient, ref: SubjectRef, row: SubjectWrite): Promise<void> {
  await tx.query(
    `INSERT INTO subject (tenant, stream, kind, status, version, due_at, snapshot)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (tenant, stream) DO UPDATE
     SET status = $4, version = $5, due_at = $6, snapshot = $7`,
    [
      ref.tenant,
      ref.stream,
      row.kind,
      row.status,
      row.version,
      row.dueAt === null ? null : new Date(row.dueAt),
      row.snapshot,
    ],
  );
}

/** Subjects with work to do now: due, or changed since Slack last showed them. At most `limit`, longest due first. */
export async function findDue(
  pool: Pool,
  now: number,
  limit: number,
): Promise<(IndexRow & { due: boolean; unshown: boolean })[]> {
  const { rows } = await pool.query(
    `SELECT tenant, stream, kind, status, version,
            coalesce(due_at <= $1, false) AS due,
            shown_version < version AND coalesce(show_after <= $1, true) AS unshown
     FROM subject
     WHERE due_at <= $1 OR (shown_version < version AND coalesce(show_after <= $1, true))
     ORDER BY due_at NULLS LAST LIMIT $2`,
    [new Date(now), limit],
  );
  return rows.map((row) => ({ ...indexRow(row), due: row.due, unshown: row.unshown }));
}

/** The tenant's subjects of one kind, by stream; only those with one of `statuses` when given. */
export async function findByKind(
  pool: Pool,
  tenant: TenantId,
  kind: SubjectKind,
  statuses?: readonly string[],
): Promise<IndexRow[]> {
  const { rows } = await pool.query(
    `SELECT tenant, stream, kind, status, version FROM subject
     WHERE tenant = $1 AND kind = $2 AND ($3::text[] IS NULL OR status = ANY($3)) ORDER BY stream DESC`,
    [tenant, kind, statuses ?? null],
  );
  return rows.map(indexRow);
}

/** Looks at the subject again at `until` and not before. Changes timing only, so it is no event. */
export async function deferDue(pool: Pool, { tenant, stream }: SubjectRef, until: number): Promise<void> {
  await pool.query('UPDATE subject SET due_at = $3 WHERE tenant = $1 AND stream = $2 AND due_at < $3', [
    tenant,
    stream,
    new Date(until),
  ]);
}

/** Slack now shows `version` of the subject. */
export async function markShown(pool: Pool, { tenant, stream }: SubjectRef, version: number): Promise<void> {
  await pool.query(
    `UPDATE subject SET shown_version = greatest(shown_version, $3), show_after = NULL
     WHERE tenant = $1 AND stream = $2`,
    [tenant, stream, version],
  );
}

/** Slack asked to be left alone until `until`. */
export async function deferShow(pool: Pool, { tenant, stream }: SubjectRef, until: number): Promise<void> {
  await pool.query('UPDATE subject SET show_after = $3 WHERE tenant = $1 AND stream = $2', [
    tenant,
    stream,
    new Date(until),
  ]);
}

/** Every event of the database in the order of its chains, in pages, for `audit verify`. */
export async function* readEvents(
  db: Queryable,
  pageSize = 500,
): AsyncGenerator<Link & { hash: Uint8Array }> {
  let after: [string, string, number] = ['', '', 0];
  for (;;) {
    const { rows } = await db.query(
      `SELECT tenant, stream, version, type, at, payload, prev_hash, hash FROM event
       WHERE (tenant, stream, version) > ($1, $2, $3) ORDER BY tenant, stream, version LIMIT $4`,
      [...after, pageSize],
    );
    for (const row of rows) {
      yield { ...row, at: (row.at as Date).getTime(), prevHash: row.prev_hash };
      after = [row.tenant, row.stream, row.version];
    }
    if (rows.length < pageSize) return;
  }
}

/** Every subject's key and version, for `audit verify`. */
export async function readSubjects(db: Queryable): Promise<(IndexRow & SubjectRow)[]> {
  const { rows } = await db.query(
    'SELECT tenant, stream, kind, status, version, snapshot FROM subject ORDER BY tenant, stream',
  );
  return rows.map((row) => ({ ...indexRow(row), snapshot: row.snapshot }));
}

/** A tenant's wrapped data key, or null. */
export async function readTenantKey(db: Queryable, tenant: TenantId): Promise<Uint8Array | null> {
  const { rows } = await db.query('SELECT wrapped FROM tenant_key WHERE tenant = $1', [tenant]);
  return rows[0]?.wrapped ?? null;
}

/** Keeps a new wrapped data key; when two processes race, the first stays and the second reads it. */
export async function insertTenantKey(db: Queryable, tenant: TenantId, wrapped: Uint8Array): Promise<void> {
  await db.query('INSERT INTO tenant_key (tenant, wrapped) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    tenant,
    wrapped,
  ]);
}

function indexRow(row: {
  tenant: string;
  stream: string;
  kind: SubjectKind;
  status: string;
  version: number;
}): IndexRow {
  const stream: StreamId = streamId(row.stream);
  return { tenant: tenantId(row.tenant), stream, kind: row.kind, status: row.status, version: row.version };
}
