import { describe, expect, test } from '@jest/globals';
import { incidentIdOf, type Signal } from '../../src/incident/incident.ts';
import { incidentKind } from '../../src/incident/kind.ts';
import { runId } from '../../src/protocol/ids.ts';
import { BOB, facts, NOW, RUNBOOK } from '../support/builders.ts';
import { ABOUT, carded, having, MATCH, NO_MATCH, signal, told } from '../support/incidents.ts';

const MINUTE = 60_000;
const took = (one: Signal) => ({ type: 'signal', signal: one }) as const;

/** Every order of a few things. */
function orders<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((one, index) =>
    orders(all.filter((_, other) => other !== index)).map((rest) => [one, ...rest]),
  );
}

describe('the id of an incident', () => {
  test('is the same wherever it is made, fits a button, and says nothing of the provider’s own', () => {
    const id = incidentIdOf('pagerduty', 'PT4KHLK');
    expect(incidentIdOf('pagerduty', 'PT4KHLK')).toBe(id);
    expect(id).toMatch(/^[0-9A-F]{20}$/);
    expect(incidentIdOf('pagerduty', 'PT4KHLL')).not.toBe(id);
  });
});

describe('an incident', () => {
  test('is to be matched at once when it is triggered, and waits for people afterwards', () => {
    const state = told(signal('triggered'));
    expect([incidentKind.status(state), incidentKind.dueAt(state)]).toEqual(['triggered', NOW]);
    const matched = having([{ type: 'matched', match: MATCH, channel: 'C1' }], NOW, state).state;
    expect([incidentKind.status(matched), incidentKind.dueAt(matched)]).toEqual(['open', null]);
  });

  test('is matched once', () => {
    const again = having([{ type: 'matched', match: NO_MATCH, channel: 'C9' }], NOW, carded());
    expect(again.events).toEqual([]);
    expect(again.state.match).toEqual(MATCH);
  });

  test('counts alerts and ignores repeats', () => {
    const first = signal('triggered');
    const state = told(first, first, signal('triggered', MINUTE), first);
    expect(state.alerts).toBe(2);
    expect(state.seen).toHaveLength(2);
  });

  test('remembers a bounded number of sayings', () => {
    const many = Array.from({ length: 200 }, (_, index) => signal('changed', index));
    expect(told(signal('triggered'), ...many).seen).toHaveLength(64);
  });

  test('ends resolved in whatever order its events come', () => {
    const events = [
      signal('triggered', 0),
      signal('acknowledged', MINUTE),
      signal('unacknowledged', 2 * MINUTE),
      signal('resolved', 3 * MINUTE),
    ];
    for (const order of orders(events)) {
      const { stage, status } = told(...order);
      expect([status, stage?.name, stage?.since]).toEqual(['resolved', 'resolved', NOW + 3 * MINUTE]);
    }
  });

  test('that came back goes on in whatever order its events come', () => {
    const events = [signal('triggered', 0), signal('resolved', MINUTE), signal('reopened', 2 * MINUTE)];
    for (const order of orders(events)) expect(told(...order).stage?.name).toBe('triggered');
  });

  test('is not opened by an acknowledgement after it was resolved', () => {
    const late = told(signal('triggered'), signal('resolved', MINUTE), signal('acknowledged', 2 * MINUTE));
    expect(late.status).toBe('resolved');
  });

  test('takes the later stage when the pager names one moment for both', () => {
    for (const order of orders([signal('triggered'), signal('acknowledged'), signal('resolved')])) {
      expect(told(...order).stage?.name).toBe('resolved');
    }
  });

  test('that is resolved before anybody looked is not matched and has no card', () => {
    const state = told(signal('triggered'), signal('resolved', 1));
    expect(incidentKind.dueAt(state)).toBeNull();
    expect(having([{ type: 'matched', match: MATCH, channel: 'C1' }], NOW, state).events).toEqual([]);
    expect(having([{ type: 'place', channel: 'C1' }], NOW, state).events).toEqual([]);
  });

  test('keeps what the newest saying knows, not what came in last', () => {
    const better = { ...ABOUT, priority: 'P2' };
    const state = told(
      signal('triggered'),
      signal('changed', 2 * MINUTE, { about: better }),
      signal('acknowledged', MINUTE),
    );
    expect(state.about?.priority).toBe('P2');
  });

  test('of which only a change is heard is not there', () => {
    expect(told(signal('changed')).status).toBe('none');
  });

  test('notes how late it was first heard of', () => {
    const { state } = having([took(signal('triggered', -10 * MINUTE))]);
    expect(state.late).toBe(10 * MINUTE);
  });

  test('gets its place once, from the match or when a channel is set later', () => {
    const waits = carded(MATCH, '');
    expect(waits.channel).toBeNull();
    const placed = having([{ type: 'place', channel: 'C2' }], NOW, waits).state;
    expect(placed.channel).toBe('C2');
    expect(having([{ type: 'place', channel: 'C3' }], NOW, placed).events).toEqual([]);
  });

  test('says which runs were started from it, each once, and is found by later matches', () => {
    const run = { type: 'run-started', run: runId('RUN0000001'), runbook: RUNBOOK, by: BOB } as const;
    const { state } = having([run, run, took(signal('resolved', MINUTE))], NOW, carded());
    expect(state.runs).toEqual([{ run: 'RUN0000001', runbook: RUNBOOK, by: BOB, at: NOW }]);
    expect(incidentKind.status(state)).toBe('resolved-after-run');
  });

  test('that never was cannot have a run', () => {
    const command = { type: 'run-started', run: runId('RUN0000001'), runbook: RUNBOOK, by: BOB } as const;
    expect(incidentKind.decide(incidentKind.initial, command, facts())).toMatchObject({ ok: false });
  });
});
