import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { openLog, TENANT_STREAM } from '../../src/audit/log.ts';
import { postgresStore } from '../../src/audit/store.ts';
import { runRef } from '../../src/audit/streams.ts';
import { systemRandom } from '../../src/platform/clock.ts';
import { connectDatabase, type Database } from '../../src/platform/database.ts';
import { runId, tenantId, userId } from '../../src/protocol/ids.ts';
import { evolve, initialRun } from '../../src/run/evolve.ts';
import { runKind } from '../../src/run/kind.ts';
import type { RunCommand, RunState } from '../../src/run/run.ts';
import { tenantKind } from '../../src/tenant/tenant.ts';
import { buildPlan, command, member, outsider, TENANT } from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { fakeClock, fakeLogger, openKeys } from '../support/fakes.ts';
import { allEvents, openPayload } from '../support/log-rows.ts';

let testDatabase: TestDatabase;
let database: Database;
let owner: pg.Client;
const changes: string[] = [];

beforeAll(async () => {
  testDatabase = await createDatabase();
  database = connectDatabase(testDatabase.appUrl, fakeLogger().logger, 60);
  owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  await log().open(TENANT);
});

afterAll(async () => {
  await database.close();
  await owner.end();
  await testDatabase.drop();
});

const log = (clock = fakeClock()) =>
  openLog({
    store: postgresStore(database.pool),
    keys: openKeys,
    clock,
    random: systemRandom,
    committed: ({ ref, version }) => void changes.push(`${ref.stream} ${version}`),
  });

const refOf = (name: string) => runRef(TENANT, runId(name));
const started = async (name: string) => log().transact(runKind, refOf(name), command.start());

describe('a change', () => {
  test('is its events and its snapshot, and the snapshot is what the events add up to', async () => {
    const ref = refOf('FOLD');
    await started('FOLD');
    const step = (asked: (state: RunState) => RunCommand) => log().transact(runKind, ref, asked);
    await step((state) => command.approve(state));
    await step((state) => command.dispatch(state));
    await step(() => command.pause());
    const rows = await allEvents(owner, ref.stream);
    const events = await Promise.all(rows.map((row) => openPayload(owner, row)));
    const loaded = await log().load(runKind, ref);
    expect(rows.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
    expect(events.map(({ type }) => type)).toEqual(rows.map(({ type }) => type));
    expect(loaded).toMatchObject({
      version: 5,
      state: events.reduce((state, event) => evolve(state, event as never), initialRun),
    });
  });

  test('that is refused leaves no trace and tells nobody', async () => {
    await started('REFUSED');
    const before = [await allEvents(owner), changes.length];
    const asked = (state: RunState) => command.approve(state, { by: outsider() });
    expect(await log().transact(runKind, refOf('REFUSED'), asked)).toMatchObject({ ok: false });
    expect([await allEvents(owner), changes.length]).toEqual(before);
  });

  test('that is no change leaves no trace either', async () => {
    await started('SAME');
    const before = await allEvents(owner);
    expect(await started('SAME')).toMatchObject({ ok: true, version: 2, events: [] });
    expect(await allEvents(owner)).toEqual(before);
  });

  test('that fails half-way leaves no trace', async () => {
    await started('FAULT');
    const failing = {
      ...runKind,
      status: () => {
        throw new Error('broken');
      },
    };
    await expect(log().transact(failing, refOf('FAULT'), command.pause())).rejects.toThrow('broken');
    expect((await log().load(runKind, refOf('FAULT')))?.version).toBe(2);
    expect(await allEvents(owner, refOf('FAULT').stream)).toHaveLength(2);
  });

  test('is told once, after it is kept', async () => {
    await started('TOLD');
    expect(changes.filter((change) => change.startsWith('run-TOLD'))).toEqual(['run-TOLD 2']);
  });

  test('cannot be made in a workspace that was never opened', async () => {
    const ref = runRef(tenantId('T9'), runId('X'));
    await expect(log().transact(runKind, ref, command.start())).rejects.toThrow('was never opened');
  });
});

describe('at the same time', () => {
  test('fifty people approve one step, and exactly one of them does', async () => {
    await started('CROWD');
    const people = Array.from({ length: 50 }, (_, index) => member(userId(`U${index}`)));
    const answers = await Promise.all(
      people.map((by) => log().transact(runKind, refOf('CROWD'), (state) => command.approve(state, { by }))),
    );
    const winners = people.filter((_, index) => answers[index]?.ok);
    expect(winners).toHaveLength(1);
    const state = (await log().load(runKind, refOf('CROWD')))?.state;
    expect(state?.steps[0]?.approval?.by).toBe(winners[0]?.user);
    const types = (await allEvents(owner, refOf('CROWD').stream)).map(({ type }) => type);
    expect(types.filter((type) => type === 'step.approved')).toHaveLength(1);
  });

  test('one approves and another skips: one of the two happens', async () => {
    for (let round = 0; round < 10; round++) {
      const name = `RACE${round}`;
      await started(name);
      const [approved, skipped] = await Promise.all([
        log().transact(runKind, refOf(name), (state) => command.approve(state)),
        log().transact(runKind, refOf(name), command.on('skip')),
      ]);
      expect([approved.ok, skipped.ok].filter(Boolean)).toHaveLength(1);
    }
  });

  test('the loser decides again on what the winner left', async () => {
    await log().transact(runKind, refOf('AGAIN'), command.start(buildPlan({ steps: [{}, {}] })));
    const seen: number[] = [];
    let meanwhile: Promise<unknown> | null = null;
    const outcome = await log().transact(runKind, refOf('AGAIN'), async (state): Promise<RunCommand> => {
      seen.push(state.steps.filter(({ status }) => status === 'skipped').length);
      meanwhile ??= log().transact(runKind, refOf('AGAIN'), command.on('skip'));
      await meanwhile;
      return command.pause();
    });
    expect(seen).toEqual([0, 1]);
    expect(outcome).toMatchObject({ ok: true, version: 5 });
  });

  test('changes of different subjects do not wait for each other', async () => {
    await Promise.all([started('LEFT'), started('RIGHT')]);
    const outcome = await log().transact(runKind, refOf('LEFT'), async (): Promise<RunCommand> => {
      await log().transact(runKind, refOf('RIGHT'), command.pause());
      return command.pause();
    });
    expect(outcome.ok).toBe(true);
  });

  test('two processes that need a new workspace’s key make one', async () => {
    const fresh = tenantId('TKEY');
    const both = [log(), log()];
    await Promise.all(both.map((one) => one.open(fresh)));
    for (const one of both)
      expect((await one.load(tenantKind, { tenant: fresh, stream: TENANT_STREAM }))?.version).toBe(1);
  });
});

describe('a pause and a dispatch', () => {
  const pause = {
    type: 'pause',
    by: member(),
    way: 'command',
    place: { channel: 'C1', threadTs: null },
  } as const;
  const approvedRun = async (tenant: string) => {
    const ref = runRef(tenantId(tenant), runId('ONLY'));
    const tenantStream = { tenant: ref.tenant, stream: TENANT_STREAM };
    await log().open(ref.tenant);
    await log().transact(runKind, ref, command.start({ ...buildPlan(), tenantId: ref.tenant }));
    await log().transact(runKind, ref, (state) => command.approve(state));
    return { ref, tenantStream };
  };

  test('a pause waits for a dispatch that has begun, so what was sent was sent before it', async () => {
    const { ref, tenantStream } = await approvedRun('TP1');
    const order: string[] = [];
    let paused: Promise<unknown> = Promise.resolve();
    await log().transact(runKind, ref, async (state): Promise<RunCommand> => {
      paused = log()
        .transact(tenantKind, tenantStream, pause)
        .then(() => order.push('paused'));
      await lockWaiters(owner);
      order.push('dispatched');
      return command.dispatch(state);
    });
    await paused;
    expect(order).toEqual(['dispatched', 'paused']);
  });

  test('after a pause nothing is dispatched, though it was prepared before', async () => {
    const { ref, tenantStream } = await approvedRun('TP2');
    await log().transact(tenantKind, tenantStream, pause);
    const outcome = await log().transact(runKind, ref, (state) => command.dispatch(state, { panicEpoch: 0 }));
    expect(outcome).toMatchObject({ ok: false, refusal: { code: 'paused' } });
  });
});

/** Resolves when somebody waits for a lock in this database; gives up after two seconds. */
async function lockWaiters(client: pg.Client): Promise<void> {
  const until = Date.now() + 2_000;
  const sql = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while (((await client.query(sql)).rowCount ?? 0) === 0) {
    if (Date.now() > until) throw new Error('Nobody waits for a lock.');
  }
}

test('subjects of a kind can be found by status', async () => {
  await started('LISTED');
  const found = (statuses: readonly string[]) => log().list(runKind, TENANT, statuses);
  const names = (rows: { ref: { stream: string } }[]) => rows.map(({ ref }) => ref.stream);
  expect(names(await found(['running']))).toContain('run-LISTED');
  expect(names(await found(['paused']))).not.toContain('run-LISTED');
  expect(await log().list(runKind, tenantId('T8'))).toEqual([]);
});

test('the clock of the log is the time of its events', async () => {
  const clock = fakeClock(1_700_000_000_123);
  await log(clock).transact(runKind, refOf('TIME'), command.start());
  const [row] = await allEvents(owner, refOf('TIME').stream);
  expect(row?.at.getTime()).toBe(1_700_000_000_123);
});
