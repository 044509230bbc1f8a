import { type Decision, events, type Facts, type Kind, refuse } from '../audit/subject.ts';
import type { IncidentCommand, IncidentEvent, IncidentState, Signal, Stage, StageName } from './incident.ts';

/** Sayings that are remembered to know a repeat. PagerDuty repeats within minutes and has few for one incident. */
const MAX_SEEN = 64;
/** Runs that are remembered; older ones stay in the log. */
const MAX_RUNS = 20;

const initial: IncidentState = {
  status: 'none',
  about: null,
  stage: null,
  toldAt: 0,
  late: 0,
  alerts: 0,
  seen: [],
  match: null,
  channel: null,
  runs: [],
  changedAt: 0,
};

function decide(state: IncidentState, command: IncidentCommand, { now: at }: Facts): Decision<IncidentEvent> {
  switch (command.type) {
    case 'signal': {
      const { signal } = command;
      const unknown = state.status === 'none' && signal.kind === 'changed';
      if (unknown || state.seen.includes(signal.id)) return events();
      return events({ type: `incident.${signal.kind}`, signal, at });
    }
    case 'matched': {
      if (state.status !== 'triggered') return events();
      const { match, channel } = command;
      const matched = { type: 'incident.matched' as const, match, at };
      return channel && !state.channel
        ? events<IncidentEvent>(matched, { type: 'incident.placed', channel, at })
        : events<IncidentEvent>(matched);
    }
    case 'place': {
      const waits = state.channel === null && (state.status === 'triggered' || state.status === 'open');
      return waits ? events({ type: 'incident.placed', channel: command.channel, at }) : events();
    }
    case 'run-started': {
      const { run, runbook, by } = command;
      if (state.status === 'none') return refuse('no-such-incident', 'There is no such page.');
      if (state.runs.some((known) => known.run === run)) return events();
      return events({ type: 'incident.run-started', run: { run, runbook, by, at }, at });
    }
  }
}

function evolve(before: IncidentState, event: IncidentEvent): IncidentState {
  const state = { ...before, changedAt: event.at };
  switch (event.type) {
    case 'incident.matched':
      return withStatus({ ...state, match: event.match });
    case 'incident.placed':
      return { ...state, channel: event.channel };
    case 'incident.run-started':
      return { ...state, runs: [...state.runs, event.run].slice(-MAX_RUNS) };
    default:
      return withStatus(told(state, event.signal, event.at));
  }
}

function told(state: IncidentState, signal: Signal, at: number): IncidentState {
  const { about, occurredAt } = signal;
  const newer = occurredAt >= state.toldAt || !state.about;
  return {
    ...state,
    ...(newer ? { about, toldAt: occurredAt } : {}),
    late: state.status === 'none' ? Math.max(0, at - occurredAt) : state.late,
    alerts: state.alerts + (signal.kind === 'triggered' ? 1 : 0),
    seen: [...state.seen, signal.id].slice(-MAX_SEEN),
    stage: nextStage(state.stage, signal),
  };
}

const STAGE_OF = {
  triggered: 'triggered',
  acknowledged: 'acknowledged',
  unacknowledged: 'triggered',
  resolved: 'resolved',
  reopened: 'triggered',
} as const satisfies Record<Exclude<Signal['kind'], 'changed'>, StageName>;

/** At one moment of the pager's clock the later stage counts. */
const RANK: Record<StageName, number> = { triggered: 0, acknowledged: 1, resolved: 2 };

/**
 * Where the incident stands after a saying, in whatever order they arrive: the newest by the pager's own clock decides,
 * and only coming back leaves `resolved`.
 */
function nextStage(before: Stage | null, { kind, occurredAt, by }: Signal): Stage | null {
  if (kind === 'changed') return before;
  const name = STAGE_OF[kind];
  const stage: Stage = { name, since: occurredAt, by, reopened: kind === 'reopened' };
  if (!before) return stage;
  if (occurredAt < before.since) return before;
  if (occurredAt === before.since && RANK[name] <= RANK[before.name]) return before;
  if (name === 'resolved') return stage;
  const wasOver = before.name === 'resolved';
  if (wasOver && kind !== 'reopened' && kind !== 'triggered') return before;
  return { ...stage, reopened: before.reopened || wasOver || stage.reopened };
}

function withStatus(state: IncidentState): IncidentState {
  if (!state.stage) return state;
  if (state.stage.name === 'resolved') return { ...state, status: 'resolved' };
  return { ...state, status: state.match ? 'open' : 'triggered' };
}

/** What the index calls a resolved incident from which a run was started: what later matches learn from. */
const RESOLVED_AFTER_RUN = 'resolved-after-run';

/** Statuses of incidents that go on. */
export const OPEN_STATUSES = ['triggered', 'open'] as const;
/** Statuses among which runs were started. */
export const TAUGHT_STATUSES = ['open', RESOLVED_AFTER_RUN] as const;

/** The incident as a subject: what the pager says, what we suggest, what people started. */
export const incidentKind: Kind<IncidentState, IncidentCommand, IncidentEvent> = {
  kind: 'incident',
  initial,
  decide,
  evolve,
  status: ({ status, runs }) => (status === 'resolved' && runs.length > 0 ? RESOLVED_AFTER_RUN : status),
  // Only looking for a runbook is work to do; everything else waits for the pager or for people.
  dueAt: ({ status, changedAt }) => (status === 'triggered' ? changedAt : null),
};
