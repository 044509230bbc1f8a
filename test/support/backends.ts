/** The two databases that the log and the registry of agents can live in: Postgres, and the simulation's memory. */
import pg from 'pg';
import { openLog } from '../../src/audit/log.ts';
import {
  deferDue,
  deferShow,
  findDue,
  type LogStore,
  markShown,
  postgresStore,
  showAgain,
} from '../../src/audit/store.ts';
import { agentRef } from '../../src/audit/streams.ts';
import { openAgents } from '../../src/platform/agent-registry.ts';
import { systemRandom } from '../../src/platform/clock.ts';
import { connectDatabase } from '../../src/platform/database.ts';
import { type AgentId, agentId, type TenantId } from '../../src/protocol/ids.ts';
import { agentKind } from '../../src/tenant/agent.ts';
import { type MemoryAgents, type MemoryConnection, memoryDatabase } from '../simulation/memory-store.ts';
import { createDatabase } from './database.ts';
import { fakeLogger, fakeRandom, openKeys, testKey } from './fakes.ts';

export interface Backend {
  readonly store: LogStore;
  readonly due: MemoryConnection['due'];
  readonly agents: MemoryAgents;
  enrol(tenant: TenantId): Promise<AgentId>;
  /** How many transactions wait for a lock now. */
  waiting(): number | Promise<number>;
  close(): Promise<void>;
}

interface Clock {
  now(): number;
}

/** The key of every agent that is enrolled. */
const { publicKey } = testKey(3);

/** A database of its own in the test server. */
async function postgres(clock: Clock): Promise<Backend> {
  const testDatabase = await createDatabase();
  const owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  await owner.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 20', current_database()); END $$`,
  );
  const database = connectDatabase(testDatabase.appUrl, fakeLogger().logger, 30);
  const { pool } = database;
  const store = postgresStore(pool);
  const log = openLog({ store, keys: openKeys, clock, random: systemRandom, committed: () => undefined });
  const agents = openAgents({ database, log, clock, random: systemRandom });
  return {
    store,
    agents,
    due: {
      findDue: (now, limit) => findDue(pool, now, limit),
      deferDue: (ref, at) => deferDue(pool, ref, at),
      markShown: (ref, version) => markShown(pool, ref, version),
      deferShow: (ref, at) => deferShow(pool, ref, at),
      showAgain: (tenant) => showAgain(pool, tenant),
    },
    async enrol(tenant) {
      await log.open(tenant);
      const made = await agents.redeem(await agents.invite(tenant), publicKey, 'host');
      if (!made.ok) throw new Error(made.sentence);
      return made.agentId;
    },
    async waiting() {
      const sql = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return (await owner.query(sql)).rowCount ?? 0;
    },
    async close() {
      await database.close();
      await owner.end();
      await testDatabase.drop();
    },
  };
}

async function memory(clock: Clock): Promise<Backend> {
  const database = memoryDatabase();
  const { store, due, agents } = database.connect();
  const log = openLog({ store, keys: openKeys, clock, random: fakeRandom(), committed: () => undefined });
  let enrolled = 0;
  return {
    store,
    due,
    agents: agents(clock),
    async enrol(tenant) {
      enrolled += 1;
      const id = agentId(`agent-${enrolled}`);
      database.enrol(id, { tenantId: tenant, publicKey, agentEpoch: 1 });
      await log.open(tenant);
      const enrol = { type: 'enrol', agentId: id, epoch: 1, publicKey, hostName: 'host' } as const;
      await log.transact(agentKind, agentRef(tenant, id), enrol);
      return id;
    },
    waiting: () => database.waiting(),
    close: async () => undefined,
  };
}

/** Both, for `describe.each`. */
export const BACKENDS = [
  ['Postgres', postgres],
  ['memory', memory],
] as const;
