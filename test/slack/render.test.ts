import { describe, expect, test } from '@jest/globals';
import { runbookId, stepId, userId } from '../../src/protocol/ids.ts';
import { evolve } from '../../src/run/evolve.ts';
import { CHOICES, type RunState } from '../../src/run/run.ts';
import { lineSha256, lineText } from '../../src/runbook/edit.ts';
import { flatten } from '../../src/runbook/flatten.ts';
import type { RunbookState } from '../../src/runbook/stream.ts';
import type { Verdict } from '../../src/safety/verdict.ts';
import { encodeStep } from '../../src/slack/actions.ts';
import { membersView } from '../../src/slack/render-members.ts';
import { renderRun } from '../../src/slack/render-run.ts';
import { renderRunbook } from '../../src/slack/render-runbook.ts';
import { renderTenant } from '../../src/slack/render-tenant.ts';
import { renderHelp, renderList, renderStatus, SUBCOMMANDS, suggest } from '../../src/slack/replies.ts';
import { chooseLineView, editLineView } from '../../src/slack/runbook-views.ts';
import {
  confirmStepView,
  newRunbookView,
  outcomeView,
  resumeView,
  startRunView,
} from '../../src/slack/views.ts';
import { ROLES } from '../../src/tenant/role.ts';
import { wellFormed } from '../../src/text/well-formed.ts';
import { buttonsOf, faultsOfMessage, faultsOfView, markupOf, mrkdwnOf } from '../support/block-kit.ts';
import {
  ADA,
  apply,
  BOB,
  buildParse,
  buildPlan,
  buildRun,
  buildRunbook,
  CHANNEL,
  command,
  facts,
  hashOf,
  NOW,
  PAUSE,
  REPORTS,
  RESULT,
  RUN,
  RUNBOOK,
  RUNS_AT,
  S1,
  tenantState,
  variable,
  verdict,
} from '../support/builders.ts';

/** A run as it shows while nothing else is paused. */
const shownRun = (state: RunState) => renderRun(state, { allPaused: false });

/** Texts that have broken somebody's message before. */
const NASTY = {
  mention: '<!channel> <!here|here> <@U999> <#C999> <https://evil.example|ok> <!date^0^{time}|x>',
  entities: '<&>'.repeat(100),
  emoji: '👩‍👩‍👧‍👦🏳️‍🌈'.repeat(60),
  hidden: '\u202e\u0000\u200b'.repeat(800),
  long: 'word '.repeat(700),
  marks: '*bold* _it_ ~no~ `code` ```block``` > quote\n\n\n# head',
};
const texts = Object.entries(NASTY);
const wordy = (text: string): Verdict => ({
  risk: 'danger',
  traits: [],
  rulesetVersion: 'test',
  rulesetSha256: 'test',
  reasons: Array.from({ length: 20 }, (_, index) => ({
    rule: `r${index}`,
    risk: 'danger' as const,
    sentence: text,
    alternative: text,
  })),
  hints: Array.from({ length: 5 }, () => text),
});

/** The worst plan that can be: as much of `text` as there is room, in every place where a runbook's words stand. */
function worstPlan(text: string, steps = 1) {
  const spec = {
    command: `drop ${'x'.repeat(2_395)}`,
    risk: 'danger' as const,
    title: text,
    branch: text,
    warnings: Array.from({ length: 30 }, () => text),
    verdict: wordy(text),
  };
  return buildPlan({ title: text, steps: Array.from({ length: steps }, () => spec) });
}

const worstResult = (text: string) =>
  command.report({
    kind: 'finished',
    result: {
      ...RESULT,
      exitCode: 1,
      head: text.slice(0, 4_096),
      tail: text.slice(0, 12_288),
      bytes: 9_999_999,
    },
  });

const everyRun = (): [string, RunState][] => [
  ...RUNS_AT.map((at): [string, RunState] => [at, buildRun({ at })]),
  ...texts.flatMap(([name, text]): [string, RunState][] => {
    const waiting = buildRun({ plan: worstPlan(text) });
    const running = buildRun({ at: 'running', plan: worstPlan(text) });
    const trouble = { kind: 'unknown', sentence: text } as const;
    const byHand = buildPlan({ steps: [{ byHand: { command: text, reason: 'It needs a terminal.' } }] });
    return [
      [`waiting ${name}`, waiting],
      [
        `running ${name}`,
        apply(running, command.report({ kind: 'printed', tail: text, bytes: 9_999_999 })).state,
      ],
      [`failed ${name}`, apply(running, worstResult(text)).state],
      [`unknown ${name}`, apply(running, command.report(trouble)).state],
      [`by hand ${name}`, buildRun({ plan: byHand })],
      [`aborted ${name}`, apply(waiting, command.abort()).state],
    ];
  }),
];

const UNTAKEN = [
  'output',
  'log',
  'configuration',
  'script',
  'query',
  'mention',
  'hidden',
  'unparsed',
  'too-long',
] as const;

const worstParse = (text: string, count: number) =>
  buildParse(
    Array.from({ length: count }, () => [`drop ${text}${'x'.repeat(2_400)}`]),
    {
      title: text,
      variables: Array.from({ length: 60 }, (_, index) => variable(`${text.slice(0, 30)}${index}`)),
      untaken: UNTAKEN.flatMap((reason) =>
        Array.from({ length: 40 }, (_, at) => ({ source: { start: at, end: at + 1 }, reason })),
      ),
      prerequisites: Array.from({ length: 30 }, () => text),
      owner: text,
      alerts: Array.from({ length: 9 }, () => text),
      services: Array.from({ length: 9 }, () => text),
      questions: Array.from({ length: 40 }, (_, step) => ({ text, step })),
      step: {
        title: text,
        description: text,
        branch: text,
        warnings: [text, text],
        expected: [text, text],
        target: { to: 'page', name: text },
        rollback: true,
      },
    },
  );

const everyRunbook = (): [string, RunbookState][] => [
  ['smallest', buildRunbook()],
  ['no step', buildRunbook(buildParse([]))],
  ['no command', buildRunbook(buildParse([[], []]))],
  ['saved', buildRunbook(buildParse(), { status: 'saved', savedBy: BOB })],
  ...texts.flatMap(([name, text]): [string, RunbookState][] => {
    const state = buildRunbook(worstParse(text, 200));
    const judged = { ...state, verdicts: state.verdicts.map((step) => step.map(() => wordy(text))) };
    return [
      [`200 steps, ${name}`, judged],
      [`discarded ${name}`, { ...judged, status: 'discarded', closedBy: BOB }],
    ];
  }),
];

describe('every message stays inside Slack’s limits and our budget', () => {
  test.each(everyRun())('run: %s', (_, state) => {
    for (const message of shownRun(state)) expect(faultsOfMessage(message)).toEqual([]);
  });

  test.each(everyRunbook())('runbook: %s', (_, state) => {
    const messages = renderRunbook(state, RUNBOOK);
    expect(messages.length).toBeGreaterThan(0);
    for (const message of messages) expect(faultsOfMessage(message)).toEqual([]);
  });

  test.each(texts)('banner of a pause: %s', (_, text) => {
    const live = Array.from({ length: 40 }, () => buildRun({ at: 'running', plan: worstPlan(text) }));
    for (const message of renderTenant(tenantState({ panicEpoch: 1, paused: PAUSE }), live)) {
      expect(faultsOfMessage(message)).toEqual([]);
    }
  });

  test.each(texts)('answers: %s', (_, text) => {
    const found = Array.from({ length: 40 }, (_, index) => ({
      id: runbookId(`BOOK${index}`),
      state: buildRunbook(worstParse(text, 1), { savedBy: BOB }),
    }));
    const live = Array.from({ length: 40 }, () => buildRun({ plan: worstPlan(text) }));
    const status = { live, agents: [{ agentId: 'a', online: true }] };
    const replies = [
      suggest(text),
      renderHelp(),
      renderList(found, text),
      renderList([], text),
      renderList([], '', 'run'),
      renderStatus({ ...status, state: tenantState() }),
      renderStatus({ ...status, state: tenantState({ paused: PAUSE }), agents: [], live: [] }),
    ];
    for (const reply of replies) expect(faultsOfMessage(reply)).toEqual([]);
  });

  test.each(texts)('modals: %s', (_, text) => {
    const run = buildRun({ plan: worstPlan(text) });
    const step = run.steps[0];
    if (!step) throw new Error('no step');
    const target = { run: RUN, step: S1, shown: hashOf(run, S1) };
    const worst = worstParse(text, 200);
    const many = Array.from({ length: 150 }, (_, index) =>
      variable(`${wellFormed(text.slice(0, 50))}${index}`, { example: text }),
    );
    const views = [
      newRunbookView(CHANNEL),
      startRunView(RUNBOOK, buildParse([], { title: text, variables: many }), CHANNEL),
      chooseLineView({ runbook: RUNBOOK, first: 1, last: 200 }, buildRunbook(worst), CHANNEL),
      ...flatten(worst, [])
        .slice(0, 2)
        .map((line) => {
          const shown = lineText(worst, line.at);
          if (!shown) throw new Error('no line');
          const about = { runbook: RUNBOOK, at: line.at, shown: lineSha256(shown) };
          return editLineView(about, line, shown, buildRunbook(worst, { status: 'saved' }), CHANNEL);
        }),
      confirmStepView(step, target, encodeStep(target), CHANNEL, '1.2'),
      resumeView(CHANNEL, RUN),
      resumeView(CHANNEL, null),
      ...CHOICES.map((choice) => outcomeView(step, target, choice, CHANNEL, '1.2')),
    ];
    for (const view of views) expect(faultsOfView(view)).toEqual([]);
  });

  test.each([true, false])('roles, however many: %s', (mayChange) => {
    const second = userId('U'.padEnd(21, '1'));
    const members = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [
        `U${String(index).padStart(20, '0')}`,
        { role: ROLES[index % 4] ?? 'viewer', sameAs: second },
      ]),
    );
    for (const roles of [{}, { members, defaultRole: 'viewer' as const }]) {
      const view = membersView(roles, CHANNEL, mayChange);
      expect(faultsOfView(view)).toEqual([]);
      expect(JSON.stringify(view)).toContain('Everybody who is not named here is');
    }
    expect(JSON.stringify(membersView({ members }, CHANNEL, mayChange))).toContain('and 170 more');
  });

  test('a run of 200 steps is one message for the run and one for each step it came to', () => {
    expect(shownRun(buildRun({ plan: worstPlan('x', 200) }))).toHaveLength(2);
  });
});

describe('words of a runbook do nothing in Slack', () => {
  /** What we write ourselves: people who acted, and times. */
  const OURS = /^<@U[A-Z0-9]+>$|^<!date\^\d+\^\{time\}\|\d\d:\d\d UTC>$/;

  test('in any message of a run or a runbook', () => {
    const runs = everyRun().flatMap(([, state]) => shownRun(state));
    const runbooks = everyRunbook().flatMap(([, state]) => renderRunbook(state, RUNBOOK));
    const markup = new Set([...runs, ...runbooks].flatMap(mrkdwnOf).flatMap(markupOf));
    expect([...markup].filter((found) => !OURS.test(found) || found === '<@U999>')).toEqual([]);
  });

  test('hidden and right-to-left characters are shown and not obeyed', () => {
    const all = JSON.stringify(everyRun().flatMap(([, state]) => shownRun(state)));
    expect(all).not.toMatch(/[\u202e\u200b]|\\u0000/);
    expect(all).toContain('\\\\u{202e}');
  });

  test('a title cannot make a line of its own', () => {
    const [run] = shownRun(buildRun({ plan: buildPlan({ title: 'Restart\n*Approved by everyone*' }) }));
    expect(JSON.stringify(run)).toContain('*Restart *Approved by everyone**\\n');
  });
});

describe('what stands on the screen', () => {
  const shown = (state: RunState) => JSON.stringify(shownRun(state).slice(1));

  test('is every byte of what is about to be approved, and its hash', () => {
    const long = `echo ${'0123456789'.repeat(239)}`;
    const run = buildRun({ plan: buildPlan({ steps: [{ command: long }] }) });
    expect(shown(run)).toContain(long);
    expect(shown(run)).toContain(hashOf(run, S1).slice(0, 8));
    expect(buttonsOf(shownRun(run)[1] ?? {}).map(({ value }) => value)).toContain(
      `v1.${RUN}.s1.${hashOf(run, S1)}`,
    );
  });

  test('is how far a command reaches, before anybody approves it', () => {
    const far = { ...verdict('danger'), hints: ['-A: it reaches every namespace.'] };
    const run = buildRun({ plan: buildPlan({ steps: [{ command: 'drop -A', verdict: far }] }) });
    expect(shown(run)).toContain('it reaches every namespace');
  });

  test('keeps the hash in sight however much the scanner has to say', () => {
    const run = buildRun({ plan: worstPlan(NASTY.long) });
    expect(shown(run)).toContain(hashOf(run, S1).slice(0, 8));
  });

  test('says in the notification, alone, which step it is and where it stands', () => {
    const [run, step] = shownRun(buildRun());
    expect(run?.text).toBe('Restart the api: Running: step 1 of 2 waits for approval.');
    expect(step?.text).toBe('Step 1 of 2 waits for approval: Do thing 1');
  });

  test.each([
    ['awaiting-approval', ['approve_step', 'skip_step']],
    ['by-hand', ['done_step', 'skip_step']],
    ['stalled', ['ask_again', 'skip_step']],
    ['approved', []],
    ['dispatched', []],
    ['running', ['kill_step']],
    ['unknown', ['mark_succeeded', 'mark_failed', 'run_again']],
    ['reopened', ['approve_step', 'skip_step']],
    ['not-started', ['ask_again', 'skip_step']],
  ] as const)('of a step that is %s are these buttons: %j', (at, names) => {
    const [run, step] = shownRun(buildRun({ at }));
    expect(buttonsOf(step ?? {}).map(({ action_id }) => action_id)).toEqual(names);
    expect(buttonsOf(run ?? {}).map(({ action_id }) => action_id)).toEqual(['pause_run', 'abort_run']);
  });

  test('a dangerous step opens a form instead of being approved by a click', () => {
    const [, step] = shownRun(buildRun({ plan: buildPlan({ steps: [{ risk: 'danger' }] }) }));
    expect(buttonsOf(step ?? {}).map(({ action_id }) => action_id)).toEqual(['confirm_step', 'skip_step']);
  });

  test.each(['failed', 'rejected', 'aborted'] as const)('has no button when the run is over: %s', (at) => {
    expect(shownRun(buildRun({ at })).flatMap(buttonsOf)).toEqual([]);
  });

  test('of an outcome that nobody can know says since when, what the agent saw and who decides', () => {
    const printed = apply(buildRun({ at: 'running' }), command.report(REPORTS.printed)).state;
    const run = apply(printed, command.report(REPORTS.unknown)).state;
    const [header] = shownRun(run);
    expect(header?.text).toMatch(/Needs a person since <!date.*nobody can know how step 1 of 2 ended/);
    for (const known of [
      'half',
      REPORTS.unknown.sentence,
      'Started at',
      `Approved by <@${BOB}>`,
      'An approver can',
    ])
      expect(shown(run)).toContain(known);
    expect(buttonsOf(header ?? {}).map(({ action_id }) => action_id)).toEqual(['pause_run', 'abort_run']);
  });

  test('of it while the run is paused offers only what starts nothing', () => {
    const { state } = apply(buildRun({ at: 'unknown' }), command.pause());
    expect(buttonsOf(shownRun(state)[1] ?? {}).map(({ action_id }) => action_id)).toEqual([
      'mark_succeeded',
      'mark_failed',
    ]);
  });

  test('of it once somebody spoke names them and their reason, as plain words', () => {
    const asked = command.settle('succeeded', { reason: 'Saw <!channel> it' });
    const marked = apply(buildRun({ at: 'unknown' }), asked).state;
    expect(shown(marked)).toContain('was marked as succeeded');
    expect(shown(marked)).toMatch(new RegExp(`Marked as succeeded by <@${BOB}>.*Saw &lt;!channel&gt; it`));
    const reopened = buildRun({ at: 'reopened' });
    expect(shown(reopened)).toContain('Nobody knew how attempt 1 ended');
    const late = apply(reopened, command.report(REPORTS.succeeded)).state;
    expect(shown(late)).toContain('the offer was withdrawn');
    expect(shownRun(late)[1]?.text).toContain('is done');
  });

  test('of a step that did not start says so and offers to ask again', () => {
    expect(shown(buildRun({ at: 'not-started' }))).toContain('It did not run. To go on, ask again or skip');
  });

  test('of a run from before this, which an unknown outcome had ended, has no button', () => {
    const run = evolve(
      evolve(buildRun({ at: 'running' }), {
        type: 'step.unknown',
        step: S1,
        attempt: 1,
        code: 'agent-silent',
        sentence: 'Lost.',
        at: NOW,
      }),
      { type: 'run.stopped', at: NOW },
    );
    expect(shownRun(run).flatMap(buttonsOf)).toEqual([]);
    expect(shownRun(run)[0]?.text).toContain('Stopped at step 1 of 2');
  });

  test('of a run whose app was removed says so', () => {
    const { state } = apply(buildRun(), { type: 'tick' }, facts({ removedAt: NOW }));
    expect(shownRun(state)[0]?.text).toContain('Aborted because the app was removed from the workspace');
  });

  test('of the pause that a removal made is nothing', () => {
    const paused = { by: null, at: NOW, way: 'uninstall', place: null } as const;
    expect(renderTenant(tenantState({ panicEpoch: 1, paused }), [])).toEqual([]);
    expect(renderStatus({ state: tenantState({ paused }), live: [], agents: [] }).blocks?.[0]).toMatchObject({
      text: { text: expect.stringContaining('because the app was removed') },
    });
  });

  test('of an aborted run says that the step was not run, and invites nobody to approve it', () => {
    expect(shown(buildRun({ at: 'aborted' }))).toContain('was not run');
    expect(shown(buildRun({ at: 'aborted' }))).not.toMatch(/approve|Lapses/);
  });

  test('of an aborted run whose step still runs offers to stop it', () => {
    const { state } = apply(buildRun({ at: 'running' }), command.abort());
    expect(
      shownRun(state)
        .flatMap(buttonsOf)
        .map(({ action_id }) => action_id),
    ).toEqual(['kill_step']);
  });

  test('of an output that was cut says how much there was', () => {
    const { state } = apply(buildRun({ at: 'running' }), worstResult('line\n'.repeat(3_000)));
    expect(shown(state)).toContain('The end of 9999999 bytes of output.');
  });

  test('of a step without output says so', () => {
    const quiet = { ...RESULT, head: '', tail: '', bytes: 0 };
    const { state } = apply(buildRun({ at: 'running' }), command.report({ kind: 'finished', result: quiet }));
    expect(shown(state)).toContain('No output.');
  });

  test('of a pause names who, and what is still ending, and offers to stop it', () => {
    const live = [buildRun({ at: 'running' })];
    const [banner] = renderTenant(tenantState({ panicEpoch: 3, paused: PAUSE }), live);
    expect(banner?.key).toBe('pause-3');
    expect(JSON.stringify(banner)).toContain(`Paused by <@${BOB}>`);
    expect(buttonsOf(banner ?? {}).map(({ action_id }) => action_id)).toEqual(['kill_all', 'resume_all']);
  });

  test('of a pause that is over says who ended it and has no button', () => {
    const lastPause = { ...PAUSE, endedAt: NOW, endedBy: [ADA] };
    const [banner] = renderTenant(tenantState({ panicEpoch: 3, lastPause }), []);
    expect(banner?.key).toBe('pause-3');
    expect([buttonsOf(banner ?? {}), JSON.stringify(banner)]).toEqual([
      [],
      expect.stringContaining(`resumed by <@${ADA}>`),
    ]);
  });

  test('of a workspace where nothing was ever paused is nothing', () => {
    expect(renderTenant(tenantState(), [])).toEqual([]);
  });
});

describe('answers', () => {
  test.each([
    ['hlep', 'help'],
    ['stauts', 'status'],
    ['panik', 'panic'],
    ['lists', 'list'],
  ])('to %s suggest %s', (word, meant) => {
    expect(suggest(word).text).toContain(`Did you mean \`/runbook ${meant}\`?`);
  });

  test('to a word that is like none suggest nothing and say that nothing was done', () => {
    expect(suggest('xyzzyxyzzy').text).toBe('There is no `/runbook xyzzyxyzzy`. Nothing was done.');
  });

  test('to help name every subcommand', () => {
    for (const name of SUBCOMMANDS) expect(JSON.stringify(renderHelp())).toContain(`/runbook ${name}`);
  });

  test('to status say when no agent is there', () => {
    expect(JSON.stringify(renderStatus({ state: tenantState(), live: [], agents: [] }))).toContain(
      'No agent is enrolled',
    );
  });
});

test('what an agent says of trouble is words, not markup', () => {
  const trouble = command.report({ kind: 'rejected', code: 'x', sentence: '<!channel> boom' });
  const [, step] = shownRun(apply(buildRun({ at: 'dispatched' }), trouble).state);
  expect(JSON.stringify(step)).toContain('&lt;!channel&gt; boom');
  expect(
    JSON.stringify(shownRun(apply(buildRun({ at: 'dispatched' }), command.report(REPORTS.rejected)).state)),
  ).toContain('Not allowed on this host.');
});

describe('what the agent says that is not what is recorded', () => {
  const says = (state: RunState, step = 1) => JSON.stringify(shownRun(state)[step]);

  test.each(['succeeded', 'failed', 'rejected', 'marked', 'running'] as const)(
    'stands beside the record of a step that is %s',
    (at) => {
      const result = { ...RESULT, exitCode: 7, sha256: 'e'.repeat(64) };
      const report = command.report(
        { kind: 'finished', result },
        { envelopeId: at === 'running' ? 'E9' : 'E1' },
      );
      const before = buildRun({ at });
      const after = apply(before, report).state;
      const words = 'The agent says that attempt 1 of this step ended with exit code 7';
      expect([says(before).includes(words), says(after).includes(words)]).toEqual([false, true]);
      expect(after.steps[0]?.status).toBe(before.steps[0]?.status);
    },
  );

  test('of a step that may run again is why a person has to look, and nothing is claimed of its start', () => {
    const recovered = buildRun({ at: 'recovered' });
    expect(says(recovered)).toContain(
      'attempt 1 of this step may have run, and that is not what is recorded',
    );
    expect(says(recovered)).toContain('Look at the host, then say how it ended');
    expect(says(recovered)).not.toContain('never said that it started');
    expect(says(recovered, 0)).toContain('nobody can know how step 1 of 2 ended');
  });

  test('of a later step than the run has come to is said of that step', () => {
    const state = apply(
      buildRun(),
      command.report(REPORTS.started, { step: stepId('s2'), envelopeId: 'E9' }),
    ).state;
    expect(says(state, 0)).toContain('nobody can know how step 2 of 2 ended');
  });
});

describe('an envelope', () => {
  const stepOf = (state: RunState) => JSON.stringify(shownRun(state)[1]);
  const sent = buildRun({ at: 'dispatched' });

  test('that is made anew leaves the step waiting for its agent, as approved', () => {
    expect(stepOf(buildRun({ at: 'not-delivered' }))).toContain('is approved and waits for the agent');
  });

  test('that did not arrive before the run was paused has to be asked for again, and nothing ran', () => {
    const paused = apply(sent, command.pause()).state;
    const state = apply(paused, command.report(REPORTS.withheld)).state;
    expect(stepOf(state)).toContain('This step did not reach the agent, so nothing ran. To go on, ask again');
  });

  test('that the agent has had and does not know any more, is for a person to judge', () => {
    const state = apply(sent, command.report(REPORTS.gap)).state;
    expect(stepOf(state)).toContain('its journal has no record of it. It may have run');
    expect(stepOf(state)).toContain('Mark step 1 succeeded');
  });
});

test('a run says that it is held while everything is paused', () => {
  const [run] = renderRun(buildRun({ at: 'awaiting-approval' }), { allPaused: true });
  expect(run?.text).toContain('Held, because all runs are paused.');
});
