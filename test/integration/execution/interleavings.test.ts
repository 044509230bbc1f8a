/** Two things at once on one run, in every order that their statements can reach the database in. */
import { describe, expect, test } from '@jest/globals';
import { agentRef } from '../../../src/audit/streams.ts';
import { agentId } from '../../../src/protocol/ids.ts';
import { hasEnded } from '../../../src/run/states.ts';
import { agentKind } from '../../../src/tenant/agent.ts';
import { everyOrder, type Gate } from '../../simulation/interleave.ts';
import { memoryDatabase } from '../../simulation/memory-store.ts';
import { ADA, admin, BOB, NOW, REPORTS, S1 } from '../../support/builders.ts';
import { freshTenant, type Process, processOn, type Run, runOn } from '../../support/execution.ts';
import { fakeClock, testKey } from '../../support/fakes.ts';

/** A run whose first step is approved, and two processes that do one thing each to it. */
type Deed = (run: Run, process: Process) => Promise<unknown>;

const FINISHED = { kind: 'finished', ...REPORTS.succeeded.result };

/** Where one process can come between another's: before each of these statements, and before a commit of anything. */
const POINTS = ['SELECT subject'];
/** For what is about leases and not about the state of the run. */
const LEASE_POINTS = ['UPDATE agent_identity', 'SELECT subjects'];

/**
 * Plays two deeds in every order, each time on the same ground. `check` sees the run, and the types of all events in the
 * order of their commits.
 */
async function inEveryOrder(
  prepare: Deed,
  deeds: readonly [Deed, Deed],
  check: (run: Run, committed: readonly string[]) => Promise<void>,
  points: readonly string[] = POINTS,
): Promise<number> {
  const committed: string[] = [];
  const database = memoryDatabase({
    committed: (events) => void committed.push(...events.map(({ type }) => type)),
    lost: () => undefined,
  });
  const [tenant, agent, clock] = [freshTenant(), agentId('a1'), fakeClock()];
  const open = async (gate: Gate | null) => {
    let hasWritten = false;
    const link = async (when: 'asked' | 'answered', statement: string) => {
      if (!gate || when === 'answered') return;
      const isPoint = points.includes(statement) || (statement === 'COMMIT' && hasWritten);
      hasWritten = statement !== 'COMMIT' && (hasWritten || !statement.startsWith('SELECT'));
      if (isPoint) await gate();
    };
    const { store, agents } = database.connect({ link });
    const process = processOn({ store, agents: agents(clock), clock });
    return { process, run: runOn(process, tenant, agent) };
  };
  const { process, run } = await open(null);
  database.enrol(agent, { tenantId: tenant, publicKey: testKey(3).publicKey, agentEpoch: 1 });
  await process.log.open(tenant);
  const enrol = { type: 'enrol', agentId: agent, epoch: 1, publicKey: '', hostName: 'h' } as const;
  await process.log.transact(agentKind, agentRef(tenant, agent), enrol);
  await run.start({ steps: [{}, {}] });
  await run.connect();
  await run.approve();
  await prepare(run, process);
  const prepared = database.commits();
  return everyOrder(
    deeds.length,
    async (gates) => {
      committed.length = 0;
      return Promise.all(
        deeds.map(async (deed, index) => {
          const own = await open(gates[index] ?? null);
          await own.run.load(); // the tenant's key is read once a process, and not in the middle of a deed
          return () => deed(own.run, own.process);
        }),
      );
    },
    async () => {
      await check(run, committed);
      database.loseCommits(database.commits() - prepared);
    },
  );
}

const nothing: Deed = async () => undefined;
const dispatch: Deed = (run) => run.advance();
const before = (committed: readonly string[], first: string, second: string) =>
  committed.indexOf(first) < committed.indexOf(second);

const STOPS = {
  'a pause of everything': ['tenant.paused', (run) => run.panic()],
  'a pause of the run': ['run.paused', (run) => run.act({ type: 'pause' })],
  'an abort': ['run.aborted', (run) => run.act({ type: 'abort' })],
  'the loss of the approver’s role': [
    'tenant.member-set',
    (run) =>
      run.ofTenant({
        type: 'set-roles',
        by: admin(ADA),
        member: { user: BOB, role: 'viewer', sameAs: null },
        defaultRole: 'approver',
      }),
  ],
} as const satisfies Record<string, readonly [string, Deed]>;

describe.each(Object.entries(STOPS))('%s', (_, [event, stop]) => {
  test('and a dispatch: what is sent was sent before it, and nothing is sent after', async () => {
    const outcomes = new Set<string>();
    const orders = await inEveryOrder(nothing, [stop, dispatch], async (run, committed) => {
      expect(committed).toContain(event);
      const wasSent = committed.includes('step.dispatched');
      if (wasSent) expect(before(committed, 'step.dispatched', event)).toBe(true);
      outcomes.add(wasSent ? 'sent' : 'held');
      expect(await run.advance()).not.toBe(wasSent ? 'moved' : 'nothing');
      expect((await run.step()).attempt).toBe(wasSent ? 1 : 0);
    });
    expect(orders).toBeGreaterThan(10);
    expect([...outcomes].sort()).toEqual(['held', 'sent']);
  });

  test('and the word that an envelope never came: it is not made anew afterwards', async () => {
    await inEveryOrder(
      async (run) => {
        await run.advance();
        await run.connect();
      },
      [stop, (run) => run.say({ kind: 'missing', seqMark: 0 }, 2)],
      async (run, committed) => {
        await run.advance();
        await run.advance();
        expect(committed.filter((type) => type === 'step.dispatched')).toEqual([]);
        expect(['stalled', 'approved']).toContain((await run.step()).status);
      },
    );
  });
});

test('two workers that dispatch make one envelope, with one number', async () => {
  const check = async (run: Run, committed: readonly string[]) => {
    expect(committed).toEqual(['step.dispatched']);
    expect((await run.step()).dispatch?.seq).toBe(1);
  };
  await inEveryOrder(nothing, [dispatch, dispatch], check, LEASE_POINTS);
});

test('a dispatch and a new connection: the envelope is of the newest lease, or the agent is asked for it', async () => {
  let open: readonly unknown[] = [];
  const outcomes = new Set<string>();
  await inEveryOrder(
    nothing,
    [
      dispatch,
      async (run) => {
        ({ open } = await run.connect());
      },
    ],
    async (run) => {
      const { dispatch: sent, status } = await run.step();
      expect(status).toBe('dispatched');
      outcomes.add(`${sent?.leaseEpoch}${open.length}`);
      if (sent?.leaseEpoch === 1) expect(open).toMatchObject([{ envelopeId: sent.envelopeId }]);
      // Asked for an envelope of its own lease, the agent says that it has not come yet: that changes nothing.
      await run.say({ kind: 'missing', seqMark: 0 }, 2);
      expect((await run.step()).status).toBe(sent?.leaseEpoch === 1 ? 'approved' : 'dispatched');
    },
    LEASE_POINTS,
  );
  expect(outcomes).toEqual(new Set(['11', '20', '21']));
});

describe('of one envelope', () => {
  let envelopeId = '';
  const remembered: Deed = async (run) => {
    await run.advance();
    envelopeId = (await run.step()).dispatch?.envelopeId ?? '';
    await run.connect();
  };

  test('its end and the word that it never came: the end is not lost, and nothing starts before a person looks', async () => {
    const says =
      (said: object, lease: number): Deed =>
      (run) =>
        run.sayOf(envelopeId, said, lease);
    const deeds = [says(FINISHED, 1), says({ kind: 'missing', seqMark: 0 }, 2)] as const;
    await inEveryOrder(remembered, deeds, async (run) => {
      await run.advance();
      expect(['succeeded', 'unknown']).toContain((await run.step()).status);
    });
  });

  test('its start and the word that it was never handed out: it runs, or a person looks', async () => {
    const withhold: Deed = async (run, { ports }) => {
      const [job] = await ports.waitingJobs(run.agent, 1);
      if (job) await ports.withheld(run.agent, job.about, 1);
    };
    const start: Deed = (run) => run.sayOf(envelopeId, { kind: 'started', startedAt: NOW }, 1);
    await inEveryOrder(remembered, [start, withhold], async (run) => {
      await run.advance();
      expect(['running', 'unknown']).toContain((await run.step()).status);
    });
  });
});

test('two people who approve: one approval, by one of them, in one envelope', async () => {
  await inEveryOrder(
    async (run) => {
      await run.panic();
      await run.calm();
      await run.advance();
      await run.act({ type: 'ask-again', step: S1 });
    },
    [(run) => run.approve(S1, BOB), (run) => run.approve(S1, ADA)],
    async (run, committed) => {
      expect(committed.filter((type) => type === 'step.approved')).toHaveLength(1);
      await run.advance();
      expect((await run.envelope()).authority.approvals).toHaveLength(1);
    },
    ['INSERT event'],
  );
});

test('an abort and the end of the last step: the run has one end', async () => {
  await inEveryOrder(
    async (run) => {
      await run.advance();
      await run.say(FINISHED, 1);
      await run.act({ type: 'skip', step: 's2' as never });
    },
    [(run) => run.act({ type: 'abort' }), (run) => run.say(FINISHED, 1)],
    async (run, committed) => {
      expect(hasEnded((await run.load()).status)).toBe(true);
      expect(committed.filter((type) => type.startsWith('run.')).length).toBeLessThanOrEqual(1);
    },
  );
});
