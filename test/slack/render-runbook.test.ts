import { describe, expect, test } from '@jest/globals';
import { UNREFINED } from '../../src/runbook/refine/port.ts';
import type { Command, Parse, Untaken } from '../../src/runbook/runbook.ts';
import type { RunbookState } from '../../src/runbook/stream.ts';
import { renderRunbook } from '../../src/slack/render-runbook.ts';
import { buttonsOf, faultsOfMessage, mrkdwnOf } from '../support/block-kit.ts';
import {
  ALICE,
  BOB,
  buildParse,
  buildRunbook,
  CHANNEL,
  RUNBOOK,
  variable,
  verdict,
} from '../support/builders.ts';

const TEXT = 'one\ntwo\nuptime\nmore\nlast';
const source = { text: TEXT, sha256: '', by: BOB, place: { channel: CHANNEL, threadTs: null } };
const LINE_3 = { start: 8, end: 15 };

const draw = (state: RunbookState, before: string[] = []) => renderRunbook(state, RUNBOOK, before);
const wordsOf = (state: RunbookState): string => draw(state).flatMap(mrkdwnOf).join('\n');
const shownOf = (parse: Partial<Parse> & { step?: object }, state: Partial<RunbookState> = {}): string =>
  wordsOf(buildRunbook(buildParse([['uptime']], parse), { source, ...state }));
const actionsOf = (state: RunbookState) =>
  draw(state).map((page) => buttonsOf(page).map(({ action_id }) => action_id));

const withCommand = (command: Partial<Command>, state: Partial<RunbookState> = {}): RunbookState =>
  buildRunbook(
    buildParse([['uptime']], { step: { commands: [{ text: 'uptime', source: LINE_3, ...command }] } }),
    {
      source,
      ...state,
    },
  );

const long = (status: RunbookState['status'] = 'draft'): RunbookState =>
  buildRunbook(buildParse(Array.from({ length: 60 }, (_, at) => [`echo ${at} ${'x'.repeat(500)}`])), {
    status,
  });

describe('a preview', () => {
  test.each(['received', 'parsed', 'edited'] as const)(
    'stays as it was while the runbook is %s: never without colours',
    (status) => {
      expect(draw(buildRunbook(buildParse(), { status }), ['preview-1'])).toEqual([]);
    },
  );

  test('without a command says so and offers no start', () => {
    const [message] = draw(buildRunbook(buildParse([[]])));
    expect(message?.text).toContain('no command');
    expect(buttonsOf(message ?? {})).toEqual([]);
  });

  test('whose last command somebody took out keeps its buttons', () => {
    expect(actionsOf(buildRunbook(buildParse([[]]), { revision: 1 }))).toEqual([
      ['start_run', 'save_runbook', 'edit_lines', 'discard_runbook'],
    ]);
  });

  test.each([
    ['draft', ['start_run', 'save_runbook', 'edit_lines', 'discard_runbook']],
    ['refining', ['start_run', 'save_runbook', 'edit_lines', 'discard_runbook']],
    ['refined', ['start_run', 'save_runbook', 'edit_lines', 'discard_runbook']],
    ['saved', ['start_run', 'edit_lines']],
    ['discarded', []],
  ] as const)('that is %s has the buttons %j', (status, buttons) => {
    expect(actionsOf(buildRunbook(buildParse(), { status }))).toEqual([buttons]);
  });
});

describe('the pages of a long preview', () => {
  test('have an edit button each, for the steps they show, and the rest once, at the end', () => {
    const pages = draw(long());
    expect(pages.length).toBeGreaterThan(2);
    expect(pages.map((page) => buttonsOf(page).length)).toEqual([...pages.slice(1).map(() => 1), 4]);
    const ranges = pages.map(
      (page) => buttonsOf(page).find(({ action_id }) => action_id === 'edit_lines')?.value,
    );
    const numbers = ranges.map((value) => value?.split('.').slice(2).map(Number) ?? []);
    expect(numbers[0]?.[0]).toBe(1);
    expect(numbers.at(-1)?.[1]).toBe(60);
    for (const [index, [first]] of numbers.entries()) {
      if (index > 0) expect(first).toBe((numbers[index - 1]?.[1] ?? 0) + 1);
    }
  });

  test('say which page they are', () => {
    const pages = draw(long());
    expect(mrkdwnOf(pages[1] ?? {}).join()).toContain(`page 2 of ${pages.length}`);
  });

  test('leave no button behind when the draft is put away', () => {
    const pages = draw(long());
    const after = draw({ ...long('discarded'), closedBy: BOB });
    expect(after.map(({ key }) => key)).toEqual(pages.map(({ key }) => key));
    expect(after.flatMap(buttonsOf)).toEqual([]);
  });

  test('that a shorter preview needs no more say so and lose their buttons', () => {
    const keys = draw(long()).map(({ key }) => key);
    const after = draw(buildRunbook(), keys);
    expect(after.map(({ key }) => key)).toEqual(keys);
    expect(after.slice(1).map(({ text }) => /shorter/.test(text))).toEqual(keys.slice(1).map(() => true));
    expect(after.slice(1).flatMap(buttonsOf)).toEqual([]);
    for (const message of after) expect(faultsOfMessage(message)).toEqual([]);
  });
});

describe('each step of a preview says', () => {
  test('where it stands in the text', () => {
    expect(wordsOf(withCommand({}))).toContain('_(line 3)_');
    expect(wordsOf(withCommand({ source: { start: 4, end: 15 } }))).toContain('_(lines 2 to 3)_');
    expect(wordsOf(buildRunbook(buildParse([[], ['x']], { step: { source: LINE_3 } }), { source }))).toMatch(
      /\*1\.\* by hand · Do thing 1 _\(line 3\)_/,
    );
  });

  test('who edited it, and what it stood for', () => {
    expect(wordsOf(withCommand({ edited: ALICE }))).toContain(`_(edited by <@${ALICE}>, was line 3)_`);
  });

  test('when, what comes then, what to expect and what to mind', () => {
    const shown = shownOf({
      step: {
        branch: 'If it is slow',
        target: { to: 'step', step: 0 },
        expected: ['A number below 4.'],
        rollback: true,
        warnings: ['This cannot be undone'],
      },
    });
    for (const words of [
      'Only if it is slow',
      'Then: go on with step 1, “Do thing 1”.',
      'Expected: A number below 4.',
      'Undoes earlier steps.',
      'Note: This cannot be undone',
    ])
      expect(shown).toContain(words);
  });

  test('its condition once, when its title begins with it', () => {
    expect(shownOf({ step: { description: 'If it is slow, look', branch: 'If it is slow' } })).not.toContain(
      'Only if',
    );
  });

  test('the number people see of the step it leads to, also where steps have several commands', () => {
    const parse = buildParse([['a', 'b'], ['c'], ['d']]);
    const steps = parse.steps.map((step, index) =>
      index === 2 ? { ...step, target: { to: 'step', step: 1 } as const } : step,
    );
    expect(wordsOf(buildRunbook({ ...parse, steps }, { source }))).toContain(
      'go on with step 3, “Do thing 2”.',
    );
  });

  test('the title of a model beside the words of the author', () => {
    expect(shownOf({ step: { title: 'Look at the load', description: 'Then have a look.' } })).toMatch(
      /caution · Look at the load .*\nThen have a look\./,
    );
  });
});

test('a command that no agent runs says why, and one that an agent runs where it starts', () => {
  const session = { opener: 'ssh <!here>', language: 'shell' } as const;
  expect(wordsOf(withCommand({ session }))).toContain(
    'By hand: It is typed into what “ssh &lt;!here&gt;” opens.',
  );
  const endless = { verdicts: [[verdict('safe', ['endless'])]] };
  expect(wordsOf(withCommand({}, endless))).toContain('By hand: It does not end by itself.');
  expect(wordsOf(withCommand({ cwd: '/srv/app' }))).toContain('Starts in `/srv/app`.');
});

test('what is expected of a step stands with its last command of the text, not with a suggested one', () => {
  const commands = [
    { text: 'first', source: LINE_3 },
    { text: 'last', source: LINE_3 },
    { text: 'offered', source: LINE_3, suggested: true as const },
  ];
  const parse = buildParse([['x']], { step: { commands, expected: ['It is up.'] } });
  const [, second, third] = wordsOf(buildRunbook(parse, { source }))
    .split(/(?=\*\d\.\*)/)
    .slice(1);
  expect([second?.includes('It is up.'), third?.includes('It is up.')]).toEqual([true, false]);
});

describe('a suggested command', () => {
  const offered = withCommand({ suggested: true });

  test('is marked loudly and can be adopted', () => {
    expect(wordsOf(offered)).toContain('*Suggested, not in your text.*');
    expect(wordsOf(offered)).toContain('only suggested 1');
    expect(actionsOf(offered)).toEqual([
      ['adopt_line', 'start_run', 'save_runbook', 'edit_lines', 'discard_runbook'],
    ]);
  });

  test('names who adopted it, and is then a step like any other', () => {
    const adopted = withCommand({ suggested: true, adopted: ALICE });
    expect(wordsOf(adopted)).toContain(`_(suggested, adopted by <@${ALICE}>)_`);
    expect(wordsOf(adopted)).not.toContain('not in your text');
    expect(actionsOf(adopted).flat()).not.toContain('adopt_line');
  });

  test('of a saved runbook stays marked and cannot be adopted any more', () => {
    const saved = withCommand({ suggested: true }, { status: 'saved' });
    expect(wordsOf(saved)).toContain('*Suggested, not in your text.*');
    expect(actionsOf(saved)).toEqual([['start_run', 'edit_lines']]);
  });
});

describe('above its steps a preview says', () => {
  test('who looks after it and what it is about', () => {
    const shown = shownOf({ owner: 'Team A', alerts: ['Slow', 'Down'], services: ['api'] });
    expect(shown).toContain('Owner: Team A · Alerts: Slow, Down · Services: api');
  });

  test('which inputs it asks for, with type, default and example', () => {
    const variables = [
      variable('pod', { type: 'kubernetes-name', example: 'api-1', description: 'The slow one' }),
      variable('count', { type: 'integer', default: '3', example: '3' }),
      variable('ip', { type: 'host', output: true }),
      variable('inner', { spellings: [] }),
    ];
    const shown = shownOf({ variables });
    expect(shown).toContain('• `pod` kubernetes name, The slow one, for example api-1');
    expect(shown).toContain('• `count` integer, usually 3\n');
    expect(shown).toContain('• `ip` host, found by a command of the runbook');
    expect(shown).not.toContain('inner');
  });

  test('what is asked, by structure and by the model, each with its step', () => {
    const parse = buildParse([['a', 'b'], []], {
      questions: [
        { text: 'Which region?', step: null },
        { text: 'For all pods?', step: 1 },
      ],
    });
    const steps = parse.steps.map((step, index) =>
      index === 1 ? { ...step, kind: 'decision' as const } : step,
    );
    const shown = wordsOf(buildRunbook({ ...parse, steps }, { source }));
    expect(shown).toContain('• Which region?');
    expect(shown).toContain('• Step 3: For all pods?');
    expect(shown).toContain('• Step 3: It asks something');
  });

  test('what has to be in place before', () => {
    expect(shownOf({ prerequisites: ['You have access.'] })).toContain(
      '*Before you begin*\n• You have access.',
    );
  });

  test('how many more there are when a list is too long', () => {
    const prerequisites = Array.from({ length: 40 }, (_, index) => `${index} ${'word '.repeat(20)}`);
    expect(shownOf({ prerequisites })).toMatch(/and \d\d more\./);
  });

  test.each(UNREFINED)('in one sentence why no model had a part in it: %s', (why) => {
    const found = shownOf({}, { refinement: { status: 'unrefined', why } }).match(
      /Read by the structure .*/g,
    );
    expect(found).toHaveLength(1);
  });

  test('that a model is asked, and whose answer it is', () => {
    for (const status of ['refining', 'refined'] as const)
      expect(shownOf({}, { status })).toContain('A model is looking at it.');
    const refinement = { status: 'refined', model: '<!here> 1', promptVersion: 'p' } as const;
    expect(shownOf({}, { refinement })).toContain('Refined by the model &lt;!here&gt; 1.');
    expect(shownOf({})).not.toMatch(/model/);
  });

  test('that a version is not the saved runbook it was made of', () => {
    const shown = shownOf({}, { basedOn: RUNBOOK });
    expect(shown).toContain('New version, draft: 1 step');
    expect(shown).toContain('The saved runbook that it was made of stays as it is.');
  });
});

describe('what was not taken', () => {
  const part = (reason: Untaken['reason'], start: number): Untaken => ({
    reason,
    source: { start, end: start + 1 },
  });

  test('stands under the steps, by reason, with its places', () => {
    const shown = shownOf({ untaken: [part('output', 0), part('mention', 4), part('output', 9)] });
    expect(shown).toContain(
      'Not taken as commands: output (line 1, line 3); mentions in a sentence (line 2).',
    );
  });

  test('because it was hidden or could not be read stands above them, loudly', () => {
    const [message] = draw(
      buildRunbook(buildParse([['x']], { untaken: [part('hidden', 4), part('unparsed', 16)] }), { source }),
    );
    const all = mrkdwnOf(message ?? {}).join('\n');
    expect(all.indexOf('⚠️ *Hidden text was left out* (line 2).')).toBeGreaterThan(0);
    expect(all.indexOf('⚠️ *Part of the text was not read* (line 4).')).toBeGreaterThan(0);
    expect(all.indexOf('Hidden text')).toBeLessThan(all.indexOf('*1.*'));
    expect(all).not.toContain('Not taken as commands');
  });
});

test('a risk that a model raised says who says so', () => {
  const raised = {
    ...verdict('danger'),
    reasons: [
      { rule: 'opinion.model', risk: 'danger' as const, sentence: 'The model says: it <!here> hurts.' },
    ],
  };
  const state = withCommand({}, { verdicts: [[raised]] });
  expect(wordsOf(state)).toContain('The model says: it &lt;!here&gt; hurts.');
});
