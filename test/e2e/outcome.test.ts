import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { verifyInstance } from '../../dev/audit.ts';
import type { SeenMessage } from '../../dev/slack/control.ts';
import type { Simulator } from '../../dev/slack/server.ts';
import { runState, runThread } from '../../dev/walk.ts';
import type { RunId } from '../../src/protocol/ids.ts';
import { ACTIONS } from '../../src/slack/actions.ts';
import { runbook, startAs, startTestInstance, type TestInstance } from './support.ts';

/** Every attempt leaves its line here; the agent's account writes it. */
const ledger = join(tmpdir(), `dd0c-outcome-${process.pid}`);
let instance: TestInstance;
let sim: Simulator;

beforeAll(async () => {
  instance = await startTestInstance();
  sim = instance.simulator;
}, 90_000);

afterAll(async () => {
  await instance.end();
  rmSync(ledger, { force: true });
}, 90_000);

const LIMIT = { timeoutMs: 20_000 };

const shown = (run: RunId, words: RegExp): Promise<SeenMessage> =>
  sim.waitFor(() => runThread(sim, run).find(({ text }) => words.test(text)), {
    ...LIMIT,
    what: `${words} in the thread`,
  });

const modalOf = (who: string) => sim.waitFor(() => sim.views(who).at(-1), LIMIT);

test('a step that was lost runs again when a person says why and another word approves it, and only then', async () => {
  const text = runbook('Lost', `echo "$DD0C_STEP $DD0C_ATTEMPT" >> ${ledger} && sleep 3`, 'echo after');
  const run = await startAs(sim, 'alice', text);
  const asked = await shown(run, /^Step 1 of 2 waits for approval/);
  await sim.act('bob').click('ops', asked.ts, ACTIONS.approveStep);
  await shown(run, /^Step 1 of 2 is running/);
  await sim.waitFor(() => existsSync(ledger), LIMIT);
  const pid = instance.agent?.pid;
  if (pid) process.kill(pid, 'SIGKILL');
  await shown(run, /Needs a person/);

  const lost = await shown(run, /^Step 1 of 2 has an unknown outcome/);
  await sim.act('bob').click('ops', lost.ts, ACTIONS.runAgain);
  const form = await modalOf('bob');
  await sim.act('bob').submit(form.id, { reason: 'no' });
  expect(sim.views('bob').at(-1)?.errors.reason).toMatch(/3 to 300 characters/);
  await sim.act('bob').submit(form.id, { reason: 'The host says it was ended half-way.' });
  const again = await shown(run, /^Step 1 of 2 waits for approval/);
  expect(JSON.stringify(again.blocks)).toContain('The host says it was ended half-way.');
  expect((await runState(instance, run)).steps[0]).toMatchObject({ status: 'awaiting-approval', attempt: 1 });
  expect(readFileSync(ledger, 'utf8')).toBe('s1 1\n');

  await sim.act('alice').click('ops', again.ts, ACTIONS.approveStep);
  await shown(run, /^Step 1 of 2 is done/);
  expect(readFileSync(ledger, 'utf8')).toBe('s1 1\ns1 2\n');
  await shown(run, /^Step 2 of 2 waits for approval/);
}, 60_000);

test('an admin gives a role with /runbook members, and from then on it counts', async () => {
  await sim.act('bob').slash('ops', '/runbook members');
  const looked = await modalOf('bob');
  expect(looked.blocks.some(({ type }) => type === 'input')).toBe(false);
  await sim.act('bob').close(looked.id);

  await sim.act('alice').slash('ops', '/runbook members');
  const form = await modalOf('alice');
  await sim.act('alice').submit(form.id, { person: 'bob', role: 'responder' });
  await sim.waitFor(() => /<@\w+> responder/.test(JSON.stringify(sim.views('alice'))), LIMIT);
  await sim.act('alice').close(sim.views('alice').at(-1)?.id ?? '');

  const run = await startAs(sim, 'bob', runbook('Roles', 'echo roles'));
  const asked = await shown(run, /^Step 1 of 1 waits for approval/);
  await sim.act('bob').click('ops', asked.ts, ACTIONS.approveStep);
  await sim.waitFor(
    () =>
      sim
        .messages('ops', { as: 'bob' })
        .some(
          ({ visibleTo, text }) =>
            visibleTo !== null && /takes the role of approver; yours is responder/.test(text),
        ),
    LIMIT,
  );
  await sim.act('alice').click('ops', asked.ts, ACTIONS.approveStep);
  await shown(run, /Finished/);
}, 60_000);

test('the log of all of this verifies', async () => {
  expect((await verifyInstance(instance.ownerUrl, instance.dataDir)).findings).toEqual([]);
});
