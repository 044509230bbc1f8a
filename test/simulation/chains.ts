import { isDeepStrictEqual } from 'node:util';
import { GENESIS, linkHash } from '../../src/audit/chain.ts';
import { snapshotContext } from '../../src/audit/log.ts';
import { unseal } from '../../src/audit/seal.ts';
import type { Kind, SubjectKind, Typed } from '../../src/audit/subject.ts';
import type { TenantId } from '../../src/protocol/ids.ts';
import { runKind } from '../../src/run/kind.ts';
import { agentKind } from '../../src/tenant/agent.ts';
import { tenantKind } from '../../src/tenant/tenant.ts';
import type { EventRow, MemoryDatabase } from './memory-store.ts';

/** A record as it was committed, and what was in it. */
export interface Record {
  readonly row: EventRow;
  readonly event: Typed;
}

type AnyKind = Kind<unknown, unknown, Typed>;

/** The kinds whose snapshots are compared to the sum of their events. */
const KINDS: Partial<{ readonly [K in SubjectKind]: AnyKind }> = {
  run: runKind as unknown as AnyKind,
  tenant: tenantKind as unknown as AnyKind,
  agent: agentKind as unknown as AnyKind,
};

export const keyOf = ({ stream, version }: Pick<EventRow, 'stream' | 'version'>): string =>
  `${stream}|${version}`;

/** Compares what the database keeps of the tenant at the end with every commit that was seen and not lost. */
export function brokenChains(
  database: MemoryDatabase,
  tenant: TenantId,
  dataKey: Uint8Array,
  committed: ReadonlyMap<string, Record>,
): string[] {
  const ends = new Map<string, { hash: Uint8Array; version: number; state: unknown }>();
  const subjects = database.subjects(tenant);
  const kindOf = new Map<string, AnyKind | undefined>(
    subjects.map(({ stream, kind }) => [stream, KINDS[kind]]),
  );
  const rows = database.events(tenant);
  const sentences = rows.length === committed.size ? [] : ['There are more or fewer records than commits.'];
  for (const row of rows) {
    const kind = kindOf.get(row.stream);
    const end = ends.get(row.stream) ?? { hash: GENESIS, version: 0, state: kind?.initial };
    const known = committed.get(keyOf(row));
    const isNext = row.version === end.version + 1 && isSame(row.prevHash, end.hash);
    if (!isNext || known?.row !== row || !isSame(linkHash(row), row.hash))
      return [...sentences, `The chain of ${row.stream} breaks at ${row.version}.`];
    const state = kind?.evolve(end.state, known.event);
    ends.set(row.stream, { hash: row.hash, version: row.version, state });
  }
  for (const { kind, stream, version, snapshot } of subjects) {
    const end = ends.get(stream);
    if (end?.version !== version) sentences.push(`The snapshot of ${stream} is not of its last record.`);
    if (!KINDS[kind]) continue;
    const plain = unseal(dataKey, snapshot, snapshotContext({ tenant, stream }, version));
    const sum = JSON.parse(JSON.stringify(end?.state));
    if (!isDeepStrictEqual(JSON.parse(Buffer.from(plain).toString()), sum))
      sentences.push(`The snapshot of ${stream} is not what its records add up to.`);
  }
  return sentences;
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
