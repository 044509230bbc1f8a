import { describe, expect, test } from '@jest/globals';
import {
  answerBy,
  isDraft,
  type RunbookCommand,
  type RunbookState,
  runbookKind,
} from '../../src/runbook/stream.ts';
import { buildParse, facts, member, NOW, saveOf, verdict } from '../support/builders.ts';

const parse = buildParse([['uptime']]);
const better = { ...buildParse([['uptime']]), title: 'Look at the load' };
const by = { model: 'small', promptVersion: 'p1' };
const opinions = [[{ risk: 'danger', reason: 'It pages everybody.' } as const]];
const refined = { parse: better, opinions, by };
const source = {
  text: 'uptime',
  sha256: 'd'.repeat(64),
  by: member().user,
  place: { channel: 'C1', threadTs: null },
};

const RECEIVE: RunbookCommand = { type: 'receive', source, by: member() };
const PARSED: RunbookCommand = { type: 'parsed', parse };
const JUDGED: RunbookCommand = { type: 'classified', verdicts: [[verdict('safe')]], refine: true };
const REFINED: RunbookCommand = { type: 'refined', refined };
const UNREFINED: RunbookCommand = { type: 'unrefined', why: 'down' };
const RAISED: RunbookCommand = {
  type: 'classified',
  verdicts: [[verdict('danger')]],
  revision: 1,
  refine: true,
};

/** The state after each command, `step` ms apart. */
function stateAfter(commands: readonly RunbookCommand[], step = 10): RunbookState {
  return commands.reduce((state, command, index) => {
    const decision = runbookKind.decide(state, command, { ...facts(), now: NOW + index * step });
    if (!decision.ok) throw new Error(decision.refusal.code);
    return decision.events.reduce(runbookKind.evolve, state);
  }, runbookKind.initial);
}

describe('a draft that a model is asked about', () => {
  test('shows what structure says until the answer has verdicts, and then the answer', () => {
    const asked = stateAfter([RECEIVE, PARSED, JUDGED]);
    expect(asked).toMatchObject({ status: 'refining', parse, verdicts: [[{ risk: 'safe' }]] });
    const answered = stateAfter([RECEIVE, PARSED, JUDGED, REFINED]);
    expect(answered).toMatchObject({ status: 'refined', parse, verdicts: [[{ risk: 'safe' }]] });
    const judged = stateAfter([RECEIVE, PARSED, JUDGED, REFINED, RAISED]);
    expect(judged).toMatchObject({
      status: 'draft',
      parse: better,
      opinions,
      verdicts: [[{ risk: 'danger' }]],
      refinement: { status: 'refined', ...by },
    });
    expect(judged).not.toHaveProperty('pending');
  });

  test('is due at once until it waits for people', () => {
    const due = (...commands: RunbookCommand[]) => runbookKind.dueAt(stateAfter(commands));
    expect([
      due(RECEIVE, PARSED, JUDGED),
      due(RECEIVE, PARSED, JUDGED, REFINED),
      due(RECEIVE, PARSED, JUDGED, REFINED, RAISED),
      due(RECEIVE, PARSED, JUDGED, UNREFINED),
    ]).toEqual([NOW + 20, NOW + 30, null, null]);
  });

  test('has 3.5 seconds from its paste, whenever it was read', () => {
    const { source: received } = stateAfter([RECEIVE, PARSED, JUDGED], 1_000);
    expect(received && answerBy(received)).toBe(NOW + 3_500);
  });

  test('stays as structure reads it when the model fails, and says why', () => {
    expect(stateAfter([RECEIVE, PARSED, JUDGED, UNREFINED])).toMatchObject({
      status: 'draft',
      parse,
      verdicts: [[{ risk: 'safe' }]],
      refinement: { status: 'unrefined', why: 'down' },
    });
  });

  test('stays as structure reads it when the answer leaves no time to judge and show it', () => {
    expect(stateAfter([RECEIVE, PARSED, JUDGED, REFINED], 1_334)).toMatchObject({
      status: 'draft',
      parse,
      refinement: { status: 'unrefined', why: 'late' },
    });
    expect(stateAfter([RECEIVE, PARSED, JUDGED, REFINED], 1_333)).toMatchObject({ status: 'refined' });
  });

  test.each([
    ['a second answer', [REFINED, REFINED], { status: 'refined', revision: 1 }],
    ['an answer after a failure', [UNREFINED, REFINED], { status: 'draft', refinement: { why: 'down' } }],
    ['a failure after an answer', [REFINED, UNREFINED], { status: 'refined' }],
    ['an answer after it was saved', [saveOf(parse), REFINED], { status: 'saved', parse }],
    [
      'an answer after it was discarded',
      [{ type: 'discard', by: member() }, REFINED],
      { status: 'discarded' },
    ],
    [
      'verdicts on an answer after it was saved',
      [REFINED, saveOf(parse), RAISED],
      { status: 'saved', parse, verdicts: [[{ risk: 'safe' }]] },
    ],
    [
      'verdicts of the steps before the answer',
      [REFINED, JUDGED],
      { status: 'refined', verdicts: [[{ risk: 'safe' }]] },
    ],
  ] as [string, RunbookCommand[], object][])(
    'counts one thing once: %s changes nothing',
    (_, commands, standing) => {
      const state = stateAfter([RECEIVE, PARSED, JUDGED, ...commands]);
      expect(state).toMatchObject(standing);
    },
  );

  test('is saved only as it was shown: neither as structure has it after the answer came, nor unseen', () => {
    const judged = stateAfter([RECEIVE, PARSED, JUDGED, REFINED, RAISED]);
    const shown = (command: RunbookCommand) => {
      const decision = runbookKind.decide(judged, command, facts());
      return decision.ok ? decision.events.map(({ type }) => type) : decision.refusal.code;
    };
    expect([saveOf(parse), { ...saveOf(parse), shown: null }, saveOf(better)].map(shown)).toEqual([
      'changed-meanwhile',
      'changed-meanwhile',
      ['runbook.saved'],
    ]);
  });

  test('may be saved and discarded all the while, and keeps no answer that nobody saw', () => {
    for (const commands of [[], [REFINED]]) {
      const state = stateAfter([RECEIVE, PARSED, JUDGED, ...commands]);
      expect(isDraft(state)).toBe(true);
      const saved = stateAfter([RECEIVE, PARSED, JUDGED, ...commands, saveOf(parse)]);
      expect(saved).toMatchObject({ status: 'saved', parse });
      expect(saved).not.toHaveProperty('pending');
    }
  });
});

describe('no model is asked about', () => {
  const unasked = { type: 'classified', verdicts: [[verdict('safe')]], refine: false } as const;
  const empty: RunbookCommand = { type: 'parsed', parse: buildParse([[]]) };
  test.each([
    ['a draft where none is set up', [RECEIVE, PARSED, unasked]],
    ['a text in which nothing can run', [RECEIVE, empty, { ...JUDGED, verdicts: [[]] }]],
  ] as [string, RunbookCommand[]][])('%s', (_, commands) => {
    expect(stateAfter(commands).status).toBe('draft');
  });

  test('a text received before there was one, whose time nobody wrote down', () => {
    const parsed: RunbookState = { ...stateAfter([RECEIVE, PARSED]), source };
    const decision = runbookKind.decide(parsed, JUDGED, facts());
    expect(decision.ok && decision.events.reduce(runbookKind.evolve, parsed).status).toBe('draft');
  });
});
