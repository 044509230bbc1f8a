import { describe, expect, test } from '@jest/globals';
import {
  canMove,
  hasEnded,
  isSettled,
  isUnderWay,
  move,
  RUN_STATES,
  RUN_TRANSITIONS,
  STEP_STATES,
  STEP_TRANSITIONS,
  type Transition,
} from '../../src/run/states.ts';

/** What may still become of a step whose last attempt nobody has accounted for. */
const LATE = {
  'step.succeeded': 'succeeded',
  'step.failed': 'failed',
  'step.rejected': 'rejected',
  'step.not-started': 'stalled',
};

/** Written out by hand, and not read from the table: what may happen to a step in each state. */
const STEP_MOVES: Record<string, Record<string, string>> = {
  waiting: {
    'step.offered': 'awaiting-approval',
    'step.handed-over': 'by-hand',
    'step.approved': 'approved',
    'step.recovered': 'unknown',
  },
  'awaiting-approval': {
    'step.approved': 'approved',
    'step.stalled': 'stalled',
    'step.skipped': 'skipped',
    'step.recovered': 'unknown',
    ...LATE,
  },
  'by-hand': { 'step.done': 'done', 'step.skipped': 'skipped' },
  stalled: {
    'step.offered': 'awaiting-approval',
    'step.skipped': 'skipped',
    'step.recovered': 'unknown',
    ...LATE,
  },
  approved: {
    'step.dispatched': 'dispatched',
    'step.stalled': 'stalled',
    'step.recovered': 'unknown',
    ...LATE,
  },
  dispatched: {
    'step.started': 'running',
    'step.succeeded': 'succeeded',
    'step.failed': 'failed',
    'step.rejected': 'rejected',
    'step.not-delivered': 'approved',
    'step.not-started': 'stalled',
    'step.recovered': 'unknown',
    'step.unknown': 'unknown',
  },
  running: {
    'step.printed': 'running',
    'step.kill-asked': 'running',
    'step.succeeded': 'succeeded',
    'step.failed': 'failed',
    'step.rejected': 'rejected',
    'step.unknown': 'unknown',
  },
  unknown: {
    'step.marked-succeeded': 'succeeded',
    'step.marked-failed': 'failed',
    'step.reopened': 'awaiting-approval',
    ...LATE,
  },
};

const RUN_MOVES: Record<string, Record<string, string>> = {
  none: { 'run.started': 'running' },
  running: {
    'run.paused': 'paused',
    'run.halted': 'needs-person',
    'run.succeeded': 'succeeded',
    'run.failed': 'failed',
    'run.stopped': 'unknown',
    'run.aborted': 'aborted',
  },
  'needs-person': {
    'run.paused': 'paused',
    'run.continued': 'running',
    'run.failed': 'failed',
    'run.aborted': 'aborted',
  },
  paused: {
    'run.resume-asked': 'paused',
    'run.resumed': 'running',
    'run.failed': 'failed',
    'run.stopped': 'unknown',
    'run.aborted': 'aborted',
  },
};

test.each(STEP_STATES)('a step that is %s moves by these events and by no other', (from) => {
  checkEvery(STEP_TRANSITIONS, from, STEP_MOVES[from] ?? {});
});

test.each(RUN_STATES)('a run that is %s moves by these events and by no other', (from) => {
  checkEvery(RUN_TRANSITIONS, from, RUN_MOVES[from] ?? {});
});

function checkEvery<S extends string>(
  table: readonly Transition<S>[],
  from: S,
  moves: Record<string, string>,
) {
  for (const { event } of table) {
    const to = moves[event];
    expect({ event, moves: canMove(table, from, event) }).toEqual({ event, moves: to !== undefined });
    if (to) expect(move(table, from, event)).toBe(to);
    else expect(() => move(table, from, event)).toThrow(`No transition from ${from} by ${event}.`);
  }
}

describe('the table', () => {
  test('has one row an event, so that an event says what becomes of its subject', () => {
    for (const table of [STEP_TRANSITIONS, RUN_TRANSITIONS]) {
      expect(new Set(table.map(({ event }) => event)).size).toBe(table.length);
    }
  });

  test('knows no event that this test does not', () => {
    const known = (moves: typeof RUN_MOVES) => new Set(Object.values(moves).flatMap(Object.keys));
    expect(new Set(STEP_TRANSITIONS.map(({ event }) => event))).toEqual(known(STEP_MOVES));
    expect(new Set(RUN_TRANSITIONS.map(({ event }) => event))).toEqual(known(RUN_MOVES));
  });

  test('lets nothing lead from an outcome that nobody can know to a start, but by way of an offer to approve', () => {
    for (const event of ['step.offered', 'step.approved', 'step.dispatched', 'step.skipped', 'step.done']) {
      expect(canMove(STEP_TRANSITIONS, 'unknown', event)).toBe(false);
    }
    const ways = STEP_TRANSITIONS.filter(({ from, to }) => from.includes('unknown') && !isSettled(to));
    expect(ways.map(({ to }) => to).toSorted()).toEqual(
      ['awaiting-approval', 'failed', 'rejected', 'stalled', 'failed'].toSorted(),
    );
  });

  test('says which states are settled, ended and under way', () => {
    expect(STEP_STATES.filter(isSettled)).toEqual(['succeeded', 'skipped', 'done']);
    expect(STEP_STATES.filter(isUnderWay)).toEqual(['dispatched', 'running']);
    expect(RUN_STATES.filter(hasEnded)).toEqual(['succeeded', 'failed', 'unknown', 'aborted']);
  });
});
