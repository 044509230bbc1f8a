import type { PoolClient } from 'pg';
import type { TenantId } from '../protocol/ids.ts';
import { streamId } from '../protocol/ids.ts';
import { tenantKind } from '../tenant/tenant.ts';
import { GENESIS, linkHash } from './chain.ts';
import { LogFault } from './errors.ts';
import { type KeyService, seal, unseal } from './seal.ts';
import { type LogStore, readTenantKey, type SubjectRow } from './store.ts';
import type { Facts, Kind, Refusal, SubjectKind, SubjectRef, TenantFacts, Typed } from './subject.ts';

/** The stream of a tenant's own facts: pause and settings. */
export const TENANT_STREAM = streamId('tenant');

export type Outcome<S, E> =
  | { readonly ok: true; readonly state: S; readonly version: number; readonly events: readonly E[] }
  | { readonly ok: false; readonly refusal: Refusal };

export interface Loaded<S> {
  readonly ref: SubjectRef;
  readonly state: S;
  readonly version: number;
}

/** The transaction a decision is recorded in, for what has to happen in it or not at all. */
export type Tx = PoolClient;

/**
 * Makes the command from what the transaction sees, for commands that must carry something computed from the state
 * (a signature, the next sequence number). May run more than once when others write at the same time.
 */
export type Prepare<S, C> = (state: S, facts: Facts, tx: Tx) => C | Promise<C>;

/** The append-only log and its snapshots: the only way anything in this system changes or is read back. */
export interface Log {
  /**
   * Decides `command` on the subject and, when it is not refused, records the resulting events and the new snapshot in
   * one transaction. Concurrent writers are serialised by (tenant, stream, version): the loser decides again on what
   * the winner left. Throws `LogFault('contention')` when that happens too often.
   */
  transact<S, C, E extends Typed>(
    kind: Kind<S, C, E>,
    ref: SubjectRef,
    command: C | Prepare<S, C>,
  ): Promise<Outcome<S, E>>;
  /** The subject as it stands, or null when nothing ever happened to it. */
  load<S, C, E extends Typed>(kind: Kind<S, C, E>, ref: SubjectRef): Promise<Loaded<S> | null>;
  /** All subjects of a kind, in no order that means anything; only those with one of `statuses` when given. */
  list<S, C, E extends Typed>(
    kind: Kind<S, C, E>,
    tenant: TenantId,
    statuses?: readonly string[],
  ): Promise<Loaded<S>[]>;
  /** Gives a workspace its row and its stream, once; until then nothing can be decided for it. */
  open(tenant: TenantId): Promise<void>;
}

/** What a commit changed. */
export interface Change {
  readonly ref: SubjectRef;
  readonly kind: SubjectKind;
  readonly status: string;
  readonly version: number;
}

export interface LogDeps {
  readonly store: LogStore;
  readonly keys: KeyService;
  readonly clock: { now(): number };
  readonly random: { bytes(count: number): Uint8Array };
  /** Told after each commit that changed something. A hint: nothing depends on it arriving. */
  readonly committed: (change: Change) => void;
}

const MAX_TRIES = 20; // each loss means that somebody else won, so this many in a row is a fault, not a race
const DATA_KEY_BYTES = 32;

/** Opens the log over a store. */
export function openLog({ store, keys, clock, random, committed }: LogDeps): Log {
  const dataKey = dataKeys(store, keys, random);

  async function transact<S, C, E extends Typed>(
    kind: Kind<S, C, E>,
    ref: SubjectRef,
    command: C | Prepare<S, C>,
  ): Promise<Outcome<S, E>> {
    const key = await dataKey(ref.tenant);
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      try {
        const outcome = await store.inTenant(ref.tenant, (tx) => decideOnce(tx, key, kind, ref, command));
        if (outcome.ok && outcome.events.length > 0) {
          committed({ ref, kind: kind.kind, status: kind.status(outcome.state), version: outcome.version });
        }
        return outcome;
      } catch (error) {
        if (!store.isConflict(error)) throw error;
      }
    }
    throw new LogFault(
      'contention',
      `Too many changes to ${ref.stream} at once. Nothing was changed; try again.`,
    );
  }

  async function decideOnce<S, C, E extends Typed>(
    tx: PoolClient,
    key: Uint8Array,
    kind: Kind<S, C, E>,
    ref: SubjectRef,
    command: C | Prepare<S, C>,
  ): Promise<Outcome<S, E>> {
    const row = await store.readSubject(tx, ref);
    const before = row ? openSnapshot<S>(key, ref, row) : kind.initial;
    const facts: Facts = { now: clock.now(), tenant: await tenantFacts(tx, key, ref, before) };
    const ready =
      typeof command === 'function' ? await (command as Prepare<S, C>)(before, facts, tx) : command;
    const decision = kind.decide(before, ready, facts);
    if (!decision.ok) return decision;

    let version = row?.version ?? 0;
    if (decision.events.length === 0) return { ok: true, state: before, version, events: [] };
    let state = before;
    let prevHash = (await store.readHead(tx, ref)) ?? GENESIS;
    for (const event of decision.events) {
      version += 1;
      const plain = Buffer.from(JSON.stringify(event));
      const payload = seal(key, plain, eventContext(ref, version, event.type), random.bytes);
      const link = { ...ref, version, type: event.type, at: facts.now, payload, prevHash };
      const hash = linkHash(link);
      await store.insertEvent(tx, link, hash);
      prevHash = hash;
      state = kind.evolve(state, event);
    }
    const snapshot = seal(
      key,
      Buffer.from(JSON.stringify(state)),
      snapshotContext(ref, version),
      random.bytes,
    );
    const status = kind.status(state);
    await store.writeSubject(tx, ref, {
      kind: kind.kind,
      status,
      version,
      dueAt: kind.dueAt(state),
      snapshot,
    });
    return { ok: true, state, version, events: decision.events };
  }

  /** The tenant as it stands; its row stays as it is until commit, so nothing starts after a pause has committed. */
  async function tenantFacts(
    tx: PoolClient,
    key: Uint8Array,
    ref: SubjectRef,
    own: unknown,
  ): Promise<TenantFacts> {
    if (ref.stream === TENANT_STREAM) return own as TenantFacts;
    const tenantRef = { tenant: ref.tenant, stream: TENANT_STREAM };
    const row = await store.readSubject(tx, tenantRef, 'share');
    if (!row) {
      throw new LogFault(
        'unknown-stream',
        `The workspace ${ref.tenant} was never opened, so nothing can be decided for it.`,
      );
    }
    return openSnapshot<TenantFacts>(key, tenantRef, row);
  }

  return {
    transact,
    async load(_kind, ref) {
      const row = await store.inTenant(ref.tenant, (tx) => store.readSubject(tx, ref));
      if (!row) return null;
      return { ref, version: row.version, state: openSnapshot(await dataKey(ref.tenant), ref, row) };
    },
    async list(kind, tenant, statuses) {
      const key = await dataKey(tenant);
      const rows = await store.inTenant(tenant, (tx) => store.findByKind(tx, tenant, kind.kind, statuses));
      return rows.map((row) => ({
        ref: { tenant, stream: row.stream },
        version: row.version,
        state: openSnapshot(key, row, row),
      }));
    },
    async open(tenant) {
      await transact(tenantKind, { tenant, stream: TENANT_STREAM }, async (_state, _facts, tx) => {
        await store.insertTenant(tx, tenant);
        return { type: 'open' };
      });
    },
  };
}

/** The context that an event's payload is sealed in. */
export function eventContext({ tenant, stream }: SubjectRef, version: number, type: string): string {
  return `event|${tenant}|${stream}|${version}|${type}`;
}

/** The context that a snapshot is sealed in. */
export function snapshotContext({ tenant, stream }: SubjectRef, version: number): string {
  return `snapshot|${tenant}|${stream}|${version}`;
}

function openSnapshot<S>(key: Uint8Array, ref: SubjectRef, row: SubjectRow): S {
  const plain = unseal(key, row.snapshot, snapshotContext(ref, row.version));
  return JSON.parse(Buffer.from(plain).toString()) as S;
}

/** A tenant's data key as it is kept. Throws `LogFault('key')` when there is none (any more): nothing of it can be read. */
export async function keptDataKey(tx: Tx, keys: KeyService, tenant: TenantId): Promise<Uint8Array> {
  const wrapped = await readTenantKey(tx, tenant);
  if (!wrapped)
    throw new LogFault('key', `The data key of workspace ${tenant} is gone, so its records cannot be read.`);
  return keys.unwrap(tenant, wrapped);
}

/** Tenants' data keys, unwrapped once a process. The first use of a tenant makes its key. */
export function dataKeys(
  store: LogStore,
  keys: KeyService,
  random: { bytes(count: number): Uint8Array },
): (tenant: TenantId) => Promise<Uint8Array> {
  const known = new Map<TenantId, Promise<Uint8Array>>();
  async function find(tenant: TenantId): Promise<Uint8Array> {
    const read = () => store.inTenant(tenant, (tx) => store.readTenantKey(tx, tenant));
    const wrapped = await read();
    if (wrapped) return keys.unwrap(tenant, wrapped);
    const made = await keys.wrap(tenant, random.bytes(DATA_KEY_BYTES));
    await store.inTenant(tenant, (tx) => store.insertTenantKey(tx, tenant, made));
    const kept = await read();
    if (!kept)
      throw new LogFault(
        'key',
        `The data key of workspace ${tenant} could not be kept. Nothing was recorded.`,
      );
    return keys.unwrap(tenant, kept);
  }
  return (tenant) => {
    const found = known.get(tenant) ?? find(tenant);
    known.set(tenant, found);
    found.catch(() => known.delete(tenant));
    return found;
  };
}
