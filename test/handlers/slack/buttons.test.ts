import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseSha256 } from '../../../src/runbook/edit.ts';
import type { Parse } from '../../../src/runbook/runbook.ts';
import { ACTIONS, encodeId, encodeRunbook, encodeStep } from '../../../src/slack/actions.ts';
import { tenantState } from '../../../src/tenant/service.ts';
import {
  ALICE,
  apply,
  BOB,
  buildParse,
  buildPlan,
  buildRun,
  buildRunbook,
  command,
  hashOf,
  outsider,
  RUN,
  RUNBOOK,
  S1,
  TENANT,
  variable,
} from '../../support/builders.ts';
import { eventually, startWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const stepValue = (state = buildRun()) => encodeStep({ run: RUN, step: S1, shown: hashOf(state, S1) });
const shownAs = (parse: Parse) => encodeRunbook({ runbook: RUNBOOK, shown: parseSha256(parse) });
const first = async () => (await world.run())?.steps[0];

describe('Approve', () => {
  test('approves what was shown, in the name of the person, with a signed record', async () => {
    world.putRun(buildRun());
    expect((await world.press('approve_step', stepValue())).status).toBe(200);
    const step = await eventually(first, (found) => found?.status === 'approved');
    expect(step?.approval).toMatchObject({ by: BOB, record: { keyId: world.deps.approveKey.keyId } });
    expect(world.whispers()).toEqual([]);
  });

  test('twice is once, and the second person is told who was first', async () => {
    world.putRun(buildRun());
    await world.press('approve_step', stepValue());
    await eventually(first, (found) => found?.status === 'approved');
    await world.press('approve_step', stepValue(), { user: ALICE });
    const [whisper] = await eventually(world.whispers, (told) => told.length > 0);
    expect(whisper).toBe(`Step 1 is approved (<@${BOB}>). Your click changed nothing.`);
    expect((await first())?.approval?.by).toBe(BOB);
  });

  test('does nothing for somebody from outside, who is told', async () => {
    world.putRun(buildRun());
    await world.press('approve_step', stepValue(), { user: outsider().user });
    const [whisper] = await eventually(world.whispers, (told) => told.length > 0);
    expect(whisper).toContain('Only full members');
    expect((await first())?.status).toBe('awaiting-approval');
  });

  test('does nothing when the screen showed other bytes', async () => {
    world.putRun(buildRun());
    await world.press('approve_step', encodeStep({ run: RUN, step: S1, shown: 'f'.repeat(64) }));
    expect((await eventually(world.whispers, (told) => told.length > 0))[0]).toContain(
      'no longer what you were shown',
    );
    expect((await first())?.status).toBe('awaiting-approval');
  });

  test('of a dangerous step cannot be had by a click alone', async () => {
    const danger = buildRun({ plan: buildPlan({ steps: [{ risk: 'danger' }] }) });
    world.putRun(danger);
    await world.press('approve_step', stepValue(danger));
    expect((await eventually(world.whispers, (told) => told.length > 0))[0]).toContain('Type exactly api');
    await world.press('confirm_step', stepValue(danger));
    expect(await eventually(world.views, (views) => views.length > 0)).toMatchObject([
      { callback_id: 'confirm_step' },
    ]);
    expect((await first())?.status).toBe('awaiting-approval');
  });
});

describe('garbage in a button', () => {
  test.each(Object.values(ACTIONS).filter((id) => !['kill_all', 'pause_all', 'resume_all'].includes(id)))(
    'does nothing on %s; the person gets a reference and no stack',
    async (action) => {
      const before = world.recorded();
      expect((await world.press(action, 'v1.<script>')).status).toBe(200);
      const [whisper = ''] = await eventually(world.whispers, (told) => told.length > 0);
      const reference = /reference: (NEW\d+)\.$/.exec(whisper)?.[1];
      expect(world.lines).toContainEqual(
        expect.objectContaining({ reference, msg: 'a request from Slack failed' }),
      );
      expect(whisper).not.toMatch(/Zod|at \w+ \(|\.ts/);
      expect(world.recorded()).toBe(before);
    },
  );

  test.each(['nobody_knows', 'constructor', 'toString', '__proto__'])(
    'is acknowledged for the button %s',
    async (action) => {
      expect((await world.press(action, 'x')).status).toBe(200);
      expect(world.calls).toEqual([]);
    },
  );
});

test('a fault behind a button is told with a reference and not with its words', async () => {
  await world.close();
  const person = async () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7:5432'));
  world = await startWorld({ directory: { person, census: async () => ({ members: 2, admins: 2 }) } });
  world.putRun(buildRun());
  await world.press('skip_step', stepValue());
  const [whisper] = await eventually(world.whispers, (told) => told.length > 0);
  expect(whisper).toMatch(/fault on our side.*reference: NEW\d+\.$/);
  expect(whisper).not.toContain('10.0.0.7');
  expect((await first())?.status).toBe('awaiting-approval');
});

describe('the other buttons', () => {
  test.each([
    ['skip_step', buildRun(), 'skipped'],
    ['done_step', buildRun({ at: 'by-hand' }), 'done'],
    ['ask_again', buildRun({ at: 'stalled' }), 'awaiting-approval'],
  ])('%s', async (action, state, becomes) => {
    world.putRun(state);
    await world.press(action, stepValue(state));
    await eventually(first, (found) => found?.status === becomes);
  });

  test('kill_step asks the agent to end it', async () => {
    world.putRun(buildRun({ at: 'running' }));
    await world.press('kill_step', stepValue());
    await eventually(first, (found) => found?.killAskedBy === BOB);
  });

  test('kill_all ends every running step, also of a run that was aborted', async () => {
    world.putRun(apply(buildRun({ at: 'running' }), command.abort()).state);
    await world.press('kill_all', 'v1');
    await eventually(first, (found) => found?.killAskedBy === BOB);
    expect(world.whispers()).toEqual([]);
  });

  test.each([
    ['pause_run', 'paused'],
    ['abort_run', 'aborted'],
  ])('%s', async (action, becomes) => {
    world.putRun(buildRun());
    await world.press(action, encodeId(RUN));
    await eventually(world.run, (run) => run?.status === becomes);
  });

  test('pause_all stops everything, and the resume buttons only open a form', async () => {
    await world.press('pause_all', 'v1');
    await eventually(
      () => tenantState(world.deps.log, TENANT),
      (tenant) => tenant.paused?.way === 'button',
    );
    await world.press('resume_all', 'v1');
    await world.press('resume_run', encodeId(RUN));
    const views = await eventually(world.views, (opened) => opened.length === 2);
    expect(views.map(({ private_metadata }) => JSON.parse(private_metadata ?? '').run)).toEqual([null, RUN]);
    expect((await tenantState(world.deps.log, TENANT)).paused).not.toBeNull();
  });

  test.each([
    ['save_runbook', 'saved'],
    ['discard_runbook', 'discarded'],
  ])('%s', async (action, becomes) => {
    world.putRunbook(buildRunbook());
    await world.press(action, shownAs(buildParse()));
    await eventually(world.runbook, (runbook) => runbook?.status === becomes);
  });

  test('start_run starts a runbook without inputs at once, and saves the draft by that', async () => {
    world.putRunbook(buildRunbook());
    await world.press('start_run', shownAs(buildParse()));
    const run = await eventually(
      () => world.run('NEW0000001'),
      (found) => found !== undefined,
    );
    expect(run).toMatchObject({
      status: 'running',
      plan: { requester: BOB },
      steps: [{ job: { command: 'uptime' } }],
    });
    expect((await world.runbook())?.status).toBe('saved');
  });

  test.each(['save_runbook', 'start_run'])(
    '%s does nothing when the screen showed other steps',
    async (action) => {
      world.putRunbook(buildRunbook(buildParse([['uptime -p']])));
      for (const value of [shownAs(buildParse()), encodeRunbook({ runbook: RUNBOOK, shown: null })])
        await world.press(action, value);
      const told = await eventually(world.whispers, (whispers) => whispers.length === 2);
      expect(told).toEqual(
        Array(2).fill(expect.stringContaining('The steps were changed after this was shown')),
      );
      expect([(await world.runbook())?.status, world.views()]).toEqual(['draft', []]);
    },
  );

  test('start_run asks for the values of a runbook that has inputs, and starts nothing yet', async () => {
    const parse = buildParse([['restart <pod>']], { variables: [variable('pod')] });
    world.putRunbook(buildRunbook(parse));
    const before = world.recorded();
    await world.press('start_run', shownAs(parse));
    expect(await eventually(world.views, (views) => views.length > 0)).toMatchObject([
      { callback_id: 'start_run' },
    ]);
    expect(world.recorded()).toBe(before);
  });
});
