/** Processes that die and connections that break at every statement, and a standby that lacks the newest commits. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { agentRef } from '../../../src/audit/streams.ts';
import { agentId } from '../../../src/protocol/ids.ts';
import { agentKind } from '../../../src/tenant/agent.ts';
import { type MemoryDatabase, memoryDatabase } from '../../simulation/memory-store.ts';
import { NOW, REPORTS, S1 } from '../../support/builders.ts';
import { freshTenant, processOn, type Run, runOn } from '../../support/execution.ts';
import { fakeClock, testKey } from '../../support/fakes.ts';

const FINISHED = { kind: 'finished', ...REPORTS.succeeded.result };
const STARTED = { kind: 'started', startedAt: NOW };
const agent = agentId('a1');
const clock = fakeClock();

let database: MemoryDatabase;
let tenant: ReturnType<typeof freshTenant>;
let run: Run;

type Link = (when: 'asked' | 'answered', statement: string) => Promise<void>;
const processWith = (link?: Link) => {
  const { store, agents, kill } = database.connect(link ? { link } : {});
  const process = processOn({ store, agents: agents(clock), clock });
  return { run: runOn(process, tenant, agent), kill };
};

/** A run whose first step is approved and whose agent is connected. */
beforeEach(async () => {
  database = memoryDatabase();
  tenant = freshTenant();
  database.enrol(agent, { tenantId: tenant, publicKey: testKey(3).publicKey, agentEpoch: 1 });
  const { store, agents } = database.connect();
  const process = processOn({ store, agents: agents(clock), clock });
  run = runOn(process, tenant, agent);
  await process.log.open(tenant);
  const enrol = { type: 'enrol', agentId: agent, epoch: 1, publicKey: '', hostName: 'h' } as const;
  await process.log.transact(agentKind, agentRef(tenant, agent), enrol);
  await run.start({ steps: [{}, {}] });
  await run.connect();
  await run.approve();
});

const versionsOf = (type: string) => database.events(tenant).filter((event) => event.type === type).length;

/** The statements of one deed, in their order. */
async function statementsOf(deed: (run: Run) => Promise<unknown>): Promise<string[]> {
  const found: string[] = [];
  const counting = processWith(async (when, statement) => {
    if (when === 'asked') found.push(statement);
  });
  const before = database.commits();
  await deed(counting.run);
  database.loseCommits(database.commits() - before);
  return found;
}

const DEEDS = {
  dispatch: { deed: (at: Run) => at.advance(), event: 'step.dispatched' },
  report: { deed: (at: Run) => at.say(FINISHED, 1), event: 'step.succeeded' },
  approval: { deed: (at: Run) => at.approve(), event: 'step.approved' },
  pause: { deed: (at: Run) => at.panic(), event: 'tenant.paused' },
} as const;

describe.each(Object.entries(DEEDS))(
  'a process that dies in the middle of its %s',
  (name, { deed, event }) => {
    /** Where the deed can be done. */
    const prepare = async () => {
      if (name === 'report') await run.advance();
      if (name === 'approval') {
        await run.panic();
        await run.calm();
        await run.advance();
        await run.act({ type: 'ask-again', step: S1 });
      }
    };

    test.each(['killed', 'cut off before it is heard', 'cut off after it was done'] as const)(
      'at any statement (%s), leaves all of it or nothing, and another process goes on',
      async (how) => {
        await prepare();
        const start = database.commits();
        const sequence = await statementsOf(deed);
        const before = versionsOf(event);
        const outcomes = new Set<number>();
        for (let at = 0; at < sequence.length; at += 1) {
          let count = -1;
          const dying = processWith(async (when, _statement) => {
            if (when === 'asked') count += 1;
            if (count !== at || when !== (how === 'cut off after it was done' ? 'answered' : 'asked')) return;
            if (how === 'killed') dying.kill();
            throw new Error('gone');
          });
          await expect(deed(dying.run)).rejects.toThrow(/gone/);
          const recorded = versionsOf(event) - before;
          outcomes.add(recorded);
          expect(database.waiting()).toBe(0);
          await deed(run);
          expect(versionsOf(event) - before).toBe(1);
          database.loseCommits(database.commits() - start);
        }
        expect([...outcomes].sort()).toEqual(how === 'cut off after it was done' ? [0, 1] : [0]);
      },
    );
  },
);

describe('a standby that lacks the newest commits', () => {
  test('and has no record of an envelope that the agent runs, leaves the step to a person', async () => {
    const before = database.commits();
    await run.advance();
    const { dispatch } = await run.step();
    const lost = dispatch?.envelopeId ?? '';
    database.loseCommits(database.commits() - before);
    expect((await run.step()).status).toBe('approved');
    const { leaseEpoch, open } = await run.connect({ seqMark: 1, leaseEpoch: 1 });
    expect(open).toEqual([]);
    await run.sayOf(lost, STARTED, leaseEpoch);
    expect(await run.load()).toMatchObject({ status: 'needs-person', steps: [{ status: 'unknown' }, {}] });
    expect(await run.advance()).toBe('waiting');
    await run.sayOf(lost, FINISHED, leaseEpoch);
    expect(await run.step()).toMatchObject({
      status: 'unknown',
      contradiction: expect.stringContaining('exit code 0'),
    });
    await run.settle('succeeded');
    expect((await run.load()).status).toBe('running');
  });

  test('and has made the attempt anew meanwhile, halts the run as soon as the agent speaks of the first', async () => {
    const before = database.commits();
    await run.advance();
    const lost = (await run.step()).dispatch?.envelopeId ?? '';
    database.loseCommits(database.commits() - before);
    await run.advance();
    expect((await run.envelope()).seq).toBe(1);
    await run.say({ kind: 'rejected', code: 'seq', sentence: 'Older than one already seen.' }, 1);
    expect((await run.step()).status).toBe('stalled');
    await run.sayOf(lost, STARTED, 1);
    expect((await run.load()).status).toBe('needs-person');
  });

  test('never uses a number again that the agent has seen', async () => {
    const before = database.commits();
    await run.advance();
    database.loseCommits(database.commits() - before);
    await run.connect({ seqMark: 1, leaseEpoch: 1 });
    await run.advance();
    expect(await run.envelope()).toMatchObject({ seq: 2, lease_epoch: 2 });
  });

  test('and has forgotten a connection grants the next one above what the agent has journaled', async () => {
    const before = database.commits();
    const { leaseEpoch } = await run.connect();
    database.loseCommits(database.commits() - before);
    expect((await run.connect({ leaseEpoch })).leaseEpoch).toBe(leaseEpoch + 1);
  });

  test('and has forgotten a pause starts nothing that was signed before it was known', async () => {
    await run.advance();
    const envelope = await run.envelope();
    const before = database.commits();
    await run.panic();
    database.loseCommits(database.commits() - before);
    // The agent is paused by the broadcast and refuses the epoch; the server hears so and asks again.
    await run.say({ kind: 'rejected', code: 'panic', sentence: 'Paused.' }, 1);
    expect([envelope.panic_epoch, (await run.step()).status]).toEqual([0, 'stalled']);
  });
});
