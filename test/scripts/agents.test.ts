import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inviteSchema, openEnrolment } from '../../agent/enrol.ts';
import { listAgents, makeInvite, removeAgent } from '../../scripts/agents.ts';
import { openLog } from '../../src/audit/log.ts';
import { postgresStore } from '../../src/audit/store.ts';
import { agentRef } from '../../src/audit/streams.ts';
import { type Agents, openAgents } from '../../src/platform/agent-registry.ts';
import { systemClock, systemRandom } from '../../src/platform/clock.ts';
import { type Config, readConfig } from '../../src/platform/config.ts';
import { connectDatabase, type Database } from '../../src/platform/database.ts';
import { openKeyFolder } from '../../src/platform/keys.ts';
import { type AgentId, type TenantId, tenantId } from '../../src/protocol/ids.ts';
import { RULESET_SHA256, RULESET_VERSION } from '../../src/safety/version.ts';
import { agentKind } from '../../src/tenant/agent.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { fakeLogger, testKey } from '../support/fakes.ts';

const [ONE, TWO] = [tenantId('TONE'), tenantId('TTWO')];
const ADDRESS = 'localhost:3002';
let testDatabase: TestDatabase;
let database: Database;
let folder: string;
let config: Config;
let agents: Agents;
/** An agent that has enrolled and said how it stands. */
let newAgent: (tenant: TenantId, pausedBecause: string, rulesetSha256?: string) => Promise<AgentId>;

beforeAll(async () => {
  testDatabase = await createDatabase();
  folder = mkdtempSync(join(tmpdir(), 'dd0c-agents-'));
  const KEYS_DIR = join(folder, 'keys');
  config = readConfig({ DATABASE_URL: testDatabase.appUrl, KEYS_DIR, LOG_LEVEL: 'silent' });
  const { logger } = fakeLogger();
  database = connectDatabase(testDatabase.appUrl, logger, 5);
  const { keys } = openKeyFolder(KEYS_DIR, systemRandom, systemClock, logger);
  const shared = { clock: systemClock, random: systemRandom };
  const store = postgresStore(database.pool);
  const log = openLog({ store, keys, ...shared, committed: () => undefined });
  agents = openAgents({ database, log, ...shared });
  newAgent = async (tenant, pausedBecause, rulesetSha256 = RULESET_SHA256) => {
    const made = await agents.redeem(await agents.invite(tenant), testKey(1).publicKey, 'enrolled-as');
    if (!made.ok) throw new Error(made.sentence);
    const said = { hostName: 'web-1', version: '1', policySha256: '', profiles: [] };
    const rules = { rulesetVersion: RULESET_VERSION, rulesetSha256 };
    const description = { ...said, ...rules, pausedBecause };
    await log.transact(agentKind, agentRef(tenant, made.agentId), { type: 'describe', description });
    return made.agentId;
  };
  for (const tenant of [ONE, TWO]) {
    await log.open(tenant);
    await database.prisma.slackInstallation.create({
      data: { tenant, appId: 'A1', botUserId: 'U1', scopes: '', installedAt: new Date() },
    });
  }
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
  rmSync(folder, { recursive: true });
});

describe('an invite', () => {
  test('holds what an agent needs to believe, and a token that enrols one', async () => {
    const invite = inviteSchema.parse(await makeInvite(config, { tenant: ONE, address: ADDRESS }));
    const { tenant_id, token, ...rest } = invite;
    expect(tenant_id).toBe(ONE);
    expect(openEnrolment({ ...rest, tenant_id, agent_id: 'a', agent_epoch: 1 }).trust.version).toBe(1);
    const redeemed = await agents.redeem(token, testKey(1).publicKey, 'host');
    expect(redeemed).toMatchObject({ ok: true, tenantId: ONE, agentEpoch: 1 });
  });

  test('for an agent that is there enrols it again, under its id and the next epoch', async () => {
    const id = await newAgent(ONE, '');
    const { token } = await makeInvite(config, { tenant: ONE, address: ADDRESS, again: id });
    const redeemed = await agents.redeem(token, testKey(2).publicKey, 'host-2');
    expect(redeemed).toMatchObject({ ok: true, agentId: id, agentEpoch: 2 });
    const listed = (await listAgents(config, ONE)).find((agent) => agent.id === id);
    expect(listed).toEqual({
      id,
      host: '',
      connected: false,
      pausedBecause: '',
      otherRules: false,
      epoch: 2,
    });
  });

  test.each([
    ['of no workspace in particular, when there are several', { address: ADDRESS }, '--tenant'],
    ['of a workspace that is not there', { tenant: 'TNONE', address: ADDRESS }, 'No workspace TNONE'],
    ['of nobody again', { tenant: ONE, address: ADDRESS, again: 'nobody' }, 'no agent nobody'],
    [
      'to an address the certificate is not good for',
      { tenant: ONE, address: 'other:1' },
      'not good for other',
    ],
  ])('%s is not made', async (_, asked, sentence) => {
    await expect(makeInvite(config, asked)).rejects.toThrow(sentence);
  });

  test('of another workspace’s agent is not made', async () => {
    const again = await newAgent(TWO, '');
    await expect(makeInvite(config, { tenant: ONE, address: ADDRESS, again })).rejects.toThrow('no agent');
  });
});

test('the list shows each agent of one workspace, and why it is paused', async () => {
  const id = await newAgent(TWO, 'The clock of this host has jumped.');
  await agents.connect(id, { agentEpoch: 1, seqMark: 0, leaseEpoch: 0 });
  const pausedBecause = 'The clock of this host has jumped.';
  expect((await listAgents(config, TWO))[0]).toEqual({
    id,
    host: 'web-1',
    connected: true,
    pausedBecause,
    otherRules: false,
    epoch: 1,
  });
  expect((await listAgents(config, ONE)).map((agent) => agent.id)).not.toContain(id);
});

test('the list tells an agent that judges by other rules than this server', async () => {
  const id = await newAgent(TWO, '', 'b'.repeat(64));
  expect(await listAgents(config, TWO)).toContainEqual(expect.objectContaining({ id, otherRules: true }));
});

test('an agent is removed from its own workspace, once', async () => {
  const id = await newAgent(TWO, '');
  await expect(removeAgent(config, ONE, id)).rejects.toThrow('no agent');
  await removeAgent(config, TWO, id);
  expect((await listAgents(config, TWO)).map((agent) => agent.id)).not.toContain(id);
  await expect(removeAgent(config, TWO, id)).rejects.toThrow(`There is no agent ${id}`);
});

test('without a database none of it is done, and no keys are made', async () => {
  const keys = join(folder, 'none');
  await expect(listAgents(readConfig({ KEYS_DIR: keys }), undefined)).rejects.toThrow('DATABASE_URL');
  expect(existsSync(keys)).toBe(false);
});
