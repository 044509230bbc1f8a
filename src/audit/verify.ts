import type { TenantId } from '../protocol/ids.ts';
import { GENESIS, linkHash } from './chain.ts';
import { eventContext, snapshotContext, type Tx } from './log.ts';
import { unseal } from './seal.ts';
import { enterTenant, readEvents, readIndex, readSubjects, readTenants } from './store.ts';
import type { Kind, SubjectKind, SubjectRef, Typed } from './subject.ts';

/** One place where the log is not what it was when it was written. */
export interface Finding {
  readonly stream: string;
  readonly version: number;
  readonly sentence: string;
}

export interface Verification {
  readonly events: number;
  readonly streams: number;
  readonly findings: readonly Finding[];
}

export interface VerifyDeps {
  /** One transaction that sees one moment (`atOneMoment`), so that what is written meanwhile is no finding. */
  readonly tx: Tx;
  /** Opens payloads and folds them, so that snapshots are checked too; without it only the chains are. */
  readonly dataKey?: (tenant: TenantId) => Promise<Uint8Array>;
  readonly kinds?: ReadonlyMap<SubjectKind, Kind<unknown, unknown, Typed>>;
}

interface Walk {
  ref: SubjectRef;
  version: number;
  hash: Uint8Array;
  state: unknown;
  broken: boolean;
}

/**
 * Checks every chain of every tenant: no gap, each record points back to the one before, each hash is that of its
 * record; and, with keys, that every payload opens and every snapshot equals the fold of its events. What it cannot
 * see: a stream removed whole or cut at its end together with its subject (signed checkpoints will).
 */
export async function verifyLog(deps: VerifyDeps): Promise<Verification> {
  const found: Verification[] = [];
  for (const tenant of await readTenants(deps.tx)) {
    await enterTenant(deps.tx, tenant);
    found.push(await verifyTenant(deps, tenant));
  }
  return {
    events: found.reduce((sum, { events }) => sum + events, 0),
    streams: found.reduce((sum, { streams }) => sum + streams, 0),
    findings: found.flatMap(({ findings }) => findings),
  };
}

async function verifyTenant(
  { tx, dataKey: readKey, kinds }: VerifyDeps,
  tenant: TenantId,
): Promise<Verification> {
  const dataKey = readKey && once(() => readKey(tenant));
  const findings: Finding[] = [];
  const ends = new Map<string, Walk>();
  const subjects = await readSubjects(tx, tenant);
  const kindOf = new Map(subjects.map((row) => [`${row.tenant}/${row.stream}`, row.kind]));
  let count = 0;

  for await (const event of readEvents(tx, tenant)) {
    count += 1;
    const id = `${event.tenant}/${event.stream}`;
    const found = (sentence: string) => findings.push({ stream: id, version: event.version, sentence });
    const kindName = kindOf.get(id);
    const kind = kindName && kinds?.get(kindName);
    const ref = { tenant, stream: event.stream as SubjectRef['stream'] };
    const walk = ends.get(id) ?? { ref, version: 0, hash: GENESIS, state: kind?.initial, broken: false };
    ends.set(id, walk);
    if (event.version !== walk.version + 1)
      found(`Versions ${walk.version + 1} to ${event.version - 1} are missing.`);
    if (!equal(event.prevHash, walk.hash)) found('The record does not point back to the one before it.');
    if (!equal(linkHash(event), event.hash)) found('The record was changed after it was written.');
    walk.version = event.version;
    walk.hash = event.hash;
    if (!dataKey || !kind || walk.broken) continue;
    try {
      const plain = unseal(await dataKey(), event.payload, eventContext(ref, event.version, event.type));
      walk.state = kind.evolve(walk.state, JSON.parse(Buffer.from(plain).toString()) as Typed);
    } catch (error) {
      walk.broken = true;
      found(`The payload cannot be opened: ${sentenceOf(error)}`);
    }
  }

  for (const row of subjects) {
    const id = `${row.tenant}/${row.stream}`;
    const walk = ends.get(id);
    const found = (sentence: string) => findings.push({ stream: id, version: row.version, sentence });
    if (walk?.version !== row.version) {
      found(`The snapshot stands at version ${row.version}, the log ends at ${walk?.version ?? 0}.`);
    } else if (dataKey && kinds?.has(row.kind) && !walk.broken) {
      try {
        const plain = unseal(await dataKey(), row.snapshot, snapshotContext(row, row.version));
        const same = Buffer.from(plain).toString() === JSON.stringify(walk.state);
        if (!same) found('The snapshot is not what its events add up to.');
      } catch (error) {
        found(`The snapshot cannot be opened: ${sentenceOf(error)}`);
      }
    }
  }
  const index = new Map((await readIndex(tx, tenant)).map((row) => [row.stream, row]));
  for (const { stream, version, kind, status } of subjects) {
    const row = index.get(stream);
    const last = ends.get(`${tenant}/${stream}`)?.version ?? 0;
    if (row?.version !== last || row.kind !== kind || row.status !== status)
      findings.push({
        stream: `${tenant}/${stream}`,
        version,
        sentence: 'The index of what is due does not say where the subject stands.',
      });
  }
  for (const [id, { version }] of ends) {
    if (!kindOf.has(id))
      findings.push({
        stream: id,
        version,
        sentence: 'The log has records of it, and its snapshot is gone.',
      });
  }
  return { events: count, streams: ends.size, findings };
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | null = null;
  return () => {
    found ??= read();
    return found;
  };
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(Buffer.from(b));
}
