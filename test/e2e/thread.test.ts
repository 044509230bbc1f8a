import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyInstance } from '../../dev/audit.ts';
import type { SeenMessage } from '../../dev/slack/control.ts';
import type { Simulator } from '../../dev/slack/server.ts';
import { button, postRunbook, runState, runThread, startFromPreview } from '../../dev/walk.ts';
import type { RunId } from '../../src/protocol/ids.ts';
import { ACTIONS } from '../../src/slack/actions.ts';
import { BACKENDS } from '../support/redis.ts';
import { runbook, startAs, startTestInstance, type TestInstance } from './support.ts';

/**
 * Everything on Redis, which can be away or emptied by itself; on Postgres, which every other suite here uses for its
 * queues, the path of one run and its queues emptied. Twice everything would take another half minute and show no more.
 */
const WHOLE = BACKENDS.at(-1);

describe.each(BACKENDS)('with the queues on %s', (queues) => {
  let instance: TestInstance;
  let sim: Simulator;

  beforeAll(async () => {
    instance = await startTestInstance({ queues });
    sim = instance.simulator;
  }, 90_000);

  afterAll(async () => {
    await instance.end();
  }, 90_000);

  const LIMIT = { timeoutMs: 15_000 };

  /** The message of a step once its text says `words`. */
  const step = (run: RunId, number: number, words: RegExp): Promise<SeenMessage> =>
    sim.waitFor(
      () => runThread(sim, run).find(({ text }) => text.startsWith(`Step ${number} of`) && words.test(text)),
      { ...LIMIT, what: `step ${number} ${words}` },
    );

  const header = (run: RunId, words: RegExp): Promise<SeenMessage> =>
    sim.waitFor(
      () =>
        runThread(sim, run)
          .slice(0, 1)
          .find(({ text }) => words.test(text)),
      { ...LIMIT, what: `the run ${words}` },
    );

  /** The newest line that only this person sees and that says `words`. */
  const told = (who: string, words: RegExp): Promise<SeenMessage> =>
    sim.waitFor(
      () =>
        sim
          .messages('ops', { as: who })
          .findLast(({ visibleTo, text }) => visibleTo !== null && words.test(text)),
      { ...LIMIT, what: `${who} to be told ${words}` },
    );

  const all = (message: SeenMessage): string => JSON.stringify(message.blocks);

  describe('a runbook posted as a message', () => {
    test('becomes numbered steps with risk, runs as approved, and shows its output in the thread', async () => {
      const text = runbook(
        'Look around',
        "printf 'first%s' -output",
        'mkdir -p /tmp/dd0c-e2e-look && rmdir /tmp/dd0c-e2e-look',
      );
      const preview = await postRunbook(sim, text, 'alice');
      expect(all(preview)).toMatch(/\*1\.\* 🟢 safe/);
      expect(all(preview)).toMatch(/\*2\.\* 🔴 danger/);

      const run = await startFromPreview(sim, preview, {}, 'alice');
      const first = await step(run, 1, /waits for approval/);
      await sim.act('alice').click('ops', first.ts, ACTIONS.approveStep);
      expect(all(await step(run, 1, /is done/))).toContain('first-output');

      const second = await step(run, 2, /waits for approval/);
      await sim.act('bob').click('ops', second.ts, ACTIONS.confirmStep);
      const modal = await sim.waitFor(() => sim.views('bob').at(-1), LIMIT);
      await sim.act('bob').submit(modal.id, { typed: 'something else' });
      expect(sim.views('bob').at(-1)?.errors.typed).toMatch(/Type exactly/);
      await sim.act('bob').submit(modal.id, { typed: '/tmp/dd0c-e2e-look' });
      await step(run, 2, /is done/);
      expect((await header(run, /Finished/)).text).toContain('2 of 2 steps ran');
      expect((await runState(instance, run)).steps.map(({ attempt }) => attempt)).toEqual([1, 1]);
    });

    test('goes on when its queues are emptied in the middle of everything', async () => {
      const run = await startAs(sim, 'alice', runbook('Emptied', 'sleep 0.5', 'echo two', 'echo three'));
      const approve = async (number: number) => {
        const { ts } = await step(run, number, /waits for approval/);
        await sim.act('bob').click('ops', ts, ACTIONS.approveStep);
        await instance.emptyQueues();
      };
      await instance.emptyQueues();
      await approve(1);
      await step(run, 1, /is running|is done/);
      await instance.emptyQueues();
      await approve(2);
      await approve(3);
      await header(run, /Finished/);
      expect((await runState(instance, run)).steps.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    }, 60_000);
  });

  if (queues === WHOLE) {
    describe('a text or a value that cannot be run', () => {
      test('without a command is answered with what to do, and offers no start', async () => {
        const preview = await postRunbook(sim, 'Please have a look at the dashboard.\n\nThanks', 'alice');
        expect(preview.text).toMatch(/nothing/);
        expect(button(preview, ACTIONS.startRun)).toBeUndefined();
      });

      test('asks for its values and refuses one that would change the command', async () => {
        const preview = await postRunbook(sim, runbook('Greet', 'echo hello <name>'), 'alice');
        await sim.act('alice').click('ops', preview.ts, ACTIONS.startRun);
        const modal = await sim.waitFor(() => sim.views('alice').at(-1), LIMIT);
        await sim.act('alice').submit(modal.id, { name: 'x; id' });
        expect(Object.keys(sim.views('alice').at(-1)?.errors ?? {})).toEqual(['name']);
        await sim.act('alice').close(modal.id);
      });
    });

    describe('who may', () => {
      test('the requester alone cannot approve a dangerous step', async () => {
        const run = await startAs(sim, 'alice', runbook('Own danger', 'rmdir /tmp/dd0c-e2e-not-there'));
        const asked = await step(run, 1, /waits for approval/);
        await sim.act('alice').click('ops', asked.ts, ACTIONS.confirmStep);
        const modal = await sim.waitFor(() => sim.views('alice').at(-1), LIMIT);
        await sim.act('alice').submit(modal.id, { typed: '/tmp/dd0c-e2e-not-there' });
        expect(sim.views('alice').at(-1)?.errors.typed).toMatch(/somebody else/);
        await sim.act('alice').close(modal.id);
        expect((await runState(instance, run)).steps[0]?.status).toBe('awaiting-approval');
      });

      test("an outsider's click changes nothing and is told so", async () => {
        const run = await startAs(sim, 'alice', runbook('Outsider', 'echo hello'));
        const asked = await step(run, 1, /waits for approval/);
        await sim.act('eve').click('ops', asked.ts, ACTIONS.approveStep);
        await told('eve', /Only full members/);
        expect((await runState(instance, run)).steps[0]?.status).toBe('awaiting-approval');
      });

      test('two people who click at once approve once, and the second is told who did', async () => {
        const run = await startAs(sim, 'alice', runbook('Race', 'echo raced'));
        const asked = await step(run, 1, /waits for approval/);
        await Promise.all(
          ['alice', 'bob', 'alice', 'bob'].map((who) =>
            sim.act(who).click('ops', asked.ts, ACTIONS.approveStep, { stale: true }),
          ),
        );
        await header(run, /Finished/);
        const state = await runState(instance, run);
        expect(state.steps[0]?.attempt).toBe(1);
        await sim.waitFor(
          () =>
            sim
              .messages('ops')
              .some(
                ({ visibleTo, text }) => visibleTo !== null && /changed nothing|run has ended/.test(text),
              ),
          LIMIT,
        );
      });

      test('a button of a finished run is refused', async () => {
        const run = await startAs(sim, 'alice', runbook('Short', 'echo short'));
        const asked = await step(run, 1, /waits for approval/);
        await sim.act('bob').click('ops', asked.ts, ACTIONS.approveStep);
        await header(run, /Finished/);
        await sim.act('bob').click('ops', asked.ts, ACTIONS.skipStep, { stale: true });
        await told('bob', /run has ended/);
      });
    });

    describe('when a step does not go well', () => {
      test('a step that fails stops the run, and the next one is never offered', async () => {
        const run = await startAs(
          sim,
          'alice',
          runbook('Fails', 'ls /tmp/dd0c-e2e-no-such-folder', 'echo never'),
        );
        const asked = await step(run, 1, /waits for approval/);
        await sim.act('bob').click('ops', asked.ts, ACTIONS.approveStep);
        await header(run, /Failed/);
        expect(all(await step(run, 1, /failed/))).toContain('No such file');
        expect((await runState(instance, run)).steps[1]?.status).toBe('waiting');
      });

      test('a running step can be stopped by its button', async () => {
        const run = await startAs(sim, 'alice', runbook('Long', 'sleep 60'));
        const asked = await step(run, 1, /waits for approval/);
        await sim.act('bob').click('ops', asked.ts, ACTIONS.approveStep);
        const running = await step(run, 1, /is running/);
        await sim.act('bob').click('ops', running.ts, ACTIONS.killStep);
        await header(run, /Failed/);
        expect((await runState(instance, run)).steps[0]?.result?.signal).toBe('SIGTERM');
      });

      test('an agent that dies in mid-step leaves an outcome nobody can know: the run stops and nothing runs again', async () => {
        const run = await startAs(sim, 'alice', runbook('Dies', 'sleep 20', 'echo never'));
        const asked = await step(run, 1, /waits for approval/);
        await sim.act('bob').click('ops', asked.ts, ACTIONS.approveStep);
        await step(run, 1, /is running/);
        const pid = instance.agent?.pid;
        if (pid) process.kill(pid, 'SIGKILL');
        await header(run, /nobody can know/);
        const state = await runState(instance, run);
        expect(state.steps.map(({ status, attempt }) => [status, attempt])).toEqual([
          ['unknown', 1],
          ['waiting', 0],
        ]);
        // The next agent process takes work again.
        const next = await startAs(sim, 'alice', runbook('After', 'echo back'));
        const offered = await step(next, 1, /waits for approval/);
        await sim.act('bob').click('ops', offered.ts, ACTIONS.approveStep);
        await header(next, /Finished/);
      }, 60_000);
    });

    describe('stopping', () => {
      test('🛑 on a message of a run pauses that run alone; an admin resumes it by typing', async () => {
        const run = await startAs(sim, 'alice', runbook('Held', 'echo one'));
        const asked = await step(run, 1, /waits for approval/);
        await sim.act('bob').react('ops', asked.ts, 'octagonal_sign');
        const paused = await header(run, /Paused/);
        await sim.act('bob').click('ops', asked.ts, ACTIONS.approveStep);
        await told('bob', /paused/);

        await sim.act('bob').click('ops', paused.ts, ACTIONS.resumeRun);
        const refused = await sim.waitFor(() => sim.views('bob').at(-1), LIMIT);
        await sim.act('bob').submit(refused.id, { typed: 'resume' });
        expect(sim.views('bob').at(-1)?.errors.typed).toMatch(/admin/);
        await sim.act('bob').close(refused.id);

        await sim.act('alice').click('ops', paused.ts, ACTIONS.resumeRun);
        const modal = await sim.waitFor(() => sim.views('alice').at(-1), LIMIT);
        await sim.act('alice').submit(modal.id, { typed: 'resume' });
        await header(run, /Running/);
        const again = await step(run, 1, /waits for approval/);
        await sim.act('alice').click('ops', again.ts, ACTIONS.approveStep);
        await header(run, /Finished/);
      });

      test('a pause of everything takes an unused approval back, starts nothing, and lets an admin go on', async () => {
        const run = await startAs(sim, 'alice', runbook('Panic', 'echo after'));
        const asked = await step(run, 1, /waits for approval/);
        const elsewhere = sim.act('bob').post('ops', 'this looks wrong');
        await sim.act('bob').react('ops', elsewhere, 'octagonal_sign');
        const banner = await sim.waitFor(
          () => sim.messages('ops').findLast(({ text }) => /All runs are paused/.test(text)),
          LIMIT,
        );
        await sim.act('alice').click('ops', asked.ts, ACTIONS.approveStep);
        await told('alice', /paused/);

        await sim.act('alice').click('ops', banner.ts, ACTIONS.resumeAll);
        const modal = await sim.waitFor(() => sim.views('alice').at(-1), LIMIT);
        await sim.act('alice').submit(modal.id, { typed: 'resume' });
        await sim.waitFor(
          () => sim.messages('ops').some(({ ts, text }) => ts === banner.ts && /Runs go on/.test(text)),
          LIMIT,
        );
        await sim.act('alice').click('ops', asked.ts, ACTIONS.approveStep);
        await header(run, /Finished/);
      });
    });

    test('a command that nobody knows is answered with one that is near, and does nothing', async () => {
      const { body } = await sim.act('alice').slash('ops', '/runbook panik');
      expect(JSON.stringify(body)).toMatch(
        /There is no `\/runbook panik`\. Did you mean `\/runbook panic`\? Nothing was done\./,
      );
      expect(JSON.stringify((await sim.act('bob').slash('ops', '/runbook status')).body)).toContain(
        'Nothing is paused.',
      );
    });
  }

  test('the log of all of this verifies, and every snapshot is what its events add up to', async () => {
    const { events, findings } = await verifyInstance(instance.ownerUrl, instance.dataDir);
    expect(findings).toEqual([]);
    expect(events).toBeGreaterThan(30);
  });
});
