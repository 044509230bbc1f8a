import { describe, expect, test } from '@jest/globals';
import { type LineText, lineSha256, lineText } from '../../src/runbook/edit.ts';
import type { LineAt } from '../../src/runbook/flatten.ts';
import type { Parse } from '../../src/runbook/runbook.ts';
import { type RunbookCommand, type RunbookState, runbookKind, toJudge } from '../../src/runbook/stream.ts';
import {
  ALICE,
  BOB,
  buildParse,
  buildRunbook,
  facts,
  member,
  outsider,
  RUNBOOK,
  saveOf,
  variable,
  verdict,
} from '../support/builders.ts';

const FIRST: LineAt = { step: 0, command: 0 };
const OPINION = { risk: 'danger', reason: 'It empties the cache of everybody.' } as const;

/** Two steps: two commands with an opinion on the second, and one for a person. */
const draft = (overrides: Partial<RunbookState> = {}): RunbookState =>
  buildRunbook(buildParse([['show <pod>', 'restart <pod>'], []], { variables: [variable('pod')] }), {
    opinions: [[null, OPINION], []],
    ...overrides,
  });

const suggested = (): RunbookState => {
  const parse = buildParse([['show api', 'restart <shard>']]);
  const steps = parse.steps.map((step) => ({
    ...step,
    commands: step.commands.map((command, index) =>
      index === 1 ? { ...command, suggested: true } : command,
    ),
  }));
  return buildRunbook({ ...parse, steps } as Parse);
};

function lineOf({ parse }: RunbookState, line: LineAt): LineText {
  const text = parse && lineText(parse, line);
  if (!text) throw new Error('no such line');
  return text;
}

const shownOf = (state: RunbookState, line: LineAt): string => lineSha256(lineOf(state, line));

function edit(state: RunbookState, line: LineAt, after: Partial<LineText>, by = member(BOB)): RunbookCommand {
  const before = lineOf(state, line);
  return { type: 'edit', line, shown: lineSha256(before), after: { ...before, ...after }, by };
}

const adopt = (state: RunbookState, line: LineAt, by = member(BOB)): RunbookCommand => ({
  type: 'adopt',
  line,
  shown: shownOf(state, line),
  by,
});

function folded(state: RunbookState, command: RunbookCommand): RunbookState {
  const decision = runbookKind.decide(state, command, facts());
  if (!decision.ok) throw new Error(decision.refusal.code);
  return decision.events.reduce(runbookKind.evolve, state);
}

const outcome = (state: RunbookState, command: RunbookCommand) => {
  const decision = runbookKind.decide(state, command, facts());
  return decision.ok ? decision.events.map(({ type }) => type) : decision.refusal.code;
};

const commandsOf = (state: RunbookState) =>
  state.parse?.steps.map(({ commands }) => commands.map(({ text }) => text));

describe('an edit', () => {
  test('puts the command into its place, says by whom, and is judged again before anybody may start it', () => {
    const edited = folded(draft(), edit(draft(), FIRST, { command: 'show <node>' }));
    expect(edited.parse?.steps[0]?.commands[0]).toMatchObject({
      text: 'show <node>',
      edited: BOB,
      source: { start: 0, end: 6 },
    });
    expect(toJudge(edited)?.parse).toBe(edited.parse);
    expect(runbookKind.dueAt(edited)).not.toBeNull();
    const by = member(BOB);
    expect([outcome(edited, saveOf(buildParse(), by)), outcome(edited, { type: 'discard', by })]).toEqual([
      'being-read',
      'being-read',
    ]);
    const verdicts = [[verdict('safe'), verdict('caution')], []];
    const judged = folded(edited, { type: 'classified', verdicts, revision: 1, refine: true });
    expect(judged).toMatchObject({ status: 'draft', verdicts });
  });

  test('is recorded with what stood there before, and leaves the text it came from alone', () => {
    const state = draft();
    const decision = runbookKind.decide(state, edit(state, FIRST, { command: 'show all' }), facts());
    expect(decision).toMatchObject({
      events: [
        {
          type: 'runbook.edited',
          by: BOB,
          line: FIRST,
          before: { command: 'show <pod>' },
          after: { command: 'show all' },
        },
      ],
    });
    expect(folded(state, edit(state, FIRST, { command: 'show all' })).source).toEqual(state.source);
  });

  test('takes up new inputs and drops those that nothing uses any more', () => {
    const names = (state: RunbookState) => state.parse?.variables.map(({ name }) => name);
    const once = folded(draft(), edit(draft(), FIRST, { command: 'show <node>' }));
    expect(names(once)).toEqual(['pod', 'node']);
    const second = { step: 0, command: 1 };
    expect(names(folded(once, edit(once, second, { command: 'restart <node>' })))).toEqual(['node']);
  });

  test('does not lower what a model thought: its opinion stays with the place', () => {
    const second = { step: 0, command: 1 };
    const edited = folded(draft(), edit(draft(), second, { command: 'restart --now <pod>' }));
    expect(toJudge(edited)?.opinions).toEqual([[null, OPINION], []]);
    const without = folded(draft(), edit(draft(), FIRST, { command: null }));
    expect(toJudge(without)?.opinions).toEqual([[OPINION], []]);
  });

  test('can take a command out, and can give a step of a person one', () => {
    const out = folded(draft(), edit(draft(), FIRST, { command: null }));
    expect(commandsOf(out)).toEqual([['restart <pod>'], []]);
    const none = folded(out, edit(out, FIRST, { command: null }));
    expect([commandsOf(none), none.parse?.steps[0]?.kind]).toEqual([[[], []], 'manual']);
    const byHand = { step: 1, command: null };
    const filled = folded(draft(), edit(draft(), byHand, { command: 'show pods' }));
    expect(filled.parse?.steps[1]).toMatchObject({ kind: 'command', commands: [{ edited: BOB }] });
    expect(toJudge(filled)?.opinions).toEqual([[null, OPINION], [null]]);
  });

  test('of the words alone leaves the command as the author wrote it', () => {
    const words = { description: 'Look at it', expected: ['It is up.'] };
    const step = folded(draft(), edit(draft(), FIRST, words)).parse?.steps[0];
    expect(step).toMatchObject(words);
    expect(step?.commands[0]).toEqual(draft().parse?.steps[0]?.commands[0]);
  });

  test('of a line that was changed meanwhile is refused, and the change of the other person stays', () => {
    const state = draft();
    const mine = edit(state, FIRST, { command: 'drop everything' });
    const theirs = folded(state, edit(state, FIRST, { command: 'show all' }, member(ALICE)));
    expect(outcome(theirs, mine)).toBe('changed-meanwhile');
  });

  test.each([
    ['a step that is not there', { step: 9, command: 0 }],
    ['a command that is not there', { step: 0, command: 2 }],
    ['the step of commands as a whole', { step: 0, command: null }],
  ])('of %s is refused', (_, line) => {
    const mine = { ...edit(draft(), FIRST, { command: 'drop everything' }), line } as RunbookCommand;
    expect(outcome(draft(), mine)).toBe('changed-meanwhile');
  });

  test('without a title is refused; one that changes nothing is nothing', () => {
    expect(outcome(draft(), edit(draft(), FIRST, { description: '' }))).toBe('no-title');
    expect(outcome(draft(), edit(draft(), FIRST, {}))).toEqual([]);
  });

  test('by somebody from outside is refused', () => {
    const mine = edit(draft(), FIRST, { command: 'drop everything' }, outsider());
    expect(typeof outcome(draft(), mine)).toBe('string');
  });

  test('ends the refinement: an answer that comes later changes nothing', () => {
    const pending = {
      parse: buildParse([['other']]),
      opinions: [[null]],
      by: { model: 'm', promptVersion: 'p' },
    };
    for (const status of ['refining', 'refined'] as const) {
      const state = draft({ status, ...(status === 'refined' ? { pending, revision: 1 } : {}) });
      const edited = folded(state, edit(state, FIRST, { command: 'show all' }));
      expect(edited.pending).toBeUndefined();
      expect(outcome(edited, { type: 'refined', refined: pending })).toEqual([]);
      expect(outcome(edited, { type: 'classified', verdicts: [], revision: state.revision ?? 0 })).toEqual(
        [],
      );
    }
  });
});

describe('a suggested command', () => {
  const second = { step: 0, command: 1 };

  test('is taken over in the name of a person, once, and then brings its inputs', () => {
    const state = suggested();
    const adopted = folded(state, adopt(state, second));
    expect(adopted.parse?.steps[0]?.commands[1]).toMatchObject({ suggested: true, adopted: BOB });
    expect(adopted.parse?.variables.map(({ name }) => name)).toEqual(['shard']);
    expect(outcome(adopted, adopt(adopted, second, member(ALICE)))).toEqual([]);
  });

  test('is taken over by whoever writes it anew', () => {
    const state = suggested();
    const edited = folded(state, edit(state, second, { command: 'restart all' }));
    expect(edited.parse?.steps[0]?.commands[1]).toMatchObject({ adopted: BOB, edited: BOB });
    const words = folded(state, edit(state, second, { description: 'Only words' }));
    expect(words.parse?.steps[0]?.commands[1]?.adopted).toBeUndefined();
  });

  test('is not another command: what stands in the text cannot be adopted, nor what is not on the screen', () => {
    const state = suggested();
    expect(outcome(state, adopt(state, FIRST))).toBe('changed-meanwhile');
    const stale = { ...adopt(state, second), shown: 'a'.repeat(64) } as RunbookCommand;
    expect(outcome(state, stale)).toBe('changed-meanwhile');
  });
});

describe('a saved runbook', () => {
  const saved = (): RunbookState => ({ ...suggested(), status: 'saved', savedBy: ALICE });
  const source = { text: 'x', sha256: '', by: BOB, place: { channel: 'C1', threadTs: null } };
  const refined = { parse: buildParse([['other']]), opinions: [], by: { model: 'm', promptVersion: 'p' } };
  const second = { step: 0, command: 1 };
  const by = member(BOB);
  const everything: Record<RunbookCommand['type'], RunbookCommand> = {
    receive: { type: 'receive', source, by },
    parsed: { type: 'parsed', parse: buildParse([['other']]) },
    classified: { type: 'classified', verdicts: [[verdict('safe')]], refine: true },
    refined: { type: 'refined', refined },
    unrefined: { type: 'unrefined', why: 'late' },
    edit: edit(saved(), FIRST, { command: 'drop everything' }),
    adopt: adopt(saved(), second),
    revise: {
      type: 'revise',
      copied: { source, parse: buildParse([['other']]) },
      basedOn: RUNBOOK,
      line: FIRST,
      shown: shownOf(buildRunbook(buildParse([['other']])), FIRST),
      after: { description: 'x', command: 'y', expected: [] },
      by,
    },
    save: saveOf(buildParse(), by),
    discard: { type: 'discard', by },
  };

  test.each(Object.values(everything))('is not changed by $type', (command) => {
    const decision = runbookKind.decide(saved(), command, facts());
    expect(decision.ok ? decision.events : []).toEqual([]);
  });

  test('is the base of a new version: its own draft, with the same text behind it, to be judged', () => {
    const { source: text, parse, opinions } = { ...saved(), opinions: [[null, OPINION]] };
    const version = folded(runbookKind.initial, {
      type: 'revise',
      copied: { source: text, parse, opinions },
      basedOn: RUNBOOK,
      line: FIRST,
      shown: shownOf(saved(), FIRST),
      after: { ...lineOf(saved(), FIRST), command: 'show all' },
      by,
    });
    expect(version).toMatchObject({ status: 'edited', source: text, basedOn: RUNBOOK, savedBy: null });
    expect(commandsOf(version)).toEqual([['show all', 'restart <shard>']]);
    expect(toJudge(version)?.opinions).toEqual([[null, OPINION]]);
  });

  test('gives no new version for an edit that changes nothing', () => {
    const { source: text, parse } = saved();
    const line = lineOf(saved(), FIRST);
    const command = {
      type: 'revise',
      copied: { source: text, parse },
      basedOn: RUNBOOK,
      line: FIRST,
    } as const;
    expect(outcome(runbookKind.initial, { ...command, shown: lineSha256(line), after: line, by })).toEqual(
      [],
    );
  });
});
