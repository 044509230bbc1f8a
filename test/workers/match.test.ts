import { beforeEach, describe, expect, test } from '@jest/globals';
import { incidentRef, runbookRef } from '../../src/audit/streams.ts';
import { incidentIdOf, type Signal } from '../../src/incident/incident.ts';
import { incidentKind } from '../../src/incident/kind.ts';
import { openIncidents, placeWaiting, recordSignal } from '../../src/incident/service.ts';
import { type IncidentId, runbookId, runId } from '../../src/protocol/ids.ts';
import { runbookKind } from '../../src/runbook/stream.ts';
import type { Settings } from '../../src/tenant/settings.ts';
import { tenantKind } from '../../src/tenant/tenant.ts';
import { matchIncident } from '../../workers/match.ts';
import { BOB, buildParse, buildRunbook, TENANT, tenantState } from '../support/builders.ts';
import { fakeLogger, memoryLog, tenantRef } from '../support/fakes.ts';
import { ABOUT, signal } from '../support/incidents.ts';

function room() {
  const { log, put } = memoryLog();
  const { logger, lines } = fakeLogger();
  const set = (settings?: Settings) =>
    put(tenantKind, tenantRef(TENANT), tenantState(settings ? { settings } : {}));
  const save = (title: string, id = title.replaceAll(/\W/g, '').toUpperCase()) =>
    put(
      runbookKind,
      runbookRef(TENANT, runbookId(id)),
      buildRunbook(buildParse([['uptime']], { title }), { status: 'saved' }),
    );
  const say = (external: string, one: Signal) =>
    recordSignal(log, TENANT, { provider: 'pagerduty', external, signal: one });
  const id = (external = 'P1') => incidentIdOf('pagerduty', external);
  const ref = (incident: IncidentId = id()) => incidentRef(TENANT, incident);
  const state = async (external = 'P1') => (await log.load(incidentKind, ref(id(external))))?.state;
  const match = (external = 'P1') => matchIncident({ log, logger }, ref(id(external)));
  return { log, lines, set, save, say, ref, id, state, match };
}

let at: ReturnType<typeof room>;
beforeEach(() => {
  at = room();
  at.set({ pages: { channel: 'C1', byService: { 'payments-api': 'C2' } } });
});

describe('looking for a runbook', () => {
  test('records what fits and the channel of the service, once', async () => {
    at.save('KubePodNotReady');
    at.save('Something else');
    await at.say('P1', signal('triggered'));
    await at.match();
    const first = await at.state();
    expect(first).toMatchObject({ status: 'open', channel: 'C2', match: { looked: 2, none: null } });
    expect(
      first?.match?.suggestions.map(({ title, counts }) => [title, counts.total, counts.caution]),
    ).toEqual([['KubePodNotReady', 1, 1]]);
    at.save('KubePodNotReady again');
    await at.match();
    expect(await at.state()).toEqual(first);
  });

  test('looks at saved runbooks only', async () => {
    const log = at.log;
    await at.say('P1', signal('triggered'));
    await at.match();
    expect((await at.state())?.match).toEqual({
      suggestions: [],
      none: 'No match, because no runbook is saved yet.',
      looked: 0,
    });
    expect(await log.list(runbookKind, TENANT)).toEqual([]);
  });

  test('learns from what a person started before', async () => {
    const about = { ...ABOUT, title: 'Sales are low', service: 'shop' };
    at.save('Clean up', 'CLEANUP');
    await at.say('P0', signal('triggered', 0, { about }));
    await at.match('P0');
    const run = {
      type: 'run-started',
      run: runId('RUN0000001'),
      runbook: runbookId('CLEANUP'),
      by: BOB,
    } as const;
    await at.log.transact(incidentKind, at.ref(at.id('P0')), run);
    await at.say('P0', signal('resolved', 1, { about }));
    await at.say('P1', signal('triggered', 2, { about }));
    await at.match();
    expect((await at.state())?.match?.suggestions).toMatchObject([
      { runbook: 'CLEANUP', reasons: ['used last time for this alert'] },
    ]);
  });

  test('does nothing for a page that is over, and for none', async () => {
    await at.say('P1', signal('triggered'));
    await at.say('P1', signal('resolved', 1));
    await at.match();
    await at.match('P9');
    expect((await at.state())?.match).toBeNull();
    expect(await at.state('P9')).toBeUndefined();
  });
});

describe('a page without a channel', () => {
  beforeEach(() => at.set());

  test('is kept, and said in the log once', async () => {
    await at.say('P1', signal('triggered'));
    await at.match();
    await at.match();
    expect((await at.state())?.channel).toBeNull();
    expect(at.lines.filter(({ msg }) => String(msg).includes('no channel'))).toHaveLength(1);
    expect((await openIncidents(at.log, TENANT)).map(({ id }) => id)).toEqual([at.id()]);
  });

  test('gets its card once a channel is set for its service, and only then', async () => {
    await at.say('P1', signal('triggered'));
    await at.say('P2', signal('triggered', 1, { about: { ...ABOUT, service: 'search' } }));
    await at.match();
    expect(await placeWaiting(at.log, TENANT)).toBe(0);
    at.set({ pages: { byService: { 'payments-api': 'C2' } } });
    expect(await placeWaiting(at.log, TENANT)).toBe(1);
    expect([(await at.state())?.channel, (await at.state('P2'))?.channel]).toEqual(['C2', null]);
  });

  test('that was resolved meanwhile gets none any more', async () => {
    await at.say('P1', signal('triggered'));
    await at.say('P1', signal('resolved', 1));
    at.set({ pages: { channel: 'C1' } });
    expect(await placeWaiting(at.log, TENANT)).toBe(0);
  });
});
