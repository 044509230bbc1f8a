/** The log's rows as the owner of the database sees them, for tests that look below the log. */
import type { Client } from 'pg';
import { eventContext } from '../../src/audit/log.ts';
import { unseal } from '../../src/audit/seal.ts';
import type { Typed } from '../../src/audit/subject.ts';
import { streamId, tenantId } from '../../src/protocol/ids.ts';

export interface EventRow {
  readonly tenant: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly at: Date;
  readonly payload: Uint8Array;
}

/** Every event, or those of one stream, in the order of their chains. */
export async function allEvents(owner: Client, stream?: string): Promise<EventRow[]> {
  const { rows } = await owner.query(
    'SELECT * FROM event WHERE $1::text IS NULL OR stream = $1 ORDER BY tenant, stream, version',
    [stream ?? null],
  );
  return rows;
}

/** What an event holds, opened with its tenant's key; only for a log whose keys are kept in the clear. */
export async function openPayload(owner: Client, row: EventRow): Promise<Typed> {
  const { rows } = await owner.query('SELECT wrapped FROM tenant_key WHERE tenant = $1', [row.tenant]);
  const ref = { tenant: tenantId(row.tenant), stream: streamId(row.stream) };
  const plain = unseal(rows[0].wrapped, row.payload, eventContext(ref, row.version, row.type));
  return JSON.parse(Buffer.from(plain).toString());
}
