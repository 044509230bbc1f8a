import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runRef } from '../../../src/audit/streams.ts';
import { parseSha256 } from '../../../src/runbook/edit.ts';
import { encodeStep } from '../../../src/slack/actions.ts';
import { SUBCOMMANDS } from '../../../src/slack/replies.ts';
import { tenantState } from '../../../src/tenant/service.ts';
import {
  ADA,
  BOB,
  buildParse,
  buildPlan,
  buildRun,
  buildRunbook,
  CHANNEL,
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

const tenant = () => tenantState(world.deps.log, TENANT);
const errorsOf = (text: string) => JSON.parse(text).errors;

describe('/runbook', () => {
  test.each(SUBCOMMANDS)('%s answers in the acknowledgement or opens a form', async (word) => {
    const { status, text } = await world.command(word);
    expect(status).toBe(200);
    if (text === '') expect(world.views()).toHaveLength(1);
    else
      expect(JSON.parse(text)).toMatchObject({
        response_type: 'ephemeral',
        text: expect.stringMatching(/\w/),
      });
  });

  test.each(['', '   ', 'HELP', '  help me '])('%j shows how to use it', async (text) => {
    expect(JSON.parse((await world.command(text)).text).text).toBe('How to use /runbook');
  });

  test('with a word that is none suggests the nearest and does nothing', async () => {
    const { text } = await world.command('panik <!channel>');
    expect(JSON.parse(text).text).toBe(
      'There is no `/runbook panik`. Did you mean `/runbook panic`? Nothing was done.',
    );
    expect((await tenant()).paused).toBeNull();
  });

  test('panic stops everything, for members only', async () => {
    const refused = await world.command('panic', { user: outsider().user });
    expect(JSON.parse(refused.text).text).toContain('Only a full member');
    expect((await tenant()).paused).toBeNull();
    await world.command('PANIC');
    expect((await tenant()).paused).toMatchObject({ by: BOB, way: 'command', place: { channel: CHANNEL } });
  });

  test.each(['list', 'run restart API', 'status'])(
    '%s shows nothing to a guest of a channel',
    async (words) => {
      world.putRunbook(buildRunbook(buildParse(), { status: 'saved' }));
      const { text } = await world.command(words, { user: outsider().user });
      expect(JSON.parse(text).text).toContain('Only full members of this workspace can do that');
      expect(text).not.toMatch(/restart the api/i);
      expect(world.views()).toEqual([]);
    },
  );

  test('whose work breaks says so with a reference', async () => {
    await world.close();
    const agentsOf = async () => Promise.reject(new Error('secret inner words'));
    world = await startWorld({ registry: { agentsOf, nextSeq: async () => null } });
    const { text } = await world.command('status');
    expect(JSON.parse(text).text).toMatch(/reference: NEW\d+/);
    expect(text).not.toContain('inner words');
  });

  test('run with words that only one runbook has opens its form', async () => {
    world.putRunbook(buildRunbook(buildParse(), { status: 'saved' }));
    world.putRunbook(
      buildRunbook(buildParse([['uptime']], { title: 'Other' }), { status: 'saved' }),
      'BOOK000002' as never,
    );
    expect((await world.command('run restart API')).text).toBe('');
    expect(world.views()).toMatchObject([{ callback_id: 'start_run' }]);
    expect(JSON.parse((await world.command('run')).text).text).toBe('Which one?');
  });
});

describe('“Turn into runbook”', () => {
  test('takes the text of the message in, in its thread', async () => {
    expect((await world.shortcut('Run `uptime` &amp; wait')).status).toBe(200);
    const runbook = await eventually(
      () => world.runbook('NEW0000001'),
      (found) => found !== undefined,
    );
    expect(runbook).toMatchObject({
      status: 'received',
      source: {
        by: BOB,
        text: expect.stringContaining('& wait'),
        place: { channel: CHANNEL, threadTs: '5.6' },
      },
    });
  });

  test('of an empty message says what to do', async () => {
    await world.shortcut(' ');
    expect((await eventually(world.whispers, (told) => told.length > 0))[0]).toContain('Paste the runbook');
  });
});

describe('a form', () => {
  test('for a runbook takes its text in, and refuses an empty one in its box', async () => {
    const empty = await world.submit('new_runbook', { channel: CHANNEL }, { text: ' ' });
    expect(errorsOf(empty.text)).toEqual({ text: expect.stringContaining('no text') });
    await world.submit('new_runbook', { channel: CHANNEL }, { text: 'uptime' });
    const made = await eventually(
      () => world.runbook('NEW0000001'),
      (found) => found !== undefined,
    );
    expect(made?.source?.place).toEqual({ channel: CHANNEL, threadTs: null });
  });

  test('for a run refuses each wrong value in its box and starts with right ones', async () => {
    const variables = [variable('pod'), variable('node')];
    const parse = buildParse([['restart <pod> <node>']], { variables });
    world.putRunbook(buildRunbook(parse));
    const about = { channel: CHANNEL, runbook: RUNBOOK, shown: parseSha256(parse) };
    const wrong = await world.submit('start_run', about, { pod: 'a;b', node: '' });
    expect(Object.keys(errorsOf(wrong.text))).toEqual(['pod', 'node']);
    expect(await world.run('NEW0000001')).toBeUndefined();
    expect((await world.submit('start_run', about, { pod: 'api-1', node: 'n-2' })).text).toBe('');
    const run = await eventually(
      () => world.run('NEW0000001'),
      (found) => found !== undefined,
    );
    expect(run?.steps[0]?.job?.command).toBe('restart api-1 n-2');
  });

  test('for a run of steps that have changed since asks again, with what was typed, and starts nothing', async () => {
    const variables = [variable('pod'), variable('node', { default: 'n-1' })];
    world.putRunbook(buildRunbook(buildParse([['restart <pod> <node>']], { variables })));
    const shown = parseSha256(buildParse([['restart <pod>']], { variables: [variable('pod')] }));
    const about = { channel: CHANNEL, runbook: RUNBOOK, shown };
    const { response_action, view } = JSON.parse(
      (await world.submit('start_run', about, { pod: 'api-1' })).text,
    );
    const boxes = view.blocks.flatMap((block: { type: string; block_id: string; element: object }) =>
      block.type === 'input' ? [[block.block_id, block.element]] : [],
    );
    expect(JSON.stringify(view.blocks)).toContain('The steps have changed since this form was opened');
    expect([response_action, boxes]).toEqual([
      'update',
      [
        ['pod', expect.objectContaining({ initial_value: 'api-1' })],
        ['node', expect.objectContaining({ initial_value: 'n-1' })],
      ],
    ]);
    expect((await world.runbook())?.status).toBe('draft');
  });

  test('for danger approves with the right word by the right person, and says in its box why not otherwise', async () => {
    const danger = buildRun({ plan: buildPlan({ steps: [{ risk: 'danger' }] }) });
    world.putRun(danger);
    const target = encodeStep({ run: RUN, step: S1, shown: hashOf(danger, S1) });
    const send = (typed: string, user: string = BOB) =>
      world.submit('confirm_step', { channel: CHANNEL, threadTs: '', target }, { typed }, user);
    expect(errorsOf((await send('apj')).text).typed).toContain('Type exactly api');
    expect(errorsOf((await send('api', danger.plan?.requester)).text).typed).toContain('somebody else');
    expect(errorsOf((await send('api', outsider().user)).text).typed).toContain('Only full members');
    expect((await world.run())?.steps[0]?.status).toBe('awaiting-approval');
    expect((await send('api')).text).toBe('');
    expect((await world.run())?.steps[0]).toMatchObject({ status: 'approved', approval: { by: BOB } });
  });

  test('to resume wants an admin and the word', async () => {
    await world.command('panic');
    const about = { channel: CHANNEL, run: null };
    expect(errorsOf((await world.submit('resume', about, { typed: 'resume' })).text).typed).toContain(
      'admin',
    );
    expect(errorsOf((await world.submit('resume', about, { typed: 'go' }, ADA)).text).typed).toContain(
      'resume',
    );
    expect((await world.submit('resume', about, { typed: 'resume' }, ADA)).text).toBe('');
    expect(await tenant()).toMatchObject({ paused: expect.anything(), resumeAskedBy: ADA });
  });

  test('that nobody knows is acknowledged', async () => {
    expect((await world.submit('of_another_version', {}, {})).status).toBe(200);
  });
});

describe('🛑', () => {
  test('anywhere stops everything', async () => {
    await world.react('octagonal_sign');
    await eventually(tenant, (state) => state.paused?.way === 'reaction');
    expect((await tenant()).paused).toMatchObject({ by: BOB, place: { channel: CHANNEL } });
  });

  test('on a message of a run pauses that run and nothing else', async () => {
    await world.close();
    world = await startWorld({ findMessage: async () => runRef(TENANT, RUN) });
    world.putRun(buildRun());
    await world.react('octagonal_sign::skin-tone-2');
    await eventually(world.run, (run) => run?.status === 'paused');
    expect((await tenant()).paused).toBeNull();
  });

  test('that cannot be looked up is told to the person', async () => {
    await world.close();
    world = await startWorld({ findMessage: async () => Promise.reject(new Error('database away')) });
    await world.react('octagonal_sign');
    expect((await eventually(world.whispers, (told) => told.length > 0))[0]).toMatch(/reference: NEW\d+/);
  });

  test.each(['eyes', 'stop_sign', 'octagonal', 'no_entry'])('is not :%s:', async (reaction) => {
    expect((await world.react(reaction)).status).toBe(200);
    await world.command('help'); // whatever the reaction would do comes before this answer
    expect([(await tenant()).paused, world.calls]).toEqual([null, []]);
  });
});
