import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { type Pager, startPager } from '../../../dev/pagerduty.ts';
import { createPagerDutyHook } from '../../../handlers/webhooks/pagerduty.ts';
import { openLog } from '../../../src/audit/log.ts';
import { postgresStore } from '../../../src/audit/store.ts';
import { incidentRef } from '../../../src/audit/streams.ts';
import { incidentIdOf } from '../../../src/incident/incident.ts';
import { incidentKind } from '../../../src/incident/kind.ts';
import { systemRandom } from '../../../src/platform/clock.ts';
import { connectDatabase, type Database } from '../../../src/platform/database.ts';
import { changeSettings } from '../../../src/tenant/service.ts';
import { matchIncident } from '../../../workers/match.ts';
import { admin, NOW, TENANT } from '../../support/builders.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { fakeClock, fakeDirectory, fakeLogger, openKeys } from '../../support/fakes.ts';

const SECRET = 'the-signing-secret-of-pagerduty';
const clock = fakeClock();
const { logger } = fakeLogger();
let testDatabase: TestDatabase;
const databases: Database[] = [];
const servers: ReturnType<typeof createServer>[] = [];
const pagers: Pager[] = [];

/** As a process of its own: own connections, own log, own port. */
async function startProcess() {
  const database = connectDatabase(testDatabase.appUrl, logger, 5);
  databases.push(database);
  const log = openLog({
    store: postgresStore(database.pool),
    keys: openKeys,
    clock,
    random: systemRandom,
    committed: () => undefined,
  });
  const hook = createPagerDutyHook({ log, logger, clock });
  const server = createServer((req, res) => void hook(req, res, TENANT));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/pagerduty/${TENANT}`;
  pagers.push(startPager({ url, secrets: [SECRET], now: clock.now }));
  return { log };
}

let log: Awaited<ReturnType<typeof startProcess>>['log'];

beforeAll(async () => {
  testDatabase = await createDatabase();
  ({ log } = await startProcess());
  await startProcess();
  await log.open(TENANT);
  const deps = { log, directory: fakeDirectory([admin()]) };
  const set = await changeSettings(deps, TENANT, admin().user, { type: 'set-pagerduty', secret: SECRET });
  if (!set.ok) throw new Error(set.refusal.code);
});

afterAll(async () => {
  for (const server of servers) server.close();
  await Promise.all(databases.map((database) => database.close()));
  await testDatabase.drop();
});

const refOf = (external: string) => incidentRef(TENANT, incidentIdOf('pagerduty', external));
const incident = async (external: string) => (await log.load(incidentKind, refOf(external)))?.state;

describe('two processes', () => {
  test('that get the same page ten times at once record it once', async () => {
    const [first] = pagers;
    const text = first?.body('incident.triggered', { id: 'PSAME', at: NOW }) ?? '';
    const sent = Array.from({ length: 10 }, (_, index) => pagers[index % 2]?.deliver(text));
    const statuses = (await Promise.all(sent)).map((answer) => answer?.status);
    expect(new Set(statuses)).toEqual(new Set([202]));
    const loaded = await log.load(incidentKind, refOf('PSAME'));
    expect([loaded?.version, loaded?.state.alerts]).toEqual([1, 1]);
  });

  test('that get trigger, acknowledgement and resolution at once end resolved', async () => {
    const [first, second] = pagers;
    await Promise.all([
      second?.resolve({ id: 'PALL', at: NOW + 2_000 }),
      first?.trigger({ id: 'PALL', at: NOW }),
      second?.acknowledge({ id: 'PALL', at: NOW + 1_000 }),
    ]);
    expect((await incident('PALL'))?.stage?.name).toBe('resolved');
  });

  test('that look for a runbook at once record one match', async () => {
    await pagers[0]?.trigger({ id: 'PMATCH', at: NOW });
    await Promise.all(Array.from({ length: 6 }, () => matchIncident({ log, logger }, refOf('PMATCH'))));
    expect((await log.load(incidentKind, refOf('PMATCH')))?.version).toBe(2);
  });
});

test('the database holds no word of a page, of its pager, or of the secret', async () => {
  await pagers[0]?.trigger({ id: 'PSEALED', title: 'MarkerInTitle', service: 'marker-in-service', at: NOW });
  const client = new Client({ connectionString: testDatabase.ownerUrl });
  await client.connect();
  try {
    for (const table of ['event', 'subject', 'due']) {
      const { rows } = await client.query(`SELECT t::text AS all FROM ${table} t`);
      const text = rows.map((row) => row.all).join('\n');
      expect(text).toContain('incident-');
      for (const word of ['MarkerInTitle', 'marker-in-service', 'PSEALED', SECRET]) {
        expect(text).not.toContain(word);
        expect(text).not.toContain(Buffer.from(word).toString('hex'));
      }
    }
  } finally {
    await client.end();
  }
});

test('a page is answered with 503 while the database is away, and taken when it comes again', async () => {
  const away = connectDatabase('postgres://dd0c_app:x@127.0.0.1:1/none', logger, 1);
  const broken = openLog({
    store: postgresStore(away.pool),
    keys: openKeys,
    clock,
    random: systemRandom,
    committed: () => undefined,
  });
  let hook = createPagerDutyHook({ log: broken, logger, clock });
  const server = createServer((req, res) => void hook(req, res, TENANT));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const pager = startPager({ url, secrets: [SECRET], now: clock.now });
  const text = pager.body('incident.triggered', { id: 'PAWAY', at: NOW });
  expect((await pager.deliver(text)).status).toBe(503);
  hook = createPagerDutyHook({ log, logger, clock });
  expect((await pager.deliver(text)).status).toBe(202);
  expect((await incident('PAWAY'))?.alerts).toBe(1);
  await away.close();
});
