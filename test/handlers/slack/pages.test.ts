import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { incidentRef } from '../../../src/audit/streams.ts';
import type { IncidentState } from '../../../src/incident/incident.ts';
import { incidentKind } from '../../../src/incident/kind.ts';
import { runbookId } from '../../../src/protocol/ids.ts';
import { ACTIONS, encodeId, encodePage, encodeRunbook, VIEWS } from '../../../src/slack/actions.ts';
import type { Settings } from '../../../src/tenant/settings.ts';
import { tenantKind } from '../../../src/tenant/tenant.ts';
import {
  ADA,
  BOB,
  buildParse,
  buildRunbook,
  CHANNEL,
  NOW,
  RUNBOOK,
  TENANT,
  variable,
} from '../../support/builders.ts';
import { tenantRef } from '../../support/fakes.ts';
import { ABOUT, carded, having, INCIDENT, MATCH, signal } from '../../support/incidents.ts';
import { eventually, startWorld, type World } from './world.ts';

const REF = incidentRef(TENANT, INCIDENT);
const TARGET = encodePage({ incident: INCIDENT, runbook: RUNBOOK });
const ABOUT_START = { channel: CHANNEL, runbook: RUNBOOK, shown: '', incident: INCIDENT };
const SECRET = 'the-signing-secret-of-pagerduty';

let at: World;
beforeEach(async () => {
  at = await startWorld({ publicUrl: 'https://run.example/' });
});
afterEach(() => at.close());

const put = (state: IncidentState) => at.put(incidentKind, REF, state);
const incident = async () => (await at.deps.log.load(incidentKind, REF))?.state;
const settings = async (): Promise<Settings | undefined> =>
  (await at.deps.log.load(tenantKind, tenantRef(TENANT)))?.state.settings;

const saved = (title = 'KubePodNotReady', variables: string[] = []) =>
  buildRunbook(buildParse([['uptime']], { title, variables: variables.map((name) => variable(name)) }), {
    status: 'saved',
  });

/** Somebody chooses from the menu of a modal. */
const choose = (value: string, user: string = BOB) =>
  at.payload({
    type: 'view_submission',
    team: { id: TENANT, domain: 'test' },
    user: { id: user, team_id: TENANT },
    api_app_id: 'A1',
    view: {
      id: 'V1',
      type: 'modal',
      callback_id: VIEWS.chooseRunbook,
      private_metadata: JSON.stringify({ channel: CHANNEL, incident: INCIDENT }),
      state: {
        values: {
          runbook: {
            value: {
              type: 'static_select',
              selected_option: { text: { type: 'plain_text', text: 'x' }, value },
            },
          },
        },
      },
    },
  });

describe('for people of another workspace, in a channel that is shared with it', () => {
  test.each([
    ['Start', ACTIONS.startFromPage, TARGET],
    ['See steps', ACTIONS.seeSteps, TARGET],
    ['Choose another', ACTIONS.chooseRunbook, encodeId(INCIDENT)],
  ])('%s shows nothing and says why', async (_, action, value) => {
    at.putRunbook(saved());
    put(carded());
    await at.press(action, value, { user: 'USTRANGER' });
    const [sentence] = await eventually(at.whispers, (whispers) => whispers.length > 0);
    expect(sentence).toContain('Only full members of this workspace');
    expect(at.views()).toEqual([]);
  });
});

describe('Start on a card', () => {
  test('opens the form and starts nothing, also when there is nothing to fill in', async () => {
    at.putRunbook(saved());
    put(carded());
    await at.press(ACTIONS.startFromPage, TARGET);
    const [view] = await eventually(at.views, (views) => views.length > 0);
    expect(view?.callback_id).toBe(VIEWS.startRun);
    expect(JSON.parse(view?.private_metadata ?? '')).toEqual({
      channel: CHANNEL,
      runbook: RUNBOOK,
      shown: expect.stringMatching(/^[0-9a-f]{64}$/),
      incident: INCIDENT,
    });
    expect(await at.run('NEW0000001')).toBeUndefined();
    expect((await incident())?.runs).toEqual([]);
  });

  test('fills in what the page says, and the form is checked like any other', async () => {
    at.putRunbook(saved('KubePodNotReady', ['service']));
    put(carded());
    await at.press(ACTIONS.startFromPage, TARGET);
    const [view] = await eventually(at.views, (views) => views.length > 0);
    expect(JSON.stringify(view)).toContain('"initial_value":"payments-api"');
    const answer = await at.submit(VIEWS.startRun, ABOUT_START, { service: 'x; reboot' });
    expect(JSON.parse(answer.text)).toMatchObject({ response_action: 'errors' });
    expect((await incident())?.runs).toEqual([]);
  });

  test('once sent, starts a run in the same channel, and both know of each other', async () => {
    at.putRunbook(saved());
    put(carded());
    await at.submit(VIEWS.startRun, ABOUT_START, {});
    const page = await eventually(incident, (state) => (state?.runs.length ?? 0) > 0);
    const [started] = page?.runs ?? [];
    expect(started).toMatchObject({ runbook: RUNBOOK, by: BOB });
    expect((await at.run(started?.run))?.plan).toMatchObject({
      incident: INCIDENT,
      channel: CHANNEL,
      requester: BOB,
    });
  });

  test('that is refused is not noted on the page', async () => {
    at.putRunbook(saved());
    put(carded());
    await at.submit(VIEWS.startRun, ABOUT_START, {}, 'UOUT');
    await eventually(at.whispers, (all) => all.length > 0);
    expect((await incident())?.runs).toEqual([]);
  });

  test.each([
    [
      'a page that is resolved',
      () => put(having([{ type: 'signal', signal: signal('resolved', 1) }], NOW, carded()).state),
    ],
    ['a page that never was', () => undefined],
  ])('of %s opens nothing and says so', async (_, prepare) => {
    at.putRunbook(saved());
    prepare();
    await at.press(ACTIONS.startFromPage, TARGET);
    const [told] = await eventually(at.whispers, (all) => all.length > 0);
    expect(told).toContain('nothing is started from it');
    expect(at.views()).toEqual([]);
  });

  test('of a runbook that is not saved opens nothing', async () => {
    at.putRunbook(buildRunbook());
    put(carded());
    await at.press(ACTIONS.startFromPage, TARGET);
    expect(await eventually(at.whispers, (all) => all.length > 0)).toEqual([
      'There is no such runbook any more. Choose another one.',
    ]);
  });
});

describe('See steps', () => {
  test('shows them, and leads on to the form', async () => {
    at.putRunbook(saved());
    put(carded());
    await at.press(ACTIONS.seeSteps, TARGET);
    const [view] = await eventually(at.views, (views) => views.length > 0);
    expect(JSON.stringify(view)).toContain('uptime');
    const answer = await at.submit(VIEWS.steps, JSON.parse(view?.private_metadata ?? ''), {});
    expect(JSON.parse(answer.text)).toMatchObject({
      response_action: 'update',
      view: { callback_id: VIEWS.startRun },
    });
    expect((await incident())?.runs).toEqual([]);
  });
});

describe('Choose another', () => {
  test('lists what fits first, then the newest, and leads on to the form', async () => {
    at.putRunbook({ ...saved('Old'), changedAt: NOW - 2 }, runbookId('OLD0000001'));
    at.putRunbook({ ...saved('New'), changedAt: NOW }, runbookId('NEW0000001'));
    at.putRunbook({ ...saved('Fits'), changedAt: NOW - 9 });
    at.putRunbook(buildRunbook(), runbookId('DRAFT00001'));
    put(carded());
    await at.press(ACTIONS.chooseRunbook, encodeId(INCIDENT));
    const [view] = await eventually(at.views, (views) => views.length > 0);
    const titles = [...JSON.stringify(view).matchAll(/"text":"(Old|New|Fits|Restart the api)"/g)].map(
      (found) => found[1],
    );
    expect(titles).toEqual(['Fits', 'New', 'Old']);
    const answer = await choose(encodeRunbook({ runbook: runbookId('OLD0000001'), shown: null }));
    expect(JSON.parse(answer.text)).toMatchObject({
      response_action: 'update',
      view: { callback_id: VIEWS.startRun },
    });
  });

  test('says so in the menu when the runbook is gone', async () => {
    put(carded());
    expect(JSON.parse((await choose(encodeRunbook({ runbook: RUNBOOK, shown: null }))).text)).toEqual({
      response_action: 'errors',
      errors: { runbook: 'There is no such runbook any more. Choose another one.' },
    });
  });

  test('says so when no runbook is saved', async () => {
    put(carded());
    await at.press(ACTIONS.chooseRunbook, encodeId(INCIDENT));
    expect((await eventually(at.whispers, (all) => all.length > 0))[0]).toContain('No runbook is saved yet');
  });
});

describe('/runbook pages', () => {
  test('brings all pages here, or those of a service, when an admin says so', async () => {
    await at.command('pages', { user: ADA });
    await at.command('pages Payments API', { user: ADA });
    expect((await settings())?.pages).toEqual({ channel: CHANNEL, byService: { 'payments api': CHANNEL } });
    expect(at.whispers().join()).toContain('Pages of Payments API come to this channel from now on.');
    await at.command('pages OFF', { user: ADA });
    expect((await settings())?.pages).toEqual({ byService: {} });
  });

  test('gives pages that wait for a channel their card', async () => {
    put(carded(MATCH, ''));
    await at.command('pages', { user: ADA });
    expect((await incident())?.channel).toBe(CHANNEL);
    expect(at.whispers().join()).toContain('1 open page had no channel and will come here.');
  });

  test('is refused to anybody else', async () => {
    expect((await at.command('pages')).text).toContain('takes the role of admin');
    expect(await settings()).toBeUndefined();
  });

  test('says how to invite the bot where it cannot speak', async () => {
    at.deps.slack.whisper = async () => Promise.reject(new Error('not_in_channel'));
    const answer = await at.command('pages', { user: ADA });
    expect(JSON.parse(answer.text).text).toContain('/invite');
    expect((await settings())?.pages).toEqual({ channel: CHANNEL });
  });
});

describe('/runbook pagerduty', () => {
  test('shows an admin the address of this workspace, and takes the secret', async () => {
    await at.command('pagerduty', { user: ADA });
    const [view] = at.views();
    expect(JSON.stringify(view)).toContain(`https://run.example/webhooks/pagerduty/${TENANT}`);
    await at.submit(VIEWS.pagerDuty, { channel: CHANNEL }, { secret: SECRET }, ADA);
    expect((await settings())?.pagerdutySecrets).toEqual([SECRET]);
  });

  test('shows a secret to nobody and writes it nowhere else', async () => {
    await at.submit(VIEWS.pagerDuty, { channel: CHANNEL }, { secret: SECRET }, ADA);
    await at.command('pagerduty', { user: ADA });
    await at.command('status', { user: ADA });
    expect(JSON.stringify([at.calls, at.lines])).not.toContain(SECRET);
  });

  test('is refused to anybody else, in the command and in the form', async () => {
    expect((await at.command('pagerduty')).text).toContain('takes the role of admin');
    expect(at.views()).toEqual([]);
    const answer = await at.submit(VIEWS.pagerDuty, { channel: CHANNEL }, { secret: SECRET }, BOB);
    expect(JSON.parse(answer.text).errors.secret).toContain('takes the role of admin');
    expect(await settings()).toBeUndefined();
  });

  test('says in the box what is wrong with a secret', async () => {
    const answer = await at.submit(VIEWS.pagerDuty, { channel: CHANNEL }, { secret: 'short' }, ADA);
    expect(JSON.parse(answer.text).errors.secret).toContain('not a signing secret');
  });
});

test('/runbook status lists open pages', async () => {
  put(carded());
  expect((await at.command('status', { user: ADA })).text).toContain(ABOUT.title);
});
