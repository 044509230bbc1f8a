import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide } from '../../src/run/decide.ts';
import { evolve, initialRun } from '../../src/run/evolve.ts';
import { runKind } from '../../src/run/kind.ts';
import {
  CHOICES,
  currentStep,
  type Dispatch,
  type RunCommand,
  type RunEvent,
  type RunState,
  type StepReport,
} from '../../src/run/run.ts';
import { hasEnded, isSettled, isUnderWay } from '../../src/run/states.ts';
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

/** What anybody may ask in any order; made into a command when the state is known. No two turns have one number. */
type Ask = (state: RunState, turn: number) => RunCommand;
const shown = (state: RunState, id: typeof S1, which: string) =>
  which === 'own' ? hashOf(state, id) : which === 'other' ? hashOf(state, id === S1 ? S2 : S1) : '';

const envelope = (turn: number): Dispatch => ({ ...DISPATCH, envelopeId: `E${turn}`, seq: turn });
/** The envelope that the step was sent with, if any was. */
const ownEnvelope = (state: RunState, id: typeof S1): string =>
  state.steps.find((candidate) => candidate.id === id)?.dispatch?.envelopeId ?? 'E0';
const report: fc.Arbitrary<StepReport> = fc.oneof(
  fc.constantFrom(...Object.values(REPORTS)),
  fc.record({ kind: fc.constant('missing' as const), seqMark: fc.nat(40), leaseEpoch: fc.nat(3) }),
  fc.record({ kind: fc.constant('withheld' as const), leaseEpoch: fc.nat(3) }),
);

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
  fc.record({ step, hash, panicEpoch: fc.constantFrom(0, 1), leaseEpoch: fc.constantFrom(1, 2) }).map(
    ({ hash: which, leaseEpoch, ...rest }): Ask =>
      (state, turn) => ({
        type: 'dispatch',
        ...rest,
        execSha256: shown(state, rest.step, which),
        dispatch: { ...envelope(turn), leaseEpoch },
      }),
  ),
  fc.record({ step, attempt: fc.constantFrom(0, 1, 2), isOwn: fc.boolean(), report }).map(
    ({ isOwn, ...rest }): Ask =>
      (state) => ({ type: 'report', ...rest, envelopeId: isOwn ? ownEnvelope(state, rest.step) : 'E0' }),
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
const onward: Ask = (state, turn) => {
  const { status, attempt = 0, dispatch } = state.steps[0] ?? {};
  const say = (said: StepReport) => command.report(said, { attempt, envelopeId: dispatch?.envelopeId ?? '' });
  switch (status) {
    case 'awaiting-approval':
      return command.approve(state);
    case 'approved':
      return command.dispatch(state, { dispatch: envelope(turn) });
    case 'dispatched':
      if (turn % 4 === 0) return say({ kind: 'withheld', leaseEpoch: 1 });
      return say(turn % 3 === 0 ? REPORTS.started : REPORTS.unknown);
    case 'running':
      return say(attempt % 3 === 0 ? REPORTS.notStarted : REPORTS.unknown);
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
): { state: RunState; events: RunEvent[]; now: number } {
  let now = NOW;
  const start = decideAndFold(initialRun, command.start(PLAN), NOW, false, 0);
  let state = deepFreeze(start.state);
  let all = start.events;
  look(initialRun, start.events, state, false);
  for (const [turn, { ask: make, after, paused, epoch }] of story.entries()) {
    now += after;
    const next = decideAndFold(state, deepFreeze(make(state, turn + 1)), now, paused, epoch);
    look(state, next.events, deepFreeze(next.state), paused);
    all = [...all, ...next.events];
    state = next.state;
  }
  return { state, events: all, now };
}

function decideAndFold(state: RunState, asked: RunCommand, now: number, paused: boolean, panicEpoch: number) {
  const tenant = tenantState({ paused: paused ? PAUSE : null, panicEpoch });
  const decision = decide(state, asked, { now, tenant });
  const events = decision.ok ? deepFreeze([...decision.events]) : [];
  return { events, state: events.reduce(evolve, state) };
}

/** What becomes of a run that is looked at every minute for an hour, while nobody says a word. */
function leftAlone(state: RunState, now: number): RunState {
  const minutes = Array.from({ length: 60 }, (_, minute) => now + minute * 60_000);
  return minutes.reduce((run, at) => decideAndFold(run, { type: 'tick' }, at, false, 1).state, state);
}

/** What becomes of a run that is looked at, and when everybody does what it waits for. */
function attended(state: RunState, now: number): RunState {
  const turns = Array.from({ length: 30 }, (_, turn) => turn + 100);
  return turns.reduce((run, turn) => {
    const looked = decideAndFold(run, { type: 'tick' }, now, false, 1).state;
    return decideAndFold(looked, helpful(looked, turn), now, false, 1).state;
  }, state);
}

function helpful(run: RunState, turn: number): RunCommand {
  if (run.status === 'paused') return command.resume();
  const open = run.steps.find(({ status }) => status === 'unknown') ?? currentStep(run, isSettled);
  const { id = S1, attempt = 0, status } = open ?? {};
  switch (status) {
    case 'awaiting-approval':
      return command.approve(run, { step: id, typed: 'api', startBy: turn + Number.MAX_SAFE_INTEGER / 2 });
    case 'approved':
      return command.dispatch(run, { step: id, panicEpoch: 1, dispatch: envelope(turn) });
    case 'dispatched':
    case 'running':
      return command.report(REPORTS.succeeded, { step: id, attempt, envelopeId: ownEnvelope(run, id) });
    case 'unknown':
      return command.settle('succeeded', { step: id, attempt });
    case 'by-hand':
      return command.on('done', id);
    case 'stalled':
      return command.on('ask-again', id);
    default:
      return { type: 'tick' };
  }
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
          if (['step.stalled', 'step.recovered', 'step.not-started'].includes(event.type) && 'step' in event)
            bound.delete(event.step);
          const target = 'step' in event ? before.steps.find(({ id }) => id === event.step) : undefined;
          // The envelope is dead: the approval of the attempt goes on to the next one.
          if (event.type === 'step.not-delivered') bound.set(event.step, target?.job?.execSha256 ?? '');
          if (event.type !== 'step.dispatched') continue;
          expect(target).toMatchObject({
            status: 'approved',
            attempt: event.attempt - 1,
            job: { execSha256: bound.get(event.step) },
          });
          expect(target?.approval).not.toBeNull();
          bound.delete(event.step); // each approval is in one envelope that may start
        }
      };
    });
  });

  test('a second attempt is sent only after the first did not start, or a person asked and a person approved', () => {
    let seen = 0;
    // Stories are drawn anew each time, and few have a second attempt.
    for (let round = 0; round < 5 && seen <= 20; round++)
      everyStory(() => {
        const asked = new Map<string, 'not-started' | 'person' | 'approved'>();
        return (_, events) => {
          for (const event of events) {
            if (event.type === 'step.reopened') asked.set(event.step, 'person');
            if (event.type === 'step.not-started') asked.set(event.step, 'not-started');
            if (event.type === 'step.unknown' || event.type === 'step.recovered') asked.delete(event.step);
            // The attempt is still to be sent, under the same approval.
            if (event.type === 'step.not-delivered' && event.attempt > 1) asked.set(event.step, 'approved');
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

  test('an attempt is in a second envelope only when the first provably started nothing', () => {
    let seen = 0;
    everyStory(() => {
      const sent = new Map<string, string>();
      return (_, events) => {
        for (const event of events) {
          if (event.type === 'step.not-delivered') sent.delete(`${event.step} ${event.attempt}`);
          if (event.type === 'step.started') sent.set(`${event.step} ${event.attempt}`, 'started');
          if (event.type === 'step.not-started')
            expect(sent.get(`${event.step} ${event.attempt}`)).not.toBe('started');
          if (event.type !== 'step.dispatched') continue;
          expect(sent.has(`${event.step} ${event.attempt}`)).toBe(false);
          sent.set(`${event.step} ${event.attempt}`, 'sent');
          seen += 1;
        }
      };
    });
    expect(seen).toBeGreaterThan(100);
  });

  test('what is said twice is recorded once', () => {
    everyStory(() => (_, __, after) => {
      for (const said of Object.values(REPORTS)) {
        if (said.kind === 'printed') continue;
        for (const envelopeId of [ownEnvelope(after, S1), 'E0']) {
          const again = command.report(said, { envelopeId });
          const once = decideAndFold(after, again, NOW, false, 0);
          expect(decideAndFold(once.state, again, NOW, false, 0).events).toEqual([]);
        }
      }
    });
  });

  test('a run that needs a person starts nothing until somebody has spoken or the agent has', () => {
    everyStory(() => (before, events, after) => {
      if (before.status !== 'needs-person') return;
      const types = events.map(({ type }) => type);
      const goesOn = types.indexOf('run.continued');
      const early = goesOn < 0 ? types : types.slice(0, goesOn);
      for (const type of ['step.approved', 'step.dispatched']) expect(early).not.toContain(type);
      if (goesOn >= 0) expect(after.steps.map(({ status }) => status)).not.toContain('unknown');
    });
  });

  test('without agent and people a run stands still in the end, and with them it ends', () => {
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 40 }), (story) => {
        const { state, now } = play(story, () => undefined);
        expect(runKind.dueAt(leftAlone(state, now))).toBeNull();
        expect(hasEnded(attended(state, now).status)).toBe(true);
      }),
      { numRuns: 200 },
    );
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
