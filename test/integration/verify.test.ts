import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { keptDataKey, openLog } from '../../src/audit/log.ts';
import { postgresStore } from '../../src/audit/store.ts';
import { runbookRef, runRef } from '../../src/audit/streams.ts';
import type { Kind, SubjectKind, Typed } from '../../src/audit/subject.ts';
import { verifyLog } from '../../src/audit/verify.ts';
import { systemRandom } from '../../src/platform/clock.ts';
import { runKind } from '../../src/run/kind.ts';
import { runbookKind } from '../../src/runbook/stream.ts';
import { agentKind } from '../../src/tenant/agent.ts';
import { tenantKind } from '../../src/tenant/tenant.ts';
import {
  ALICE,
  admin,
  buildParse,
  buildPlan,
  CHANNEL,
  command,
  member,
  REPORTS,
  RUN,
  RUNBOOK,
  TENANT,
  verdict,
} from '../support/builders.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { fakeClock, openKeys, tenantRef } from '../support/fakes.ts';

const KINDS = new Map(
  [runKind, runbookKind, tenantKind, agentKind].map((kind) => [
    kind.kind,
    kind as unknown as Kind<unknown, unknown, Typed>,
  ]),
) satisfies ReadonlyMap<SubjectKind, unknown>;

let database: TestDatabase;
let owner: pg.Pool;
/** The session that tampers and looks, inside a transaction that is rolled back. */
let session: pg.PoolClient;

/** A log that was written honestly: a workspace that paused and went on, a runbook, and a run with output. */
beforeAll(async () => {
  database = await createDatabase();
  owner = new pg.Pool({ connectionString: database.ownerUrl });
  const log = openLog({
    store: postgresStore(owner),
    keys: openKeys,
    clock: fakeClock(),
    random: systemRandom,
    committed: () => undefined,
  });
  await log.open(TENANT);
  const run = runRef(TENANT, RUN);
  await log.transact(runKind, run, command.start(buildPlan({ steps: [{}, {}] })));
  await log.transact(runKind, run, (state) => command.approve(state));
  await log.transact(runKind, run, (state) => command.dispatch(state));
  await log.transact(runKind, run, command.report(REPORTS.started));
  await log.transact(runKind, run, command.report(REPORTS.succeeded));
  const place = { channel: CHANNEL, threadTs: null };
  await log.transact(tenantKind, tenantRef(TENANT), { type: 'pause', by: member(), way: 'button', place });
  const census = { members: 2, admins: 1 } as const;
  const record = { keyId: '0'.repeat(16), payload: '', sig: '' };
  await log.transact(tenantKind, tenantRef(TENANT), {
    type: 'resume',
    by: admin(),
    typed: 'resume',
    census,
    record,
  });
  const book = runbookRef(TENANT, RUNBOOK);
  await log.transact(runbookKind, book, {
    type: 'receive',
    by: member(),
    source: { text: 'x', sha256: '', by: ALICE, place },
  });
  await log.transact(runbookKind, book, { type: 'parsed', parse: buildParse() });
  await log.transact(runbookKind, book, { type: 'classified', verdicts: [[verdict('safe')]] });
  session = await owner.connect();
});

beforeEach(() => session.query('BEGIN'));
afterEach(() => session.query('ROLLBACK'));

afterAll(async () => {
  session.release();
  await owner.end();
  await database.drop();
});

const verify = () =>
  verifyLog({ tx: session, kinds: KINDS, dataKey: (tenant) => keptDataKey(session, openKeys, tenant) });
const chainsOnly = () => verifyLog({ tx: session });

/** What a database administrator with bad intentions can do and the application cannot. */
async function tamper(sql: string): Promise<void> {
  await session.query(`ALTER TABLE event DISABLE TRIGGER ALL; ${sql}; ALTER TABLE event ENABLE TRIGGER ALL`);
}

const STREAM = `stream = 'run-${RUN}'`;
const found = (sentence: string, version?: number) =>
  expect.objectContaining({
    stream: `T1/run-${RUN}`,
    sentence: expect.stringContaining(sentence),
    ...(version ? { version } : {}),
  });

test('an honest log has no findings', async () => {
  expect(await verify()).toEqual({ events: 13, streams: 3, findings: [] });
  expect((await chainsOnly()).findings).toEqual([]);
});

describe('a log that was changed behind our back has findings:', () => {
  test.each([
    [
      'a payload',
      `UPDATE event SET payload = set_byte(payload, 20, get_byte(payload, 20) # 1) WHERE ${STREAM} AND version = 3`,
    ],
    ['a type', `UPDATE event SET type = 'step.skipped' WHERE ${STREAM} AND version = 3`],
    ['a time', `UPDATE event SET at = at - interval '1 hour' WHERE ${STREAM} AND version = 3`],
    [
      'a hash',
      `UPDATE event SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE ${STREAM} AND version = 3`,
    ],
  ])('%s', async (_, sql) => {
    await tamper(sql);
    expect((await chainsOnly()).findings).toContainEqual(found('was changed', 3));
    expect((await verify()).findings).toContainEqual(found('was changed', 3));
  });

  test('a record that is gone', async () => {
    await tamper(`DELETE FROM event WHERE ${STREAM} AND version = 3`);
    const { findings } = await chainsOnly();
    expect(findings).toContainEqual(found('Versions 3 to 3 are missing', 4));
    expect(findings).toContainEqual(found('does not point back', 4));
  });

  test('a record that is gone and the rest moved up', async () => {
    await tamper(`DELETE FROM event WHERE ${STREAM} AND version = 3;
      UPDATE event SET version = version - 1 WHERE ${STREAM} AND version = 4;
      UPDATE event SET version = version - 1 WHERE ${STREAM} AND version = 5`);
    expect((await chainsOnly()).findings).toContainEqual(found('does not point back', 3));
  });

  test('two records that changed places', async () => {
    await tamper(`UPDATE event SET version = version + 100 WHERE ${STREAM} AND version IN (3, 4);
      UPDATE event SET version = 3 WHERE ${STREAM} AND version = 104; UPDATE event SET version = 4 WHERE ${STREAM} AND version = 103`);
    const { findings } = await chainsOnly();
    expect(findings.map(({ version }) => version)).toEqual(expect.arrayContaining([3, 4, 5]));
  });

  test('an end that was cut off', async () => {
    await tamper(
      `DELETE FROM event WHERE ${STREAM} AND version = (SELECT max(version) FROM event WHERE ${STREAM})`,
    );
    expect((await chainsOnly()).findings).toContainEqual(found('The snapshot stands at version'));
  });

  test('a record copied from elsewhere', async () => {
    await tamper(
      `UPDATE event SET payload = (SELECT payload FROM event WHERE ${STREAM} AND version = 1) WHERE ${STREAM} AND version = 3`,
    );
    expect((await verify()).findings).toContainEqual(found('cannot be opened', 3));
  });

  test.each([
    ['that hides work', `UPDATE due SET status = 'succeeded' WHERE ${STREAM}`],
    ['of an older version', `UPDATE due SET version = version - 1 WHERE ${STREAM}`],
    ['without a row', `DELETE FROM due WHERE ${STREAM}`],
  ])('an index of what is due %s', async (_, sql) => {
    await tamper(sql);
    expect((await chainsOnly()).findings).toContainEqual(found('The index of what is due'));
  });

  test.each([
    [
      'changed',
      `UPDATE subject SET snapshot = set_byte(snapshot, 20, get_byte(snapshot, 20) # 1) WHERE ${STREAM}`,
      'The snapshot cannot be opened',
    ],
    [
      'of another subject',
      `UPDATE subject SET snapshot = (SELECT snapshot FROM subject WHERE stream = 'tenant') WHERE ${STREAM}`,
      'The snapshot cannot be opened',
    ],
    [
      'set back',
      `UPDATE subject SET version = version - 1 WHERE ${STREAM}`,
      'The snapshot stands at version',
    ],
    ['gone', `DELETE FROM subject WHERE ${STREAM}`, 'its snapshot is gone'],
  ])('a snapshot that is %s, and only that', async (_, sql, sentence) => {
    await session.query(sql);
    expect((await verify()).findings).toEqual([found(sentence)]);
  });

  test('a snapshot that was sealed with the right key and says something else', async () => {
    await session.query('ROLLBACK'); // the log has transactions of its own, so this test is the last one
    const log = openLog({
      store: postgresStore(owner),
      keys: openKeys,
      clock: fakeClock(),
      random: systemRandom,
      committed: () => undefined,
    });
    const lying = { ...runKind, evolve: (state: Parameters<typeof runKind.evolve>[0]) => state };
    await log.transact(lying, runRef(TENANT, RUN), command.abort());
    expect((await verify()).findings).toEqual([found('not what its events add up to')]);
  });
});
