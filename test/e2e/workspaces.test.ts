/** Two Slack workspaces in one process: people of either work as if they were alone. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyInstance } from '../../dev/audit.ts';
import { cardOf, connectPager } from '../../dev/page.ts';
import { type Pager, startPager } from '../../dev/pagerduty.ts';
import type { Control, SeenMessage } from '../../dev/slack/control.ts';
import type { Json } from '../../dev/slack/json.ts';
import { ACME_TEAM_ID, TEAM_ID } from '../../dev/slack/server.ts';
import { postRunbook, runThread } from '../../dev/walk.ts';
import { INSTALL_PATH } from '../../handlers/slack/install.ts';
import { type RunId, tenantId } from '../../src/protocol/ids.ts';
import { findRun } from '../../src/run/service.ts';
import { listRunbooks } from '../../src/runbook/service.ts';
import { ACTIONS, encodeId, encodeRunbook, encodeStep, VIEWS } from '../../src/slack/actions.ts';
import { tenantState } from '../../src/tenant/service.ts';
import { eventually } from '../support/eventually.ts';
import { asOwner, runbook, startAgentOf, startAs, startTestInstance, type TestInstance } from './support.ts';

const [DD0C, ACME] = [tenantId(TEAM_ID), tenantId(ACME_TEAM_ID)];
/** In every text of one workspace, and to be seen nowhere in the other. */
const [OURS, THEIRS] = ['Blueberry', 'Cloudberry'];
const LIMIT = { timeoutMs: 20_000 };

let instance: TestInstance;
let dd0c: Control;
let acme: Control;
let agent: Awaited<ReturnType<typeof startAgentOf>>;
let pager: Pager;

beforeAll(async () => {
  instance = await startTestInstance();
  dd0c = instance.simulator;
  acme = instance.simulator.team('acme');
}, 90_000);

afterAll(async () => {
  await agent?.stop();
  await instance?.end();
}, 90_000);

const install = () => instance.simulator.install('acme', 'wanda', `${instance.url}${INSTALL_PATH}`);

const step = (sim: Control, run: RunId, number: number, words: RegExp): Promise<SeenMessage> =>
  sim.waitFor(
    () => runThread(sim, run).find(({ text }) => text.startsWith(`Step ${number} of`) && words.test(text)),
    { ...LIMIT, what: `step ${number} ${words}` },
  );

const ended = (sim: Control, run: RunId, words: RegExp) =>
  sim.waitFor(() => words.test(runThread(sim, run)[0]?.text ?? ''), { ...LIMIT, what: `the run ${words}` });

/** The newest line that only this person sees, once there are more of them than before. */
const told = (sim: Control, who: string, before: number): Promise<SeenMessage> =>
  sim.waitFor(() => whispers(sim, who)[before], { ...LIMIT, what: `a word to ${who}` });

const whispers = (sim: Control, who: string) =>
  sim.messages('ops', { as: who }).filter(({ visibleTo }) => visibleTo !== null);

const asked = async (sim: Control, who: string, line: string): Promise<string> =>
  JSON.stringify((await sim.act(who).slash('ops', line)).body);

async function save(sim: Control, who: string, title: string): Promise<void> {
  const preview = await postRunbook(sim, runbook(title, 'echo hello'), who);
  await sim.act(who).click('ops', preview.ts, ACTIONS.saveRunbook);
  await sim.waitFor(
    () => JSON.stringify(sim.thread('ops', preview.threadTs ?? '')).includes('Saved by'),
    LIMIT,
  );
}

/** How many events a workspace has: the same number again means that nothing at all happened in it. */
const events = (tenant: string): Promise<number> =>
  asOwner(instance.ownerUrl, async (owner) => {
    const { rows } = await owner.query('SELECT count(*)::int AS count FROM event WHERE tenant = $1', [
      tenant,
    ]);
    return Number(rows[0].count);
  });

const installations = () =>
  asOwner(instance.ownerUrl, async (owner) => {
    const { rows } = await owner.query(
      'SELECT tenant, token IS NULL AS wiped, removed_at IS NULL AS active FROM slack_installation ORDER BY tenant',
    );
    return new Map(rows.map(({ tenant, ...row }) => [String(tenant), row]));
  });

describe('a second workspace', () => {
  test('installs by its browser, and neither sees the runbooks of the other', async () => {
    expect(await install()).toMatchObject({ status: 200, text: expect.stringContaining('connected to') });
    await Promise.all([save(dd0c, 'alice', `${OURS} restart`), save(acme, 'wanda', `${THEIRS} restart`)]);
    expect(await asked(dd0c, 'alice', '/runbook list')).toMatch(RegExp(`^(?!.*${THEIRS}).*${OURS}`));
    expect(await asked(acme, 'walt', '/runbook list')).toMatch(RegExp(`^(?!.*${OURS}).*${THEIRS}`));
    expect(await asked(acme, 'walt', `/runbook run ${OURS}`)).toContain('No saved runbook has');
  }, 60_000);

  test('runs nothing before it has an agent of its own, though the other has one', async () => {
    await expect(startAs(acme, 'walt', runbook(`${THEIRS} early`, 'echo early'))).rejects.toThrow(/No agent/);
    agent = await startAgentOf(instance, ACME);
  }, 60_000);

  test('runs its own beside the other, each in its own channel and under its own status', async () => {
    const [ours, theirs] = await Promise.all([
      startAs(dd0c, 'alice', runbook(`${OURS} run`, `echo ${OURS} output`)),
      startAs(acme, 'wanda', runbook(`${THEIRS} run`, `echo ${THEIRS} output`)),
    ]);
    const [first, second] = await Promise.all([
      step(dd0c, ours, 1, /waits for approval/),
      step(acme, theirs, 1, /waits for approval/),
    ]);
    const [status, other] = [
      await asked(dd0c, 'alice', '/runbook status'),
      await asked(acme, 'walt', '/runbook status'),
    ];
    expect([status.includes(ours), status.includes(theirs), status.includes(THEIRS)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([other.includes(theirs), other.includes(ours), other.includes(OURS)]).toEqual([
      true,
      false,
      false,
    ]);
    await Promise.all([
      dd0c.act('bob').click('ops', first.ts, ACTIONS.approveStep),
      acme.act('walt').click('ops', second.ts, ACTIONS.approveStep),
    ]);
    await Promise.all([ended(dd0c, ours, /Finished/), ended(acme, theirs, /Finished/)]);
    expect([await findRun(instance.log, ACME, ours), await findRun(instance.log, DD0C, theirs)]).toEqual([
      null,
      null,
    ]);
  }, 60_000);

  test('gets its own pages, by a secret that is good for its own address only', async () => {
    const [ours, theirs] = [await connectPager(dd0c, 'alice'), await connectPager(acme, 'wanda')];
    pager = theirs;
    await ours.trigger({ id: 'PSAME', title: `${OURS} is full` });
    await theirs.trigger({ id: 'PSAME', title: `${THEIRS} is full` });
    await cardOf(dd0c, `${OURS} is full`, ACTIONS.chooseRunbook);
    const card = await cardOf(acme, `${THEIRS} is full`, ACTIONS.chooseRunbook);
    expect(JSON.stringify(card.blocks)).not.toContain(OURS);

    const secrets = [`a-secret-of-${OURS}-alone`];
    await dd0c.act('alice').slash('ops', '/runbook pagerduty');
    const form = await dd0c.waitFor(() => dd0c.views('alice').at(-1), LIMIT);
    await dd0c.act('alice').submit(form.id, { secret: secrets[0] ?? '' });
    const before = await events(ACME);
    const stray = { id: 'PSTRAY', title: `${OURS} strays` };
    expect((await startPager({ url: theirs.url, secrets }).trigger(stray)).status).toBe(401);
    expect((await startPager({ url: ours.url, secrets }).trigger(stray)).status).toBe(202);
    expect(await events(ACME)).toBe(before);
  }, 60_000);

  test('has its own members', async () => {
    const before = await tenantState(instance.log, DD0C);
    await acme.act('wanda').slash('ops', '/runbook members');
    const form = await acme.waitFor(() => acme.views('wanda').at(-1), LIMIT);
    await acme.act('wanda').submit(form.id, { person: 'walt', role: 'approver' });
    await acme.act('wanda').close(form.id);
    const [wanda, walt] = [acme.person('wanda').id, acme.person('walt').id];
    expect((await tenantState(instance.log, ACME)).members).toEqual({
      [wanda]: { role: 'admin' },
      [walt]: { role: 'approver' },
    });
    expect((await tenantState(instance.log, DD0C)).members).toEqual(before.members);
  });
});

describe('what is under way in one of two workspaces', () => {
  let ours: { run: RunId; asked: SeenMessage };
  let theirs: { run: RunId; asked: SeenMessage };
  let lastToken: string;
  const begin = async (sim: Control, who: string, title: string) => {
    const run = await startAs(sim, who, runbook(title, 'echo one', 'echo two'));
    return { run, asked: await step(sim, run, 1, /waits for approval/) };
  };
  const first = async (tenant: typeof ACME, run: RunId) =>
    (await findRun(instance.log, tenant, run))?.steps[0];

  beforeAll(async () => {
    ours = await begin(dd0c, 'alice', `${OURS} second`);
    theirs = await begin(acme, 'wanda', `${THEIRS} second`);
  }, 60_000);

  test('is out of reach for an admin of the other in a channel they share: a click is refused and changes nothing', async () => {
    const before = await events(ACME);
    const heard = whispers(acme, 'alice').length;
    await acme.act('alice').click('ops', theirs.asked.ts, ACTIONS.approveStep);
    expect((await told(acme, 'alice', heard)).text).toMatch(/Only full members of this workspace/);
    await acme.act('alice').react('ops', theirs.asked.ts, 'octagonal_sign');
    await told(acme, 'alice', heard + 1);
    expect(await events(ACME)).toBe(before);
    expect((await first(ACME, theirs.run))?.status).toBe('awaiting-approval');
  });

  test('is not found by a click or a form of the other that names it', async () => {
    const wanted = await first(DD0C, ours.run);
    const [saved] = await listRunbooks(instance.log, DD0C, OURS);
    if (!wanted?.job || !saved) throw new Error('There is nothing to name.');
    const before = [await events(DD0C), await events(ACME)];
    const tampered = [
      [ACTIONS.approveStep, encodeStep({ run: ours.run, step: wanted.id, shown: wanted.job.execSha256 })],
      [ACTIONS.killStep, encodeStep({ run: ours.run, step: wanted.id, shown: '' })],
      [ACTIONS.pauseRun, encodeId(ours.run)],
      [ACTIONS.abortRun, encodeId(ours.run)],
      [ACTIONS.startRun, encodeRunbook({ runbook: saved.id, shown: null })],
      [ACTIONS.discardRunbook, encodeRunbook({ runbook: saved.id, shown: null })],
    ] as const;
    for (const [action, value] of tampered) {
      const heard = whispers(acme, 'walt').length;
      await acme.deliver('interaction', pressed('walt', action, value));
      await told(acme, 'walt', heard);
    }
    const heard = whispers(acme, 'walt').length;
    await acme.deliver('interaction', sent('walt', VIEWS.startRun, { runbook: saved.id, shown: '' }));
    await told(acme, 'walt', heard);
    const said = { run: ours.run, step: wanted.id, attempt: 1, choice: 'failed', threadTs: '' };
    const { body } = await acme.deliver('interaction', sent('walt', VIEWS.outcome, said));
    expect(body).toMatchObject({ response_action: 'errors', errors: { reason: 'There is no such run.' } });
    expect([await events(DD0C), await events(ACME)]).toEqual(before);
    expect(await first(DD0C, ours.run)).toEqual(wanted);
  }, 60_000);

  test('is spoken of by calls with the token of its own workspace, and by no other', () => {
    const [inDd0c, inAcme] = [JSON.stringify(dd0c.calls()), JSON.stringify(acme.calls())];
    const seenIn = (calls: string) =>
      [OURS, THEIRS, ours.run, theirs.run, dd0c.person('bob').id, acme.person('walt').id].map((word) =>
        calls.includes(word),
      );
    expect(seenIn(inDd0c)).toEqual([true, false, true, false, true, false]);
    expect(seenIn(inAcme)).toEqual([false, true, false, true, false, true]);
    const refused = [...dd0c.calls(), ...acme.calls()].filter(({ response }) =>
      ['not_authed', 'invalid_auth', 'account_inactive', 'token_revoked'].includes(String(response.error)),
    );
    expect(refused).toEqual([]);
  });

  test('goes on when the other removes the app: there the token is wiped, the run is over, and nothing is shown or taken', async () => {
    await acme.act('walt').click('ops', theirs.asked.ts, ACTIONS.approveStep);
    await step(acme, theirs.run, 2, /waits for approval/);
    lastToken = acme.installation()?.token ?? '';
    await instance.simulator.uninstall('acme');
    const rows = await installations();
    expect(rows.get(ACME)).toEqual({ wiped: true, active: false });
    expect(rows.get(DD0C)).toEqual({ wiped: false, active: true });
    const over = await eventually(
      () => findRun(instance.log, ACME, theirs.run),
      (run) => run?.status === 'aborted',
    );
    expect(over?.steps.map(({ status }) => status)).toEqual(['succeeded', 'awaiting-approval']);
    const shown = acme.calls().length;
    expect((await pager.trigger({ id: 'PLATE', title: `${THEIRS} late` })).status).toBe(401);
    await dd0c.act('bob').click('ops', ours.asked.ts, ACTIONS.approveStep);
    await dd0c
      .act('bob')
      .click('ops', (await step(dd0c, ours.run, 2, /waits for approval/)).ts, ACTIONS.approveStep);
    await ended(dd0c, ours.run, /Finished/);
    expect((await tenantState(instance.log, DD0C)).paused).toBeNull();
    expect(acme.calls().length).toBe(shown);
  }, 60_000);

  test('stays over when the app comes back: there is a new token, and only new runs run', async () => {
    const before = lastToken;
    expect(await install()).toMatchObject({ status: 200 });
    expect(acme.installation()?.token).not.toBe(before);
    expect((await installations()).get(ACME)).toEqual({ wiped: false, active: true });
    expect((await findRun(instance.log, ACME, theirs.run))?.status).toBe('aborted');
    await ended(acme, theirs.run, /Aborted because the app was removed/);
    await acme.act('walt').click('ops', theirs.asked.ts, ACTIONS.approveStep, { stale: true });
    await acme.waitFor(() => whispers(acme, 'walt').some(({ text }) => /run has ended/.test(text)), LIMIT);
    expect(await asked(acme, 'walt', '/runbook list')).toContain(THEIRS);
    const again = await begin(acme, 'walt', `${THEIRS} third`);
    await acme.act('wanda').click('ops', again.asked.ts, ACTIONS.approveStep);
    await step(acme, again.run, 1, /is done/);
  }, 60_000);

  test('leaves a log that verifies', async () => {
    expect((await verifyInstance(instance.ownerUrl, instance.dataDir)).findings).toEqual([]);
  });
});

/** A click as Slack sent one in the second workspace, by somebody else and about something else; Slack signs it. */
function pressed(who: string, action: string, value: string): Json {
  const { user, actions, ...rest } = lastPayload('block_actions');
  const press = { type: 'button', block_id: 'b', action_id: action, value, action_ts: '1.1' };
  return { ...rest, user: { ...Object(user), id: acme.person(who).id }, actions: [press] };
}

/** A form as Slack sent one in the second workspace, of another kind. */
function sent(who: string, callback: string, about: Json): Json {
  const { user, view, ...rest } = lastPayload('view_submission');
  const metadata = JSON.stringify({ channel: 'C0PS000001', ...about });
  const values = { reason: { value: { type: 'plain_text_input', value: 'It says so on the host.' } } };
  return {
    ...rest,
    user: { ...Object(user), id: acme.person(who).id },
    view: { ...Object(view), callback_id: callback, private_metadata: metadata, state: { values } },
  };
}

function lastPayload(type: string): Json {
  const delivery = acme.deliveries().findLast(({ payload }) => payload.type === type);
  if (!delivery) throw new Error(`Slack has sent no ${type}.`);
  return delivery.payload;
}
