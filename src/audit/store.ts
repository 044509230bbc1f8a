import { escapeLiteral, type Pool, type PoolClient } from 'pg';
import { type StreamId, streamId, type TenantId, tenantId } from '../protocol/ids.ts';
import type { Link } from './chain.ts';
import type { SubjectKind, SubjectRef } from './subject.ts';

/**
 * The one file of raw SQL over `event`, `subject` and `due`. Everything in and out of it is sealed bytes and plain
 * columns. Rows of a tenant are reached only inside `inTenant`; `due` holds no content and is read over all tenants.
 */

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

/** Where the log is kept: what `transact` needs of it, and no more. */
export interface LogStore {
  /** See `inTenant`. */
  inTenant<T>(tenant: TenantId, work: (tx: PoolClient) => Promise<T>): Promise<T>;
  readonly isConflict: typeof isConflict;
  readonly readSubject: typeof readSubject;
  readonly readHead: typeof readHead;
  readonly insertEvent: typeof insertEvent;
  readonly writeSubject: typeof writeSubject;
  readonly findByKind: typeof findByKind;
  readonly insertTenant: typeof insertTenant;
  readonly readTenantKey: typeof readTenantKey;
  readonly insertTenantKey: typeof insertTenantKey;
}

/** The log's store in Postgres, over a pool whose role may insert and read events, and no more. */
export function postgresStore(pool: Pool): LogStore {
  return {
    inTenant: (tenant, work) => inTenant(pool, tenant, work),
    isConflict,
    readSubject,
    readHead,
    insertEvent,
    writeSubject,
    findByKind,
    insertTenant,
    readTenantKey,
    insertTenantKey,
  };
}

const UNIQUE_VIOLATION = '23505';

/** A fact that was told to anybody must outlive a crash of the database, whatever the server's default is. */
const DURABLY = 'BEGIN; SET LOCAL synchronous_commit = on';
const ONE_MOMENT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

/**
 * Runs `work` in one transaction that sees and writes rows of this tenant and of no other, whatever its SQL says
 * (row-level security; the setting ends with the transaction). Rolls back when it throws.
 */
export async function inTenant<T>(
  pool: Pool,
  tenant: TenantId,
  work: (tx: PoolClient) => Promise<T>,
): Promise<T> {
  // In one go: every load and every decision begins so.
  return inTransaction(pool, `${DURABLY}; ${entering(tenant)}`, work);
}

/**
 * Runs `look` on one unchanging picture of the database, whatever others write meanwhile. It sees no tenant's rows
 * until it enters one with `enterTenant`, and may go from one to the next.
 */
export async function atOneMoment<T>(pool: Pool, look: (tx: PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(pool, ONE_MOMENT, look);
}

/** From here to its end the transaction sees this tenant's rows only. */
export async function enterTenant(tx: PoolClient, tenant: TenantId): Promise<void> {
  await tx.query(entering(tenant));
}

const entering = (tenant: TenantId): string =>
  `SELECT set_config('app.tenant', ${escapeLiteral(tenant)}, true)`;

async function inTransaction<T>(pool: Pool, begin: string, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query(begin);
    const result = await work(client);
    // Postgres answers ROLLBACK when a statement had failed, even if `work` did not mind.
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT') throw new Error('A statement failed in this transaction, so nothing was kept.');
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

/** True when another transaction wrote the same version of the stream first. */
export function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION;
}

/** One subject's version and sealed snapshot, or null. `lock: 'share'` keeps others from changing it until commit. */
export async function readSubject(
  tx: PoolClient,
  { tenant, stream }: SubjectRef,
  lock?: 'share',
): Promise<SubjectRow | null> {
  const { rows } = await tx.query(
    `SELECT version, snapshot FROM subject WHERE tenant = $1 AND stream = $2 ${lock ? 'FOR SHARE' : ''}`,
    [tenant, stream],
  );
  return rows[0] ?? null;
}

/** The hash that the next event of the stream must point back to, or null when the stream is empty. */
export async function readHead(tx: PoolClient, { tenant, stream }: SubjectRef): Promise<Uint8Array | null> {
  const { rows } = await tx.query(
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

/** Writes where the subject now stands, and when it is due, in the transaction of its events. */
export async function writeSubject(tx: PoolClient, ref: SubjectRef, row: SubjectWrite): Promise<void> {
  const names = [ref.tenant, ref.stream, row.kind, row.status, row.version];
  await tx.query(
    `INSERT INTO subject (tenant, stream, kind, status, version, snapshot) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant, stream) DO UPDATE SET status = $4, version = $5, snapshot = $6`,
    [...names, row.snapshot],
  );
  await tx.query(
    `INSERT INTO due (tenant, stream, kind, status, version, due_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant, stream) DO UPDATE SET status = $4, version = $5, due_at = $6`,
    [...names, row.dueAt === null ? null : new Date(row.dueAt)],
  );
}

/** Subjects of all tenants with work to do now: due, or changed since Slack last showed them. At most `limit`, longest due first. */
export async function findDue(
  pool: Pool,
  now: number,
  limit: number,
): Promise<(IndexRow & { due: boolean; unshown: boolean })[]> {
  const { rows } = await pool.query(
    `SELECT tenant, stream, kind, status, version,
            coalesce(due_at <= $1, false) AS due,
            shown_version < version AND coalesce(show_after <= $1, true) AS unshown
     FROM due
     WHERE due_at <= $1 OR (shown_version < version AND coalesce(show_after <= $1, true))
     ORDER BY due_at NULLS LAST LIMIT $2`,
    [new Date(now), limit],
  );
  return rows.map((row) => ({ ...indexRow(row), due: row.due, unshown: row.unshown }));
}

/** The tenant's subjects of one kind, newest stream first; only those with one of `statuses` when given. */
export async function findByKind(
  tx: PoolClient,
  tenant: TenantId,
  kind: SubjectKind,
  statuses?: readonly string[],
): Promise<(SubjectRef & SubjectRow)[]> {
  const { rows } = await tx.query(
    `SELECT stream, version, snapshot FROM subject
     WHERE tenant = $1 AND kind = $2 AND ($3::text[] IS NULL OR status = ANY($3)) ORDER BY stream DESC`,
    [tenant, kind, statuses ?? null],
  );
  return rows.map((row) => ({ ...row, tenant, stream: streamId(row.stream) }));
}

/** Looks at the subject again at `until` and not before. Changes timing only, so it is no event. */
export async function deferDue(pool: Pool, { tenant, stream }: SubjectRef, until: number): Promise<void> {
  await pool.query('UPDATE due SET due_at = $3 WHERE tenant = $1 AND stream = $2 AND due_at < $3', [
    tenant,
    stream,
    new Date(until),
  ]);
}

/** Slack now shows `version` of the subject. */
export async function markShown(pool: Pool, { tenant, stream }: SubjectRef, version: number): Promise<void> {
  await pool.query(
    `UPDATE due SET shown_version = greatest(shown_version, $3), show_after = NULL
     WHERE tenant = $1 AND stream = $2`,
    [tenant, stream, version],
  );
}

/** Slack asked to be left alone until `until`. */
export async function deferShow(pool: Pool, { tenant, stream }: SubjectRef, until: number): Promise<void> {
  await pool.query('UPDATE due SET show_after = $3 WHERE tenant = $1 AND stream = $2', [
    tenant,
    stream,
    new Date(until),
  ]);
}

/** Whatever of the tenant Slack does not show yet may be shown now: its workspace is there again. */
export async function showAgain(pool: Pool, tenant: TenantId): Promise<void> {
  await pool.query('UPDATE due SET show_after = NULL WHERE tenant = $1 AND show_after IS NOT NULL', [tenant]);
}

/** Every tenant that any record or index names, for `audit verify`. */
export async function readTenants(tx: PoolClient): Promise<TenantId[]> {
  const { rows } = await tx.query(
    // Records are seen here by roles that bypass the policies only; for others the two indexes name the tenants.
    'SELECT id FROM tenant UNION SELECT tenant FROM due UNION SELECT tenant FROM event ORDER BY 1',
  );
  return rows.map(({ id }) => tenantId(id));
}

/** Every event of the tenant in the order of its chains, in pages, for `audit verify`. */
export async function* readEvents(
  tx: PoolClient,
  tenant: TenantId,
  pageSize = 500,
): AsyncGenerator<Link & { hash: Uint8Array }> {
  let after: [string, number] = ['', 0];
  for (;;) {
    const { rows } = await tx.query(
      `SELECT tenant, stream, version, type, at, payload, prev_hash, hash FROM event
       WHERE tenant = $1 AND (stream, version) > ($2, $3) ORDER BY stream, version LIMIT $4`,
      [tenant, ...after, pageSize],
    );
    for (const row of rows) {
      yield { ...row, at: (row.at as Date).getTime(), prevHash: row.prev_hash };
      after = [row.stream, row.version];
    }
    if (rows.length < pageSize) return;
  }
}

/** Every subject of the tenant with its version, for `audit verify`. */
export async function readSubjects(tx: PoolClient, tenant: TenantId): Promise<(IndexRow & SubjectRow)[]> {
  const { rows } = await tx.query(
    'SELECT tenant, stream, kind, status, version, snapshot FROM subject WHERE tenant = $1 ORDER BY stream',
    [tenant],
  );
  return rows.map((row) => ({ ...indexRow(row), snapshot: row.snapshot }));
}

/** What the index of due work says of the tenant's subjects, for `audit verify`. */
export async function readIndex(tx: PoolClient, tenant: TenantId): Promise<IndexRow[]> {
  const { rows } = await tx.query('SELECT tenant, stream, kind, status, version FROM due WHERE tenant = $1', [
    tenant,
  ]);
  return rows.map(indexRow);
}

/** Names the tenant; until then none of its subjects can be due. Naming it again makes it active again. */
export async function insertTenant(tx: PoolClient, tenant: TenantId): Promise<void> {
  await tx.query(
    "INSERT INTO tenant (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET status = 'active' WHERE tenant.status <> 'active'",
    [tenant],
  );
}

/** A tenant's wrapped data key, or null. */
export async function readTenantKey(tx: PoolClient, tenant: TenantId): Promise<Uint8Array | null> {
  const { rows } = await tx.query('SELECT wrapped FROM tenant_key WHERE tenant = $1', [tenant]);
  return rows[0]?.wrapped ?? null;
}

/** Keeps a new wrapped data key; when two processes race, the first stays and the second reads it. */
export async function insertTenantKey(tx: PoolClient, tenant: TenantId, wrapped: Uint8Array): Promise<void> {
  await tx.query('INSERT INTO tenant_key (tenant, wrapped) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
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
