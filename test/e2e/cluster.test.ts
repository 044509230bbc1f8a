import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { removeData } from '../../dev/account.ts';
import { verifyInstance } from '../../dev/audit.ts';
import { type Cluster, startCluster } from '../../dev/cluster.ts';
import { runState, runThread } from '../../dev/walk.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { RunId } from '../../src/protocol/ids.ts';
import { ACTIONS } from '../../src/slack/actions.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithRedis } from '../support/redis.ts';
import { runbook, startAs } from './support.ts';

const LIMIT = { timeoutMs: 40_000 };

/** Two servers, two workers, an agent, Postgres and Redis, each a process. */
describeWithRedis('two servers and two workers', () => {
  let cluster: Cluster;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'dd0c-cluster-'));
    cluster = await startCluster({
      dataDir,
      servers: 2,
      workers: 2,
      redis: 'own',
      logger: createLogger('fatal'),
    });
  }, 90_000);

  afterAll(async () => {
    await cluster?.stop();
    removeData(dataDir);
  }, 60_000);

  const step = (run: RunId, number: number, words: RegExp) =>
    cluster.simulator.waitFor(
      () =>
        runThread(cluster.simulator, run).find(
          ({ text }) => text.startsWith(`Step ${number} of `) && words.test(text.split(':')[0] ?? ''),
        ),
      { ...LIMIT, what: `step ${number}: ${words}` },
    );
  const ended = (run: RunId, words: RegExp) =>
    cluster.simulator.waitFor(() => words.test(runThread(cluster.simulator, run)[0]?.text ?? ''), {
      ...LIMIT,
      what: `the run: ${words}`,
    });
  const approve = async (run: RunId, number: number) => {
    const { ts } = await step(run, number, /waits for approval/);
    return cluster.simulator.act('bob').click('ops', ts, ACTIONS.approveStep);
  };
  const begin = (title: string, ...commands: string[]) =>
    startAs(cluster.simulator, 'alice', runbook(title, ...commands));
  const member = (name: string) => {
    const found = cluster.members.find((one) => one.name === name);
    if (!found) throw new Error(`There is no ${name}.`);
    return found;
  };

  test('carry a run together, and all of them are ready', async () => {
    const run = await begin('Together', 'echo one', 'echo two');
    await approve(run, 1);
    await approve(run, 2);
    await ended(run, /Finished/);
    const ready = await Promise.all(
      cluster.members.map(async ({ address }) => (await fetch(`${address()}/readyz`)).status),
    );
    expect(ready).toEqual([200, 200, 200, 200]);
  }, 60_000);

  test('lose nothing when Redis is emptied in mid-run', async () => {
    const run = await begin('Flushed', 'sleep 0.5', 'echo two', 'echo three');
    const redis = new Redis(cluster.redisUrl ?? '');
    try {
      await approve(run, 1);
      await redis.flushall();
      await step(run, 1, /is done/);
      await redis.flushall();
      await approve(run, 2);
      await redis.flushall();
      await approve(run, 3);
      await ended(run, /Finished/);
    } finally {
      redis.disconnect();
    }
  }, 60_000);

  test('go on when one server and one worker are killed, and the agent finds the other server', async () => {
    const run = await begin('Killed', 'sleep 1', 'echo two');
    await approve(run, 1);
    await step(run, 1, /is running/);
    await Promise.all([member('server-1').kill(), member('worker-1').kill()]);
    await step(run, 1, /is done/);
    await approve(run, 2);
    await ended(run, /Finished/);
    expect((await runState(cluster, run)).steps.map(({ attempt }) => attempt)).toEqual([1, 1]);
    await Promise.all([member('server-1').start(), member('worker-1').start()]);
  }, 90_000);

  test('wait while the database is away, say so to whoever presses, and go on when it is back', async () => {
    const run = await begin('Away', 'echo one', 'echo two');
    const { ts } = await step(run, 1, /waits for approval/);
    await cluster.killPostgres();
    const server = member('server-2');
    await eventually(
      async () => (await fetch(`${server.address()}/readyz`)).status,
      (status) => status === 503,
    );
    expect((await fetch(`${server.address()}/healthz`)).status).toBe(200);
    await cluster.simulator.act('bob').click('ops', ts, ACTIONS.approveStep);
    await cluster.restartPostgres();
    // The click did nothing: the step waits as before, and the person presses again.
    await eventually(
      async () => (await runState(cluster, run).catch(() => null))?.steps[0]?.status,
      (status) => status === 'awaiting-approval',
      30_000,
    );
    await cluster.simulator.act('bob').click('ops', ts, ACTIONS.approveStep);
    await step(run, 1, /is done/);
    await approve(run, 2);
    await ended(run, /Finished/);
  }, 120_000);

  test('end in good order: what a server was asked before it was told to end is done', async () => {
    const run = await begin('Orderly', 'echo one');
    const { ts } = await step(run, 1, /waits for approval/);
    // Slack has its acknowledgement; what was asked is being done while the servers are told to end.
    const { status } = await cluster.simulator.act('bob').click('ops', ts, ACTIONS.approveStep);
    const exits = await Promise.all([member('server-1').end(), member('server-2').end()]);
    expect(status).toBe(200);
    expect(exits).toEqual([0, 0]);
    await Promise.all([member('server-1').start(), member('server-2').start()]);
    await eventually(
      async () => (await runState(cluster, run)).steps[0]?.status,
      (status) => status !== 'awaiting-approval',
    );
    await ended(run, /Finished/);
  }, 90_000);

  test('leave a log that holds', async () => {
    const { findings, events } = await verifyInstance(cluster.ownerUrl, dataDir);
    expect(findings).toEqual([]);
    expect(events).toBeGreaterThan(50);
  }, 30_000);
});
