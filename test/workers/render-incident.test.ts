import { expect, test } from '@jest/globals';
import { incidentRef } from '../../src/audit/streams.ts';
import type { IncidentState } from '../../src/incident/incident.ts';
import { incidentKind } from '../../src/incident/kind.ts';
import { type RenderDeps, renderSubject } from '../../workers/render.ts';
import { NOW, TENANT } from '../support/builders.ts';
import { fakeClock, fakeDirectory, fakeLogger, fakeSlack, memoryLog, memoryShown } from '../support/fakes.ts';
import { carded, having, INCIDENT, MATCH, signal } from '../support/incidents.ts';

const REF = incidentRef(TENANT, INCIDENT);

function room() {
  const { log, put } = memoryLog();
  const { slack, calls } = fakeSlack(fakeDirectory([]));
  const deps: RenderDeps = {
    log,
    slackOf: async () => slack,
    shown: memoryShown(),
    logger: fakeLogger().logger,
    clock: fakeClock(),
    markShown: async () => undefined,
    deferShow: async () => undefined,
    alone: (_, work) => work().then(() => true),
    hint: () => undefined,
  };
  let version = 0;
  const show = async (state: IncidentState) => {
    put(incidentKind, REF, state, ++version);
    await renderSubject(deps, REF);
    return calls.splice(0).map(({ method }) => method);
  };
  return { show };
}

test('the card of a page is posted once and then changed, up to its end', async () => {
  const { show } = room();
  const say = (kind: 'acknowledged' | 'resolved', after: number) =>
    having([{ type: 'signal', signal: signal(kind, after) }], NOW, carded()).state;
  expect(await show(carded())).toEqual(['post']);
  expect(await show(carded())).toEqual([]);
  expect(await show(say('acknowledged', 1))).toEqual(['update']);
  expect(await show(say('resolved', 2))).toEqual(['update']);
});

test('a page without a channel is shown nowhere, and in its channel as soon as it has one', async () => {
  const { show } = room();
  const lost = carded(MATCH, '');
  expect(await show(lost)).toEqual([]);
  expect(await show(having([{ type: 'place', channel: 'C1' }], NOW, lost).state)).toEqual(['post']);
});
