import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openLog } from '../../src/audit/log.ts';
import { inTenant, postgresStore } from '../../src/audit/store.ts';
import { agentRef } from '../../src/audit/streams.ts';
import { type Agents, openAgents } from '../../src/platform/agent-registry.ts';
import { systemRandom } from '../../src/platform/clock.ts';
import { connectDatabase, type Database } from '../../src/platform/database.ts';
import { type AgentId, agentId, tenantId } from '../../src/protocol/ids.ts';
import { LEASE_TTL_MS } from '../../src/protocol/lease.ts';
import { agentKind } from '../../src/tenant/agent.ts';
import { TENANT } from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { fakeClock, fakeLogger, openKeys, testKey } from '../support/fakes.ts';

let testDatabase: TestDatabase;
let database: Database;
let agents: Agents;
const clock = fakeClock();
const log = () =>
  openLog({
    store: postgresStore(database.pool),
    keys: openKeys,
    clock,
    random: systemRandom,
    committed: () => undefined,
  });
const { publicKey } = testKey(3);

beforeAll(async () => {
  testDatabase = await createDatabase();
  database = connectDatabase(testDatabase.appUrl, fakeLogger().logger, 30);
  agents = openAgents({ database, log: log(), clock, random: systemRandom });
  await log().open(TENANT);
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

async function enrol(): Promise<AgentId> {
  const made = await agents.redeem(await agents.invite(TENANT), publicKey, 'host-1');
  if (!made.ok) throw new Error(made.sentence);
  return made.agentId;
}

describe('a token to enrol', () => {
  test('makes one agent, however many present it at once', async () => {
    const token = await agents.invite(TENANT);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => agents.redeem(token, publicKey, 'host')),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(answers.find(({ ok }) => !ok)).toMatchObject({
      sentence: expect.stringContaining('unknown, used or older'),
    });
  });

  test('holds for fifteen minutes and not a moment longer', async () => {
    const [early, late] = [await agents.invite(TENANT), await agents.invite(TENANT)];
    clock.advance(15 * 60_000 - 1);
    expect((await agents.redeem(early, publicKey, 'host')).ok).toBe(true);
    clock.advance(1);
    expect((await agents.redeem(late, publicKey, 'host')).ok).toBe(false);
  });

  test('that was made up is refused', async () => {
    expect((await agents.redeem('x'.repeat(43), publicKey, 'host')).ok).toBe(false);
    expect((await agents.redeem('', publicKey, 'host')).ok).toBe(false);
  });

  test('of one workspace is none of another, whatever workspace it names', async () => {
    const token = await agents.invite(TENANT);
    const secret = token.split('.')[1];
    expect((await agents.redeem(`T2.${secret}`, publicKey, 'host')).ok).toBe(false);
    expect((await agents.redeem(token, publicKey, 'host')).ok).toBe(true);
  });

  test('is not in the database, only its hash', async () => {
    const token = await agents.invite(TENANT);
    const { rows } = await inTenant(database.pool, TENANT, (tx) =>
      tx.query('SELECT enrolment::text AS line FROM enrolment'),
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map(({ line }) => line).join()).not.toContain(token);
  });

  test('leaves a record in the log of who enrolled', async () => {
    const id = await enrol();
    const loaded = await log().load(agentKind, agentRef(TENANT, id));
    expect(loaded?.state).toMatchObject({ agentId: id, epoch: 1, publicKey });
    expect(await agents.find(id)).toEqual({ tenantId: TENANT, publicKey, agentEpoch: 1 });
    expect(await agents.find(agentId('nobody'))).toBeNull();
  });
});

const isOnline = async (id: AgentId) =>
  (await agents.agentsOf(TENANT)).find(({ agentId: own }) => own === id)?.online;
/** A new connection of an agent whose journal stands at `seqMark`. */
const connect = (id: AgentId, { agentEpoch = 1, seqMark = 0 } = {}) =>
  agents.connect(id, { agentEpoch, seqMark, leaseEpoch: 0 });
const take = (id: AgentId) => inTenant(database.pool, TENANT, (tx) => agents.nextSeq(tx, id));

describe('an agent', () => {
  test('is there while its lease is renewed, and not one moment after its end or its goodbye', async () => {
    const id = await enrol();
    expect(await isOnline(id)).toBe(false);
    await connect(id);
    expect((await agents.agentsOf(TENANT))[0]).toEqual({ agentId: id, online: true });
    clock.advance(LEASE_TTL_MS);
    expect(await isOnline(id)).toBe(false);
    await agents.renew(id, 1, 0);
    expect(await isOnline(id)).toBe(true);
    await agents.release(id, 1);
    expect(await isOnline(id)).toBe(false);
  });

  test('of one workspace is no agent of another', async () => {
    await enrol();
    expect(await agents.agentsOf(tenantId('T2'))).toEqual([]);
  });
});

describe('an agent that enrols again', () => {
  const newKey = testKey(4).publicKey;
  const invite = (id: AgentId) => agents.invite(TENANT, id);

  /** An agent that was at work: connected, with five envelopes. */
  async function atWork(): Promise<AgentId> {
    const id = await enrol();
    await connect(id);
    for (let count = 0; count < 5; count++) await take(id);
    await agents.renew(id, 1, 5);
    return id;
  }

  test('keeps its id, and has a new key and the next epoch', async () => {
    const id = await atWork();
    const redeemed = await agents.redeem(await invite(id), newKey, 'host-2');
    const identity = { tenantId: TENANT, publicKey: newKey, agentEpoch: 2 };
    expect(redeemed).toEqual({ ok: true, agentId: id, ...identity });
    expect(await agents.find(id)).toEqual(identity);
    const loaded = await log().load(agentKind, agentRef(TENANT, id));
    expect(loaded?.state).toEqual({ agentId: id, epoch: 2, publicKey: newKey, description: null });
  });

  test('is refused under its earlier epoch for ever, and its old connection has ended', async () => {
    const id = await atWork();
    await agents.redeem(await invite(id), newKey, 'host-2');
    expect(await isOnline(id)).toBe(false);
    expect(await agents.renew(id, 1, 5)).toBeNull();
    expect(await take(id)).toBeNull();
    expect(await connect(id, { agentEpoch: 1, seqMark: 5 })).toEqual({ kind: 'unknown' });
    expect(await connect(id, { agentEpoch: 1, seqMark: 500 })).toEqual({ kind: 'unknown' });
    await agents.release(id, 1);
    expect(await connect(id, { agentEpoch: 2 })).toMatchObject({ kind: 'granted' });
    expect(await agents.renew(id, 1, 5)).toBeNull();
  });

  test('begins with an empty journal, and no number of an envelope is given twice', async () => {
    const id = await atWork();
    await agents.redeem(await invite(id), newKey, 'host-2');
    expect(await connect(id, { agentEpoch: 2 })).toEqual({ kind: 'granted', leaseEpoch: 3, seqMark: 0 });
    expect(await take(id)).toEqual({ seq: 6, leaseEpoch: 3, agentEpoch: 2 });
  });

  test('once a token, and once more with another one', async () => {
    const id = await atWork();
    const [first, second] = [await invite(id), await invite(id)];
    const both = await Promise.all([
      agents.redeem(first, newKey, 'host'),
      agents.redeem(first, publicKey, 'host'),
    ]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await agents.redeem(second, publicKey, 'host')).toMatchObject({ ok: true, agentEpoch: 3 });
  });

  test('in no workspace but its own', async () => {
    const id = await atWork();
    const stranger = await agents.invite(tenantId('T2'), id);
    expect(await agents.redeem(stranger, newKey, 'host')).toMatchObject({ ok: false });
    expect(await agents.find(id)).toMatchObject({ publicKey, agentEpoch: 1 });
  });
});

describe('an agent that is removed', () => {
  test('is unknown from then on, gets nothing, and cannot be enrolled again', async () => {
    const id = await enrol();
    await connect(id);
    const token = await agents.invite(TENANT, id);
    expect(await agents.remove(tenantId('T2'), id)).toBe(false);
    expect(await agents.find(id)).not.toBeNull();
    expect(await agents.remove(TENANT, id)).toBe(true);
    expect(await agents.find(id)).toBeNull();
    expect([await take(id), await agents.renew(id, 1, 0)]).toEqual([null, null]);
    expect(await connect(id)).toEqual({ kind: 'unknown' });
    expect(await agents.redeem(token, publicKey, 'host')).toMatchObject({
      ok: false,
      sentence: expect.stringContaining('was removed'),
    });
    expect(await agents.remove(TENANT, id)).toBe(false);
  });

  test('stays in the log', async () => {
    const id = await enrol();
    await agents.remove(TENANT, id);
    const loaded = await log().load(agentKind, agentRef(TENANT, id));
    expect(loaded?.state).toMatchObject({ agentId: id, removed: true });
  });
});

test('numbers of envelopes follow the order of commits, and one that was taken back is not lost', async () => {
  const id = await enrol();
  await connect(id);
  const undone = inTenant(database.pool, TENANT, async (tx) => {
    await agents.nextSeq(tx, id);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  const slots = await Promise.all(Array.from({ length: 20 }, () => take(id)));
  expect(slots.map((slot) => slot?.seq ?? 0).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
});

test('a transaction whose connection breaks gives its own error and no broken connection to the next', async () => {
  const broken = inTenant(database.pool, TENANT, async (tx) => {
    await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
  });
  await expect(broken).rejects.toMatchObject({ code: '57P01' });
  for (let turn = 0; turn < 5; turn++)
    expect((await database.pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});
