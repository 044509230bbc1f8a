/**
 * The tables that the log and the agents' registry live in, in memory, with what they rely on in Postgres under READ
 * COMMITTED: a statement sees what is committed and its own transaction's writes; rows and keys that were written stay
 * locked to the end; FOR SHARE keeps writers off; a second insert of a key waits for the first and then clashes; a
 * transaction after an error does nothing more; rows of another tenant are not there. No timer, no chance: who waited
 * first goes first. test/integration/log-contract.test.ts holds it and Postgres to the same sentences.
 */
import type { PoolClient } from 'pg';
import type { Link } from '../../src/audit/chain.ts';
import { type IndexRow, isConflict, type LogStore, type SubjectWrite } from '../../src/audit/store.ts';
import type { SubjectRef } from '../../src/audit/subject.ts';
import { type Agents, type Identity, isGoodLease } from '../../src/platform/agent-registry.ts';
import { type AgentId, agentId, streamId, type TenantId } from '../../src/protocol/ids.ts';
import { LEASE_TTL_MS } from '../../src/protocol/lease.ts';
import type { AgentRegistry } from '../../src/run/service.ts';

/** What a statement can fail with, by the code Postgres gives it. */
const FAULTS = {
  '23505': 'duplicate key value violates unique constraint',
  '25P02': 'current transaction is aborted',
  '40P01': 'deadlock detected',
  '42501': 'new row violates row-level security policy',
  '57P01': 'the connection is gone',
} as const;

export class DatabaseFault extends Error {
  readonly code: keyof typeof FAULTS;

  constructor(code: keyof typeof FAULTS) {
    super(FAULTS[code]);
    this.name = 'DatabaseFault';
    this.code = code;
  }
}

export interface EventRow extends Link {
  readonly hash: Uint8Array;
}
export interface SubjectLine extends SubjectRef, Omit<SubjectWrite, 'dueAt'> {}
interface DueLine extends IndexRow {
  readonly dueAt: number | null;
  readonly shownVersion: number;
  readonly showAfter: number | null;
}
export interface AgentLine extends Identity {
  readonly agentId: AgentId;
  readonly lastSeq: number;
  readonly leaseEpoch: number;
  readonly leaseUntil: number | null;
  readonly lastSeenAt: number | null;
  /** The highest `seq` it was heard to have journaled. */
  readonly seenSeq: number;
}

interface Tables {
  readonly event: EventRow;
  readonly subject: SubjectLine;
  readonly due: DueLine;
  readonly tenant: { readonly id: TenantId };
  readonly tenantKey: { readonly tenant: TenantId; readonly wrapped: Uint8Array };
  readonly agent: AgentLine;
}
type TableName = keyof Tables;
type Row = Tables[TableName];
type Key = readonly (string | number)[];
type Rows = { readonly [Name in TableName]: Map<string, Tables[Name]> };

const noRows = (): Rows => ({
  event: new Map(),
  subject: new Map(),
  due: new Map(),
  tenant: new Map(),
  tenantKey: new Map(),
  agent: new Map(),
});
const TABLES = Object.keys(noRows()) as TableName[];
const rowsOf = (rows: Rows, table: TableName): Map<string, Row> => rows[table];
const idOf = (key: Key): string => key.join('|');

/** Tables whose rows belong to a tenant and are seen only in its transactions. */
const OWNED: readonly TableName[] = ['event', 'subject', 'tenantKey'];

export interface MemoryDatabaseOptions {
  /**
   * The way to the database and back, one call before and one after each statement. When it rejects, the connection is
   * gone: a transaction that was not committed never will be, and one that was, is, though its owner does not hear it.
   */
  readonly link?: (when: 'asked' | 'answered', statement: string) => Promise<void>;
}

/** What gateways and workers need of the registry of agents. */
export type MemoryAgents = AgentRegistry & Pick<Agents, 'find' | 'connect' | 'renew' | 'release' | 'redeem'>;

/** What one process has of the database: its own connections, which end with it. */
export interface MemoryConnection {
  readonly store: LogStore;
  /** The registry of agents over the same tables. No token can be redeemed; `enrol` of the database is for that. */
  agents(clock: { now(): number }): MemoryAgents;
  readonly due: {
    findDue(now: number, limit: number): Promise<(IndexRow & { due: boolean; unshown: boolean })[]>;
    deferDue(ref: SubjectRef, until: number): Promise<void>;
    markShown(ref: SubjectRef, version: number): Promise<void>;
    deferShow(ref: SubjectRef, until: number): Promise<void>;
    showAgain(tenant: TenantId): Promise<void>;
  };
  /** The process is gone: its open transactions are rolled back, and everything it asks from now on is refused. */
  kill(): void;
}

export interface MemoryDatabase {
  connect(options?: MemoryDatabaseOptions): MemoryConnection;
  /** Names an agent, or enrols it again under a higher epoch; its counters go on. */
  enrol(agent: AgentId, identity: Identity): void;
  /** How many statements wait for a lock. */
  waiting(): number;
  /** How many commits there have been, less those that were lost. */
  commits(): number;
  /** A standby takes over that has not seen the newest commits: they never were, and all transactions end. */
  loseCommits(count: number): void;
  /** How one agent stands, or undefined. */
  agent(agent: AgentId): AgentLine | undefined;
  /** Every event of the tenant, by stream and version. */
  events(tenant: TenantId): readonly EventRow[];
  /** Every subject of the tenant, by stream. */
  subjects(tenant: TenantId): readonly SubjectLine[];
}

/** Somebody who stands outside and sees what is recorded, at the moment it is. */
export interface Witness {
  /** The events of one commit, in the order of their chains. */
  committed(events: readonly EventRow[]): void;
  /** The events of a commit that a standby did not have. */
  lost(events: readonly EventRow[]): void;
}

type LockMode = 'share' | 'exclusive';
interface Undo {
  readonly table: TableName;
  readonly id: string;
  readonly before: Row | undefined;
}

/** Everything that is committed, who holds which lock, and who waits. */
class Memory {
  readonly rows = noRows();
  readonly locks = new Map<string, Map<Transaction, LockMode>>();
  readonly open = new Set<Transaction>();
  /** What to put back to undo each commit, oldest first. */
  readonly history: (readonly Undo[])[] = [];
  readonly #witness: Witness | undefined;
  #waiting: (() => void)[] = [];

  constructor(witness?: Witness) {
    this.#witness = witness;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  released(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  wake(): void {
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
  }

  commit(writes: Rows): void {
    const undo: Undo[] = [];
    for (const table of TABLES) {
      const rows = rowsOf(this.rows, table);
      for (const [id, row] of rowsOf(writes, table)) {
        undo.push({ table, id, before: rows.get(id) });
        rows.set(id, row);
      }
    }
    if (undo.length > 0) this.history.push(undo);
    this.#witness?.committed([...writes.event.values()]);
  }

  undo(): void {
    const commit = this.history.pop() ?? [];
    this.#witness?.lost(
      commit.flatMap(({ table, id }) => (table === 'event' ? (this.rows.event.get(id) ?? []) : [])),
    );
    for (const { table, id, before } of commit) {
      if (before === undefined) this.rows[table].delete(id);
      else rowsOf(this.rows, table).set(id, before);
    }
  }
}

class Transaction {
  readonly #memory: Memory;
  readonly #tenant: TenantId | null;
  readonly #link: NonNullable<MemoryDatabaseOptions['link']>;
  readonly #writes = noRows();
  readonly #locked = new Set<string>();
  #waitsFor: readonly Transaction[] = [];
  #state: 'open' | 'failed' | 'gone' = 'open';

  constructor(memory: Memory, tenant: TenantId | null, link: NonNullable<MemoryDatabaseOptions['link']>) {
    this.#memory = memory;
    this.#tenant = tenant;
    this.#link = link;
    memory.open.add(this);
  }

  /** One statement: it fails as a whole, and then so does the transaction. */
  async statement<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    await this.#travel('asked', name);
    this.#assertOpen();
    let result: T;
    try {
      result = await work();
    } catch (error) {
      if (this.#state === 'open') this.#state = 'failed';
      throw error;
    }
    await this.#travel('answered', name);
    return result;
  }

  async #travel(when: 'asked' | 'answered', name: string): Promise<void> {
    try {
      await this.#link(when, name);
    } catch (error) {
      this.end();
      throw error;
    }
    if (this.#state === 'gone') throw new DatabaseFault('57P01');
  }

  #assertOpen(): void {
    if (this.#state === 'failed') throw new DatabaseFault('25P02');
  }

  read<Name extends TableName>(table: Name, key: Key): Tables[Name] | undefined {
    const id = idOf(key);
    const row = this.#writes[table].get(id) ?? this.#memory.rows[table].get(id);
    return row && this.#sees(table, row) ? row : undefined;
  }

  /** The rows of a table that this transaction sees and `where` picks, in no order that means anything. */
  select<Name extends TableName>(table: Name, where: (row: Tables[Name]) => boolean): Tables[Name][] {
    const written = this.#writes[table];
    const rows = [...this.#memory.rows[table]].flatMap(([id, row]) => (written.has(id) ? [] : [row]));
    return [...rows, ...written.values()].filter((row) => this.#sees(table, row) && where(row));
  }

  /** Writes a row whose lock is held. */
  write<Name extends TableName>(table: Name, key: Key, row: Tables[Name]): void {
    this.#writes[table].set(idOf(key), row);
  }

  /** INSERT: waits for whoever writes the same key, then clashes with what is there. */
  async insert<Name extends TableName>(
    table: Name,
    key: Key,
    row: Tables[Name],
    onConflict?: (there: Tables[Name]) => Tables[Name] | null,
  ): Promise<void> {
    if (!this.#sees(table, row)) throw new DatabaseFault('42501');
    await this.lock('exclusive', table, key);
    const there = this.read(table, key);
    if (there && !onConflict) throw new DatabaseFault('23505');
    const written = there && onConflict ? onConflict(there) : row;
    if (written) this.write(table, key, written);
  }

  /** UPDATE of one row: the condition holds before the wait for its lock and after it, or nothing is done. */
  async update<Name extends TableName>(
    table: Name,
    key: Key,
    where: (row: Tables[Name]) => boolean,
    set: (row: Tables[Name]) => Tables[Name],
  ): Promise<Tables[Name] | null> {
    const seen = this.read(table, key);
    if (!seen || !where(seen)) return null;
    await this.lock('exclusive', table, key);
    const row = this.read(table, key);
    if (!row || !where(row)) return null;
    const changed = set(row);
    this.write(table, key, changed);
    return changed;
  }

  /** Waits until nobody else holds what `mode` does not go with; holds it to the end. */
  async lock(mode: LockMode, table: TableName, key: Key): Promise<void> {
    const id = `${table}|${idOf(key)}`;
    for (;;) {
      if (this.#state === 'gone') throw new DatabaseFault('57P01');
      const holders = this.#memory.locks.get(id) ?? new Map<Transaction, LockMode>();
      const others = [...holders].filter(
        ([holder, held]) => holder !== this && (mode === 'exclusive' || held === 'exclusive'),
      );
      if (others.length === 0) {
        if (holders.get(this) !== 'exclusive') holders.set(this, mode);
        this.#memory.locks.set(id, holders);
        this.#locked.add(id);
        return;
      }
      this.#waitsFor = others.map(([holder]) => holder);
      if (this.#reaches(this, new Set())) {
        this.#waitsFor = [];
        throw new DatabaseFault('40P01');
      }
      await this.#memory.released();
      this.#waitsFor = [];
    }
  }

  #reaches(target: Transaction, seen: Set<Transaction>): boolean {
    return this.#waitsFor.some((next) => {
      if (next === target) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return next.#reaches(target, seen);
    });
  }

  async commit(): Promise<void> {
    await this.statement('COMMIT', () => {
      this.#memory.commit(this.#writes);
      this.#release();
    });
  }

  /** Rolls back, and frees what was held. */
  end(): void {
    this.#state = 'gone';
    this.#release();
  }

  #release(): void {
    this.#memory.open.delete(this);
    for (const id of this.#locked) {
      const holders = this.#memory.locks.get(id);
      holders?.delete(this);
      if (holders?.size === 0) this.#memory.locks.delete(id);
    }
    this.#locked.clear();
    this.#memory.wake();
  }

  #sees(table: TableName, row: Row): boolean {
    return !OWNED.includes(table) || ('tenant' in row && row.tenant === this.#tenant);
  }
}

/** An empty database. */
export function memoryDatabase(witness?: Witness): MemoryDatabase {
  const memory = new Memory(witness);
  const endAll = () => {
    for (const tx of memory.open) tx.end();
  };
  const ofTenant = <R extends { readonly tenant: string }>(rows: Map<string, R>, tenant: TenantId) =>
    [...rows.values()].filter((row) => row.tenant === tenant);
  return {
    connect: (options = {}) => connect(memory, options),
    enrol(agent, identity) {
      const fresh = { lastSeq: 0, leaseEpoch: 0, leaseUntil: null, lastSeenAt: null, seenSeq: 0 };
      const known = memory.rows.agent.get(agent);
      // The new journal has seen nothing yet; what was signed before is never signed again.
      const again = known && { ...known, seenSeq: 0, leaseEpoch: known.leaseEpoch + 1, leaseUntil: null };
      const row = { ...fresh, ...again, ...identity, agentId: agent };
      memory.commit({ ...noRows(), agent: new Map([[agent, row]]) });
    },
    waiting: () => memory.waiting,
    commits: () => memory.history.length,
    loseCommits(count) {
      endAll();
      for (let turn = 0; turn < count; turn++) memory.undo();
    },
    agent: (agent) => memory.rows.agent.get(agent),
    events: (tenant) =>
      ofTenant(memory.rows.event, tenant).sort(
        (a, b) => compare(a.stream, b.stream) || a.version - b.version,
      ),
    subjects: (tenant) => ofTenant(memory.rows.subject, tenant).sort((a, b) => compare(a.stream, b.stream)),
  };
}

function connect(memory: Memory, { link = async () => undefined }: MemoryDatabaseOptions): MemoryConnection {
  const mine = new Set<Transaction>();
  let isGone = false;
  async function inTransaction<T>(
    tenant: TenantId | null,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    if (isGone) throw new DatabaseFault('57P01');
    const tx = new Transaction(memory, tenant, link);
    mine.add(tx);
    try {
      const result = await work(tx);
      await tx.commit();
      return result;
    } catch (error) {
      tx.end();
      throw error;
    } finally {
      mine.delete(tx);
    }
  }
  /** One statement that is a transaction by itself. */
  const alone = <T>(name: string, work: (tx: Transaction) => T | Promise<T>): Promise<T> =>
    inTransaction(null, (tx) => tx.statement(name, () => work(tx)));
  return {
    store: storeOver((tenant, work) => inTransaction(tenant, (tx) => work(tx as unknown as PoolClient))),
    agents: (clock) => agentsOver(alone, clock),
    due: dueOver(alone),
    kill() {
      isGone = true;
      for (const tx of mine) tx.end();
    },
  };
}

function transactionOf(tx: PoolClient): Transaction {
  const own: unknown = tx;
  if (!(own instanceof Transaction)) throw new TypeError('This is no transaction of the database in memory.');
  return own;
}

function storeOver(inTenant: LogStore['inTenant']): LogStore {
  return {
    inTenant,
    isConflict,
    async readSubject(client, { tenant, stream }, lock) {
      const tx = transactionOf(client);
      return tx.statement('SELECT subject', async () => {
        const key = [tenant, stream];
        if (lock && tx.read('subject', key)) await tx.lock('share', 'subject', key);
        const row = tx.read('subject', key);
        return row ? { version: row.version, snapshot: row.snapshot } : null;
      });
    },
    async readHead(client, { tenant, stream }) {
      const tx = transactionOf(client);
      return tx.statement('SELECT event', () => {
        const chain = tx.select('event', (row) => row.tenant === tenant && row.stream === stream);
        const last = Math.max(0, ...chain.map(({ version }) => version));
        return chain.find(({ version }) => version === last)?.hash ?? null;
      });
    },
    async insertEvent(client, link, hash) {
      const tx = transactionOf(client);
      const key = [link.tenant, link.stream, link.version];
      await tx.statement('INSERT event', () => tx.insert('event', key, { ...link, hash }));
    },
    async writeSubject(client, ref, { dueAt, snapshot, ...row }) {
      const tx = transactionOf(client);
      const key = [ref.tenant, ref.stream];
      const { kind: _, ...changed } = row;
      await tx.statement('UPSERT subject', () =>
        tx.insert('subject', key, { ...ref, ...row, snapshot }, (there) => ({
          ...there,
          ...changed,
          snapshot,
        })),
      );
      await tx.statement('UPSERT due', () =>
        tx.insert('due', key, { ...ref, ...row, dueAt, shownVersion: 0, showAfter: null }, (there) => ({
          ...there,
          ...changed,
          dueAt,
        })),
      );
    },
    async findByKind(client, tenant, kind, statuses) {
      const tx = transactionOf(client);
      return tx.statement('SELECT subjects', () =>
        tx
          .select(
            'subject',
            (row) => row.tenant === tenant && row.kind === kind && (statuses?.includes(row.status) ?? true),
          )
          .sort((a, b) => compare(b.stream, a.stream))
          .map(({ stream, version, snapshot }) => ({ tenant, stream: streamId(stream), version, snapshot })),
      );
    },
    async insertTenant(client, tenant) {
      const tx = transactionOf(client);
      await tx.statement('INSERT tenant', () => tx.insert('tenant', [tenant], { id: tenant }, () => null));
    },
    async readTenantKey(client, tenant) {
      const tx = transactionOf(client);
      return tx.statement('SELECT tenant_key', () => tx.read('tenantKey', [tenant])?.wrapped ?? null);
    },
    async insertTenantKey(client, tenant, wrapped) {
      const tx = transactionOf(client);
      await tx.statement('INSERT tenant_key', () =>
        tx.insert('tenantKey', [tenant], { tenant, wrapped }, () => null),
      );
    },
  };
}

type Alone = <T>(name: string, work: (tx: Transaction) => T | Promise<T>) => Promise<T>;

function dueOver(alone: Alone): MemoryConnection['due'] {
  const change = async (
    ref: SubjectRef,
    where: (row: DueLine) => boolean,
    set: (row: DueLine) => DueLine,
  ) => {
    await alone('UPDATE due', (tx) => tx.update('due', [ref.tenant, ref.stream], where, set));
  };
  return {
    findDue: (now, limit) =>
      alone('SELECT due', (tx) => {
        const isDue = ({ dueAt }: DueLine) => dueAt !== null && dueAt <= now;
        const isUnshown = ({ shownVersion, version, showAfter }: DueLine) =>
          shownVersion < version && (showAfter === null || showAfter <= now);
        return tx
          .select('due', (row) => isDue(row) || isUnshown(row))
          .sort((a, b) => (a.dueAt ?? Number.MAX_VALUE) - (b.dueAt ?? Number.MAX_VALUE))
          .slice(0, limit)
          .map((row) => {
            const { tenant, stream, kind, status, version } = row;
            return { tenant, stream, kind, status, version, due: isDue(row), unshown: isUnshown(row) };
          });
      }),
    deferDue: (ref, until) =>
      change(
        ref,
        ({ dueAt }) => dueAt !== null && dueAt < until,
        (row) => ({ ...row, dueAt: until }),
      ),
    markShown: (ref, version) =>
      change(
        ref,
        () => true,
        (row) => ({ ...row, shownVersion: Math.max(row.shownVersion, version), showAfter: null }),
      ),
    deferShow: (ref, until) =>
      change(
        ref,
        () => true,
        (row) => ({ ...row, showAfter: until }),
      ),
    showAgain: (tenant) =>
      alone('UPDATE due', async (tx) => {
        const isLeftAlone = (row: DueLine) => row.tenant === tenant && row.showAfter !== null;
        for (const { stream } of tx.select('due', isLeftAlone))
          await tx.update('due', [tenant, stream], isLeftAlone, (row) => ({ ...row, showAfter: null }));
      }),
  };
}

function agentsOver(alone: Alone, clock: { now(): number }): MemoryAgents {
  const update = (
    agent: AgentId,
    where: (row: AgentLine) => boolean,
    set: (row: AgentLine) => AgentLine,
  ): Promise<AgentLine | null> =>
    alone('UPDATE agent_identity', (tx) => tx.update('agent', [agent], where, set));
  const find = (agent: AgentId) => alone('SELECT agent_identity', (tx) => tx.read('agent', [agent]) ?? null);
  const alive = () => ({ leaseUntil: clock.now() + LEASE_TTL_MS, lastSeenAt: clock.now() });
  return {
    async agentsOf(tenant) {
      const rows = await alone('SELECT agent_identity', (tx) =>
        tx.select('agent', (row) => row.tenantId === tenant),
      );
      return rows
        .sort((a, b) => (b.lastSeenAt ?? -1) - (a.lastSeenAt ?? -1))
        .map((row) => ({
          agentId: agentId(row.agentId),
          online: row.leaseUntil !== null && isGoodLease(row.leaseUntil, clock.now()),
        }));
    },
    async nextSeq(client, agent) {
      const tx = transactionOf(client);
      const now = clock.now();
      const row = await tx.statement('UPDATE agent_identity', () =>
        tx.update(
          'agent',
          [agent],
          ({ leaseUntil }) => leaseUntil !== null && isGoodLease(leaseUntil, now),
          (seen) => ({ ...seen, lastSeq: seen.lastSeq + 1 }),
        ),
      );
      return row && { seq: row.lastSeq, leaseEpoch: row.leaseEpoch, agentEpoch: row.agentEpoch };
    },
    redeem: () => Promise.reject(new TypeError('There are no tokens here.')),
    async find(agent) {
      const row = await find(agent);
      return row && { tenantId: row.tenantId, publicKey: row.publicKey, agentEpoch: row.agentEpoch };
    },
    async connect(agent, { agentEpoch, seqMark, leaseEpoch }) {
      const times = alive();
      const granted = await update(
        agent,
        (row) => row.agentEpoch === agentEpoch && row.seenSeq <= seqMark,
        (row) => ({
          ...row,
          ...times,
          leaseEpoch: Math.max(row.leaseEpoch, leaseEpoch) + 1,
          lastSeq: Math.max(row.lastSeq, seqMark),
          seenSeq: seqMark,
        }),
      );
      if (granted) return { kind: 'granted', leaseEpoch: granted.leaseEpoch, seqMark };
      const row = await find(agent);
      return row?.agentEpoch === agentEpoch
        ? { kind: 'rolled-back', seqMark: row.seenSeq }
        : { kind: 'unknown' };
    },
    async renew(agent, leaseEpoch, seqMark) {
      const times = alive();
      const renewed = await update(
        agent,
        (row) => row.leaseEpoch === leaseEpoch,
        (row) => ({
          ...row,
          ...times,
          seenSeq: Math.max(row.seenSeq, seqMark),
          lastSeq: Math.max(row.lastSeq, seqMark),
        }),
      );
      return renewed && { seqMark: renewed.seenSeq };
    },
    async release(agent, leaseEpoch) {
      await update(
        agent,
        (row) => row.leaseEpoch === leaseEpoch,
        (row) => ({ ...row, leaseUntil: null }),
      );
    },
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
