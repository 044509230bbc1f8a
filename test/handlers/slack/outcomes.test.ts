import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { encodeStep, VIEWS } from '../../../src/slack/actions.ts';
import { ADA, ALICE, BOB, buildRun, CHANNEL, hashOf, member, RUN, S1 } from '../../support/builders.ts';
import { fakeDirectory } from '../../support/fakes.ts';
import { eventually, startWorld, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const lost = buildRun({ at: 'unknown' });
const value = encodeStep({ run: RUN, step: S1, shown: hashOf(lost, S1) });
const first = async () => (await world.run())?.steps[0];
const about = (choice: string, attempt = 1) => ({
  channel: CHANNEL,
  threadTs: '1.1',
  run: RUN,
  step: S1,
  attempt,
  choice,
});
const say = (choice: string, reason: string, user: string = BOB) =>
  world.submit(VIEWS.outcome, about(choice), { reason }, user);

describe('the buttons under an outcome that nobody can know', () => {
  test.each([
    ['mark_succeeded', 'succeeded'],
    ['mark_failed', 'failed'],
    ['run_again', 'rerun'],
  ])('%s opens a form that asks for the reason, and changes nothing', async (action, choice) => {
    world.putRun(lost);
    await world.press(action, value);
    const [view] = await eventually(world.views, (views) => views.length > 0);
    expect(view?.callback_id).toBe('outcome');
    expect(JSON.parse(view?.private_metadata ?? '')).toEqual(about(choice));
    expect(await world.run()).toEqual(lost);
  });

  test('open nothing once the outcome is known, and say so', async () => {
    world.putRun(buildRun({ at: 'marked' }));
    await world.press('run_again', value);
    const [whisper] = await eventually(world.whispers, (told) => told.length > 0);
    expect(whisper).toContain('not in question any more');
    expect(world.views()).toEqual([]);
  });
});

describe('the form', () => {
  test.each([
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
    ['rerun', 'awaiting-approval'],
  ])('records %s with name and reason', async (choice, becomes) => {
    world.putRun(lost);
    expect((await say(choice, 'The log of the host says so.')).text).toBe('');
    expect(await first()).toMatchObject({
      status: becomes,
      ruling: { choice, by: BOB, reason: 'The log of the host says so.', attempt: 1 },
    });
  });

  test('gives a missing reason back into its box', async () => {
    world.putRun(lost);
    const answer = JSON.parse((await say('succeeded', ' ')).text);
    expect(answer.response_action).toBe('errors');
    expect(answer.errors.reason).toContain('Say in a sentence how you know');
    expect((await first())?.status).toBe('unknown');
  });

  test('sent by two people at once counts once, and the other is told who was first', async () => {
    world.putRun(lost);
    const answers = await Promise.all([say('succeeded', 'I saw it.'), say('failed', 'I saw it not.', ALICE)]);
    const refused = answers.filter(({ text }) => text !== '');
    expect(refused).toHaveLength(1);
    const ruling = (await first())?.ruling;
    expect(refused[0]?.text).toMatch(new RegExp(`<@${ruling?.by}>|has ended`));
  });

  test('about an attempt that another followed says nothing of the newer one', async () => {
    const steps = lost.steps.map((step) => (step.id === S1 ? { ...step, attempt: 2 } : step));
    world.putRun({ ...lost, steps });
    expect((await say('succeeded', 'The first one did.')).text).toContain('changed nothing');
    expect((await first())?.status).toBe('unknown');
  });

  test('is not for somebody from outside', async () => {
    world.putRun(lost);
    expect((await say('failed', 'It looks bad.', 'UOUT')).text).toContain('Only full members');
    expect((await first())?.status).toBe('unknown');
  });

  test('is for approvers: a responder is told which role it takes', async () => {
    await world.close();
    world = await startWorld({ directory: fakeDirectory([member(BOB), { ...member(ADA), admin: true }]) });
    world.putRun(lost);
    const roles = { person: { selected_user: BOB }, role: { selected_option: { value: 'responder' } } };
    const rest = { default: { selected_option: { value: 'approver' } } };
    await world.submit(VIEWS.members, { channel: CHANNEL }, { ...roles, ...rest }, ADA);
    expect((await say('failed', 'It looks bad.')).text).toContain(
      'takes the role of approver; yours is responder',
    );
    expect((await first())?.status).toBe('unknown');
  });
});
