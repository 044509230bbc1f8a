import { describe, expect, test } from '@jest/globals';
import { runbookRef } from '../../src/audit/streams.ts';
import type { Draft, Refine } from '../../src/platform/model-refine.ts';
import { type RunbookState, runbookKind } from '../../src/runbook/stream.ts';
import { classifyRunbook } from '../../workers/classify.ts';
import { refineRunbook } from '../../workers/refine.ts';
import { buildParse, buildRunbook, NOW, RUNBOOK, saveOf, TENANT, verdict } from '../support/builders.ts';
import { fakeClock, memoryLog } from '../support/fakes.ts';

const ref = runbookRef(TENANT, RUNBOOK);
const source = { ...(buildRunbook().source as NonNullable<RunbookState['source']>), at: NOW };
const by = { model: 'small', promptVersion: 'p1' };
const opinions = [[{ risk: 'danger', reason: 'It pages everybody.' } as const]];
const refined = { parse: { ...buildParse(), title: 'Better' }, opinions, by };

/** A draft that waits for a model which does `refine`. */
function room(refine: Refine | null, status: RunbookState['status'] = 'refining') {
  const clock = fakeClock();
  const { log, put } = memoryLog(clock);
  put(runbookKind, ref, buildRunbook(buildParse(), { status, source }));
  const asked: Draft[] = [];
  const deferred: number[] = [];
  const deps = {
    log,
    refine:
      refine &&
      ((draft: Draft) => {
        asked.push(draft);
        return refine(draft);
      }),
    defer: async (_: unknown, until: number) => void deferred.push(until),
  };
  return {
    log,
    clock,
    asked,
    deferred,
    look: () => refineRunbook(deps, ref),
    state: async () => (await log.load(runbookKind, ref))?.state,
  };
}

describe('a hint to ask a model', () => {
  test('leads to its answer, which waits for verdicts, and a second one to nothing', async () => {
    const { look, state, asked } = room(async () => ({ ok: true, refined }));
    await look();
    await look();
    expect(await state()).toMatchObject({
      status: 'refined',
      parse: { title: 'Restart the api' },
      pending: { by },
    });
    expect(asked).toEqual([{ tenant: TENANT, source, parse: buildParse(), deadline: NOW + 3_500 }]);
  });

  test('is not repeated by the sweep before the time is over', async () => {
    const { look, deferred } = room(async () => ({ ok: true, refined }));
    await look();
    expect(deferred).toEqual([NOW + 3_500]);
  });

  test('leads to the draft as it is when there is no answer', async () => {
    const { look, state } = room(async () => ({ ok: false, why: 'limited' }));
    await look();
    expect(await state()).toMatchObject({
      status: 'draft',
      refinement: { status: 'unrefined', why: 'limited' },
    });
  });

  test('leads to the draft as it is where no model is set up', async () => {
    const { look, state } = room(null);
    await look();
    expect(await state()).toMatchObject({
      status: 'draft',
      refinement: { status: 'unrefined', why: 'absent' },
    });
  });

  test.each(['received', 'parsed', 'refined', 'draft', 'saved', 'discarded'] as const)(
    'asks nothing about a runbook that is %s',
    async (status) => {
      const { look, asked, state } = room(async () => ({ ok: true, refined }), status);
      await look();
      expect([asked, (await state())?.status]).toEqual([[], status]);
    },
  );

  test('whose answer comes after somebody saved the draft changes nothing', async () => {
    const { log, look, state } = room(async () => {
      await log.transact(runbookKind, ref, saveOf(buildParse()));
      return { ok: true, refined };
    });
    await look();
    expect(await state()).toMatchObject({ status: 'saved', parse: { title: 'Restart the api' } });
  });

  test('whose answer is late leaves the draft as it is', async () => {
    const { clock, look, state } = room(async () => {
      clock.advance(4_001);
      return { ok: true, refined };
    });
    await look();
    expect(await state()).toMatchObject({ status: 'draft', refinement: { why: 'late' } });
  });
});

describe('verdicts on an answer', () => {
  const classifyWith = (log: ReturnType<typeof room>['log'], risk: 'safe' | 'danger') =>
    classifyRunbook({ log, classify: () => verdict(risk), refine: true }, ref);

  test('come from the rules, raised by what the model thinks, and end the refinement', async () => {
    const { log, look, state } = room(async () => ({ ok: true, refined }));
    await look();
    await classifyWith(log, 'safe');
    expect(await state()).toMatchObject({
      status: 'draft',
      parse: { title: 'Better' },
      verdicts: [[{ risk: 'danger' }]],
      refinement: { status: 'refined', ...by },
    });
  });

  test('are never lowered by it', async () => {
    const calm = { ...refined, opinions: [[{ risk: 'safe', reason: 'Trust me.' } as const]] };
    const { log, look, state } = room(async () => ({ ok: true, refined: calm }));
    await look();
    await classifyWith(log, 'danger');
    expect(await state()).toMatchObject({ verdicts: [[{ risk: 'danger' }]] });
  });
});
