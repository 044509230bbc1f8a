/** Pages as tests need them; every state is built by the real `decide` and `evolve`. */
import type { IncidentEvent, IncidentState, Particulars, Signal } from '../../src/incident/incident.ts';
import { incidentKind } from '../../src/incident/kind.ts';
import type { Candidate, Match } from '../../src/incident/match.ts';
import { incidentId, runbookId } from '../../src/protocol/ids.ts';
import { facts, NOW, RUNBOOK } from './builders.ts';

export const INCIDENT = incidentId('0A1B2C3D4E5F60718293');

export const ABOUT: Particulars = {
  provider: 'pagerduty',
  title: 'KubePodNotReady in payments',
  service: 'payments-api',
  urgency: 'high',
  priority: 'P1',
  number: 42,
  url: 'https://example.pagerduty.com/incidents/PINC001',
  triggeredAt: NOW,
};

let sayings = 0;

/** Something the pager says, new unless an id is given. */
export function signal(kind: Signal['kind'], after = 0, overrides: Partial<Signal> = {}): Signal {
  sayings += 1;
  return { id: `event-${sayings}`, kind, occurredAt: NOW + after, by: null, about: ABOUT, ...overrides };
}

export const COUNTS = { total: 7, safe: 4, caution: 2, danger: 1, byHand: 0 };

export const MATCH: Match = {
  suggestions: [
    {
      runbook: RUNBOOK,
      title: 'KubePodNotReady',
      counts: COUNTS,
      score: 145,
      reasons: ['alert name “KubePodNotReady” is the title', 'used last time for this alert'],
    },
  ],
  none: null,
  looked: 3,
};

export const NO_MATCH: Match = {
  suggestions: [],
  none: 'No match, because no runbook is saved yet.',
  looked: 0,
};

/** Decides and folds one command after the other; throws with the code of a refusal. */
export function having(
  commands: readonly Parameters<typeof incidentKind.decide>[1][],
  now = NOW,
  from: IncidentState = incidentKind.initial,
): { state: IncidentState; events: IncidentEvent[] } {
  const events: IncidentEvent[] = [];
  const state = commands.reduce((before, command) => {
    const decision = incidentKind.decide(before, command, facts({ now }));
    if (!decision.ok) throw new Error(`refused: ${decision.refusal.code}`);
    events.push(...decision.events);
    return decision.events.reduce(incidentKind.evolve, before);
  }, from);
  return { state, events };
}

/** The incident after these sayings, in the order in which they came in. */
export const told = (...signals: readonly Signal[]): IncidentState =>
  having(signals.map((one) => ({ type: 'signal', signal: one }))).state;

/** A page with a card in the channel and a runbook that fits. */
export const carded = (match = MATCH, channel = 'C1'): IncidentState =>
  having([
    { type: 'signal', signal: signal('triggered') },
    { type: 'matched', match, channel },
  ]).state;

/** A saved runbook as far as matching goes. */
export const candidate = (title: string, id = title, text = title): Candidate => ({
  id: runbookId(id),
  title,
  text,
  counts: COUNTS,
});
