/** What the log keeps of everything that can be asked of a run, in every state, is what the pure functions say. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Log, openLog } from '../../../src/audit/log.ts';
import { runRef } from '../../../src/audit/streams.ts';
import { events, type Kind } from '../../../src/audit/subject.ts';
import { systemRandom } from '../../../src/platform/clock.ts';
import { runId, tenantId } from '../../../src/protocol/ids.ts';
import { decide } from '../../../src/run/decide.ts';
import { evolve } from '../../../src/run/evolve.ts';
import { runKind } from '../../../src/run/kind.ts';
import { CHOICES, type RunCommand, type RunEvent, type RunState } from '../../../src/run/run.ts';
import { BACKENDS, type Backend } from '../../support/backends.ts';
import { buildRun, command, facts, REPORTS, RUNS_AT, storyOf } from '../../support/builders.ts';
import { fakeClock, openKeys } from '../../support/fakes.ts';

const TENANT = tenantId('TLIFE');
const acts = ['skip', 'done', 'ask-again', 'kill'] as const;

/** Everything that can be asked, by name. */
const ASKED: readonly (readonly [string, (state: RunState) => RunCommand])[] = [
  ['start', () => command.start()],
  ['tick', () => ({ type: 'tick' })],
  ['approve', (state) => command.approve(state)],
  ['dispatch', (state) => command.dispatch(state)],
  ['void', () => ({ type: 'void', step: command.settle('failed').step, why: 'key-revoked' })],
  ['pause', () => command.pause()],
  ['abort', () => command.abort()],
  ['resume', () => command.resume()],
  ...acts.map((act) => [act, () => command.on(act)] as const),
  ...CHOICES.map((choice) => [`settle ${choice}`, () => command.settle(choice)] as const),
  ...Object.entries(REPORTS).flatMap(([name, report]) => [
    [`report ${name}`, () => command.report(report)] as const,
    [`report ${name} of another envelope`, () => command.report(report, { envelopeId: 'E9' })] as const,
  ]),
];

/** A run that comes to be with all of a story at once. */
const toldBy = (story: readonly RunEvent[]): Kind<RunState, 'tell', RunEvent> => ({
  ...runKind,
  decide: () => events(...story),
});

describe.each(BACKENDS)('in %s', (_, open) => {
  let backend: Backend;
  let log: Log;
  beforeAll(async () => {
    const clock = fakeClock();
    backend = await open(clock);
    const random = systemRandom;
    log = openLog({ store: backend.store, keys: openKeys, clock, random, committed: () => undefined });
    await log.open(TENANT);
  });
  afterAll(() => backend.close());

  test.each(RUNS_AT)('a run that is %s', async (at) => {
    const state = buildRun({ at });
    const story = storyOf({ at });
    await Promise.all(
      ASKED.map(async ([name, ask]) => {
        const ref = runRef(TENANT, runId(`${at} ${name}`));
        await log.transact(toldBy(story), ref, 'tell');
        const outcome = await log.transact(runKind, ref, ask);
        const expected = decide(state, ask(state), facts());
        const loaded = (await log.load(runKind, ref))?.state;
        if (!expected.ok) {
          expect([name, outcome]).toEqual([name, expected]);
          expect([name, loaded]).toEqual([name, state]);
          return;
        }
        const after = expected.events.reduce(evolve, state);
        expect([name, outcome]).toMatchObject([name, { ok: true, events: expected.events }]);
        expect([name, loaded]).toEqual([name, after]);
      }),
    );
  });
});
