import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide } from '../../src/run/decide.ts';
import { evolve, initialRun } from '../../src/run/evolve.ts';
import { runKind } from '../../src/run/kind.ts';
import { CHOICES, type RunCommand, type RunEvent, type RunState } from '../../src/run/run.ts';
import { isUnderWay } from '../../src/run/states.ts';
import {
  ABE,
  ADA,
  ALICE,
  ALONE,
  admin,
  BOB,
  buildPlan,
  command,
  DISPATCH,
  hashOf,
  MANY,
  member,
  NOW,
  outsider,
  PAUSE,
  RECORD,
  REPORTS,
  S1,
  S2,
  S3,
  tenantState,
} from '../support/builders.ts';

const byHand = { command: 'vim', reason: 'It needs a terminal.' };
const PLAN = buildPlan({ trust: 'guided', steps: [{ risk: 'safe' }, { risk: 'danger' }, { byHand }] });

const step = fc.constantFrom(S1, S2, S3);
const by = fc.constantFrom(member(ALICE), member(BOB), admin(ADA), admin(ABE), outsider());
const hash = fc.constantFrom('own', 'other', '') as fc.Arbitrary<'own' | 'other' | ''>;

/** What anybody may ask in any order; made into a command when the state is known. */
type Ask = (state: RunState) => RunCommand;
const shown = (state: RunState, id: typeof S1, which: string) =>
  which === 'own' ? hashOf(state, id) : which === 'other' ? hashOf(state, id === S1 ? S2 : S1) : '';

const ask: fc.Arbitrary<Ask> = fc.oneof(
  fc.constant<Ask>(() => ({ type: 'tick' })),
  by.map(
    (who): Ask =>
      () =>
        command.start(PLAN, who),
  ),
  fc
    .record({
      step,
      by,
      hash,
      typed: fc.constantFrom('api', 'no', null),
      census: fc.constantFrom(MANY, ALONE),
    })
    .map(
      ({ hash: which, ...rest }): Ask =>
        (state) => ({
          type: 'approve',
          ...rest,
          shown: shown(state, rest.step, which),
          startBy: NOW + 900_000,
          record: RECORD,
        }),
    ),
  fc.record({ step, hash, panicEpoch: fc.constantFrom(0, 1) }).map(
    ({ hash: which, ...rest }): Ask =>
      (state) => ({
        type: 'dispatch',
        ...rest,
        execSha256: shown(state, rest.step, which),
        dispatch: DISPATCH,
      }),
  ),
  fc
    .record({ step, attempt: fc.constantFrom(0, 1, 2), report: fc.constantFrom(...Object.values(REPORTS)) })
    .map(
      (rest): Ask =>
        () => ({ type: 'report', ...rest }),
    ),
  fc.record({ type: fc.constantFrom('skip', 'done', 'ask-again', 'kill'), step, by }).map(
    (rest): Ask =>
      () =>
        rest,
  ),
  fc.record({ type: fc.constantFrom('pause', 'abort'), by }).map(
    (rest): Ask =>
      () =>
        rest,
  ),
  fc
    .record({
      step,
      by,
      attempt: fc.constantFrom(1, 2, 3),
      choice: fc.constantFrom(...CHOICES),
      reason: fc.constantFrom('Looked at the host.', 'x'),
    })
    .map(
      (rest): Ask =>
        () => ({ type: 'settle', ...rest }),
    ),
  fc.record({ by, typed: fc.constantFrom('resume', 'x'), census: fc.constantFrom(MANY, ALONE) }).map(
    (rest): Ask =>
      () => ({ type: 'resume', ...rest }),
  ),
);

/** What would come next if the outcome of every attempt were lost, so that stories get to a second one often. */
const onward: Ask = (state) => {
  const { status, attempt = 0 } = state.steps[0] ?? {};
  switch (status) {
    case 'awaiting-approval':
      return command.approve(state);
    case 'approved':
      return command.dispatch(state);
    case 'dispatched':
    case 'running':
      return command.report(attempt % 3 === 0 ? REPORTS.notStarted : REPORTS.unknown, S1, attempt);
    case 'unknown':
      return command.settle('rerun', { attempt });
    default:
      return command.on('ask-again');
  }
};

const moment = fc.record({
  ask,
  after: fc.constantFrom(0, 1_000, 60_000, 900_000),
  paused: fc.boolean(),
  epoch: fc.constantFrom(0, 0, 1),
});

/** Moments that follow closely on each other, most of them about a step that is lost again and again. */
const closely = fc.record({
  ask: fc.oneof({ arbitrary: ask, weight: 1 }, { arbitrary: fc.constant(onward), weight: 4 }),
  after: fc.constantFrom(0, 1_000),
  paused: fc.constantFrom(...Array.from({ length: 9 }, () => false), true),
  epoch: fc.constant(0),
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/** Plays a story; `look` sees the state before and after each thing that was asked, and what it led to. */
function play(
  story: readonly { ask: Ask; after: number; paused: boolean; epoch: number }[],
  look: (before: RunState, events: readonly RunEvent[], after: RunState, paused: boolean) => void,
): { state: RunState; events: RunEvent[] } {
  let now = NOW;
  const start = decideAndFold(initialRun, command.start(PLAN), NOW, false, 0);
  let state = deepFreeze(start.state);
  let all = start.events;
  look(initialRun, start.events, state, false);
  for (const { ask: make, after, paused, epoch } of story) {
    now += after;
    const next = decideAndFold(state, deepFreeze(make(state)), now, paused, epoch);
    look(state, next.events, deepFreeze(next.state), paused);
    all = [...all, ...next.events];
    state = next.state;
  }
  return { state, events: all };
}

function decideAndFold(state: RunState, asked: RunCommand, now: number, paused: boolean, panicEpoch: number) {
  const tenant = tenantState({ paused: paused ? PAUSE : null, panicEpoch });
  const decision = decide(state, asked, { now, tenant });
  const events = decision.ok ? deepFreeze([...decision.events]) : [];
  return { events, state: events.reduce(evolve, state) };
}

const everyStory = (check: () => Parameters<typeof play>[1]) => {
  for (const [moments, numRuns] of [
    [moment, 200],
    [closely, 100],
  ] as const) {
    const property = fc.property(fc.array(moments, { maxLength: 40 }), (story) => void play(story, check()));
    fc.assert(property, { numRuns });
  }
};

describe('whatever anybody asks in whatever order', () => {
  test('nothing throws, nothing given is changed, and the state is what its events add up to', () => {
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 40 }), (story) => {
        const { state, events } = play(story, (_, __, after) => {
          expect(runKind.dueAt(after)).not.toBeNaN();
          expect(runKind.status(after)).toMatch(/^[a-z-]+$/);
        });
        expect(events.reduce(evolve, initialRun)).toEqual(state);
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }),
      { numRuns: 300 },
    );
  });

  test('no two steps are under way', () => {
    everyStory(() => (_, __, after) => {
      expect(after.steps.filter(({ status }) => isUnderWay(status)).length).toBeLessThanOrEqual(1);
    });
  });

  test('no step is sent but with an approval of its own bytes, and none twice', () => {
    everyStory(() => {
      const bound = new Map<string, string>();
      return (before, events) => {
        for (const event of events) {
          if (event.type === 'step.approved') bound.set(event.step, event.execSha256);
          if (event.type === 'step.stalled') bound.delete(event.step);
          if (event.type !== 'step.dispatched') continue;
          const target = before.steps.find(({ id }) => id === event.step);
          expect(target).toMatchObject({
            status: 'approved',
            attempt: event.attempt - 1,
            job: { execSha256: bound.get(event.step) },
          });
          expect(target?.approval).not.toBeNull();
          bound.delete(event.step); // each approval sends one attempt
        }
      };
    });
  });

  test('a second attempt is sent only after the first did not start, or a person asked and a person approved', () => {
    let seen = 0;
    everyStory(() => {
      const asked = new Map<string, 'not-started' | 'person' | 'approved'>();
      return (_, events) => {
        for (const event of events) {
          if (event.type === 'step.reopened') asked.set(event.step, 'person');
          if (event.type === 'step.not-started') asked.set(event.step, 'not-started');
          if (event.type === 'step.unknown') asked.delete(event.step);
          if (event.type === 'step.approved' && asked.has(event.step)) {
            expect(event.approval.by).not.toBeNull();
            expect(event.approval.record).not.toBeNull();
            asked.set(event.step, 'approved');
          }
          if (event.type !== 'step.dispatched' || event.attempt === 1) continue;
          seen += 1;
          expect(asked.get(event.step)).toBe('approved');
          asked.delete(event.step);
        }
      };
    });
    expect(seen).toBeGreaterThan(20);
  });

  test('a person’s word on an outcome is recorded with name and reason, and counts once an attempt', () => {
    everyStory(() => {
      const said = new Set<string>();
      return (before, events) => {
        for (const event of events) {
          if (!('ruling' in event)) continue;
          const { attempt, by: who, reason } = event.ruling;
          expect(before.steps.find(({ id }) => id === event.step)).toMatchObject({
            status: 'unknown',
            attempt,
          });
          expect([ALICE, BOB, ADA, ABE]).toContain(who);
          expect(reason.length).toBeGreaterThanOrEqual(3);
          expect(said.has(`${event.step} ${attempt}`)).toBe(false);
          said.add(`${event.step} ${attempt}`);
        }
      };
    });
  });

  test('a run that needs a person starts nothing until somebody has spoken or the agent has', () => {
    everyStory(() => (before, events) => {
      if (before.status !== 'needs-person') return;
      const [firstType = ''] = events.map(({ type }) => type);
      const allowed =
        /^$|^step\.(?:succeeded|failed|rejected|not-started|marked-\w+|reopened)$|^run\.(?:paused|aborted)$/;
      expect(firstType).toMatch(allowed);
    });
  });

  test('nothing starts in a paused workspace, and danger never without a person', () => {
    everyStory(() => (_, events, __, paused) => {
      for (const event of events) {
        if (paused) expect(['step.dispatched', 'step.approved', 'step.offered']).not.toContain(event.type);
        if (event.type !== 'step.approved' || event.step === S1) continue;
        expect(event.approval.by).not.toBeNull();
        if (event.approval.by === ALICE) expect(event.approval.forced).toBe('solo');
      }
    });
  });

  test('a run that has ended starts nothing more', () => {
    everyStory(() => (before, events) => {
      if (before.endedAt === null) return;
      const types = events.map(({ type }) => type);
      for (const type of ['step.offered', 'step.approved', 'step.dispatched'])
        expect(types).not.toContain(type);
      expect(types.filter((type) => type.startsWith('run.'))).toEqual([]);
    });
  });
});
