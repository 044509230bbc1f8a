import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openLog, openTenant } from '../../src/audit/log.ts';
import { inTenant } from '../../src/audit/store.ts';
import { agentRef } from '../../src/audit/streams.ts';
import { type Agents, ONLINE_MS, openAgents } from '../../src/platform/agent-registry.ts';
import { systemRandom } from '../../src/platform/clock.ts';
import { connectDatabase, type Database } from '../../src/platform/database.ts';
import { type AgentId, agentId, tenantId } from '../../src/protocol/ids.ts';
import { agentKind } from '../../src/tenant/agent.ts';
import { TENANT } from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { fakeClock, fakeLogger, openKeys, testKey } from '../support/fakes.ts';

let testDatabase: TestDatabase;
let database: Database;
let agents: Agents;
const clock = fakeClock();
const log = () =>
  openLog({ pool: database.pool, keys: openKeys, clock, random: systemRandom, committed: () => undefined });
const { publicKey } = testKey(3);

beforeAll(async () => {
  testDatabase = await createDatabase();
  database = connectDatabase(testDatabase.appUrl, fakeLogger().logger, 30);
  agents = openAgents({ database, log: log(), clock, random: systemRandom });
  await openTenant(log(), TENANT);
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

describe('an agent', () => {
  test('is connected while it was heard of lately, until it is gone', async () => {
    const id = await enrol();
    const online = async () => (await agents.agentsOf(TENANT)).find(({ agentId: own }) => own === id)?.online;
    expect(await online()).toBe(false);
    await agents.seen(id, 'gateway-1');
    expect((await agents.agentsOf(TENANT))[0]).toEqual({ agentId: id, online: true });
    clock.advance(ONLINE_MS);
    expect(await online()).toBe(false);
    await agents.seen(id, 'gateway-1');
    await agents.gone(id, 'gateway-1');
    expect(await online()).toBe(false);
  });

  test('that went over to another gateway is not gone because the first one lost it', async () => {
    const id = await enrol();
    await agents.seen(id, 'gateway-1');
    await agents.seen(id, 'gateway-2');
    await agents.gone(id, 'gateway-1');
    expect((await agents.agentsOf(TENANT)).find(({ agentId: own }) => own === id)?.online).toBe(true);
  });

  test('is at the gateway that it came to last, and a sign of life of the one before moves nothing', async () => {
    const id = await enrol();
    await agents.seen(id, 'gateway-1');
    expect([await agents.stays(id, 'gateway-1'), await agents.isAt(id, 'gateway-1')]).toEqual([true, true]);
    await agents.seen(id, 'gateway-2');
    expect([await agents.stays(id, 'gateway-1'), await agents.isAt(id, 'gateway-1')]).toEqual([false, false]);
    expect([await agents.stays(id, 'gateway-2'), await agents.isAt(id, 'gateway-2')]).toEqual([true, true]);
  });

  test('of one workspace is no agent of another', async () => {
    await enrol();
    expect(await agents.agentsOf(tenantId('T2'))).toEqual([]);
  });
});

test('numbers of envelopes follow the order of commits, and one that was taken back is not lost', async () => {
  const id = await enrol();
  const order: number[] = [];
  const take = async () => {
    const seq = await inTenant(database.pool, TENANT, (tx) => agents.nextSeq(tx, id));
    order.push(seq);
  };
  const undone = inTenant(database.pool, TENANT, async (tx) => {
    await agents.nextSeq(tx, id);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  await Promise.all(Array.from({ length: 20 }, take));
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
});

test('a transaction whose connection breaks gives its own error and no broken connection to the next', async () => {
  const broken = inTenant(database.pool, TENANT, async (tx) => {
    await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
  });
  await expect(broken).rejects.toMatchObject({ code: '57P01' });
  for (let turn = 0; turn < 5; turn++)
    expect((await database.pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});
