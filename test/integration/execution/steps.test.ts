/** The way of a step from its approval to its end, with real log, services, registry and ports over each database. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeSigned, idemKey, openSigned } from '../../../src/protocol/index.ts';
import { LEASE_TTL_MS } from '../../../src/protocol/lease.ts';
import { runKind } from '../../../src/run/kind.ts';
import { APPROVAL_TTL_MS, ENVELOPE_TTL_MS, START_LEFT_MS } from '../../../src/run/policy.ts';
import { NONCE, publicOf } from '../../agent/world.ts';
import { BACKENDS, type Backend } from '../../support/backends.ts';
import { ADA, admin, BOB, NOW, REPORTS, S1, S2 } from '../../support/builders.ts';
import { freshTenant, helloOf, type Process, processOn, type Run, runOn } from '../../support/execution.ts';
import { fakeClock, testKey } from '../../support/fakes.ts';

const clock = fakeClock();
const STARTED = { kind: 'started', startedAt: NOW };
const FINISHED = { kind: 'finished', ...REPORTS.succeeded.result };
const missing = (seqMark: number) => ({ kind: 'missing', seqMark });

describe.each(BACKENDS)('over %s', (_, open) => {
  let backend: Backend;
  let own: Process;
  let run: Run;

  beforeAll(async () => {
    backend = await open(clock);
  });
  afterAll(() => backend.close());
  beforeEach(async () => {
    const tenant = freshTenant();
    own = processOn({ ...backend, clock });
    run = runOn(own, tenant, await backend.enrol(tenant));
  });

  /** A run whose first step is approved, and its agent on its first connection. */
  const approved = async (spec: Parameters<Run['start']>[0] = { steps: [{}, {}] }) => {
    await run.start(spec);
    await run.approve();
    return run.connect();
  };
  /** The same, with the envelope on record and not handed out. */
  const sent = async () => {
    const connection = await approved();
    expect(await run.advance()).toBe('moved');
    return connection;
  };
  const waiting = async (leaseEpoch: number) =>
    (await own.ports.waitingJobs(run.agent, leaseEpoch)).map(({ standing }) => standing);

  describe('a run', () => {
    test('goes from its start to its end, one approved envelope a step', async () => {
      const { leaseEpoch } = await approved();
      for (const id of [S1, S2]) {
        if (id === S2) await run.approve(id);
        await run.advance();
        expect(await waiting(leaseEpoch)).toEqual(['ready']);
        await run.say(STARTED, leaseEpoch, id);
        await run.say(FINISHED, leaseEpoch, id);
      }
      expect(await run.load()).toMatchObject({
        status: 'succeeded',
        steps: [
          { status: 'succeeded', attempt: 1 },
          { status: 'succeeded', attempt: 1 },
        ],
      });
    });

    test('without a connection of its agent sends nothing, and goes on with the next one', async () => {
      await run.start();
      await run.approve();
      expect([await run.advance(), (await run.step()).status]).toEqual(['waiting', 'approved']);
      await run.connect();
      expect([await run.advance(), (await run.step()).status]).toEqual(['moved', 'dispatched']);
    });

    test('is sent under no lease that is nearly over', async () => {
      await approved();
      clock.advance(LEASE_TTL_MS - 4_000);
      expect(await run.advance()).toBe('waiting');
      await own.ports.renew(run.agent, 1, NONCE, 0);
      expect(await run.advance()).toBe('moved');
    });
  });

  describe('an envelope', () => {
    test('holds what was approved, by whom, its place in order, and what it is good for', async () => {
      await sent();
      const envelope = await run.envelope();
      const step = await run.step();
      expect(envelope).toMatchObject({
        tenant_id: run.tenant,
        agent_id: run.agent,
        agent_epoch: 1,
        run_id: run.run,
        step_id: S1,
        step_kind: 'forward',
        attempt: 1,
        seq: 1,
        lease_epoch: 1,
        panic_epoch: 0,
        exec: step.job?.exec,
        idem_key: idemKey(envelope),
        exp: clock.now() + ENVELOPE_TTL_MS,
        flags: { used: [] },
      });
      const [approval] = envelope.authority.approvals;
      expect(openSigned('approval', decodeSigned(approval), () => publicOf(testKey(2)))).toMatchObject({
        ok: true,
        record: { approver: BOB, attempt: 1, after: '', exec_sha256: step.job?.execSha256 },
      });
    });

    test('is made once, however many workers hear that it is time', async () => {
      await approved();
      const workers = Array.from({ length: 8 }, () =>
        runOn(processOn({ ...backend, clock }), run.tenant, run.agent).advance(),
      );
      const moved = (await Promise.all(workers)).filter((answer) => answer === 'moved');
      expect(moved).toHaveLength(1);
      expect(await run.step()).toMatchObject({ status: 'dispatched', attempt: 1 });
      expect(await waiting(1)).toEqual(['ready']);
    });

    test('may not start what its approval does not cover any more', async () => {
      await run.start();
      await run.approve();
      const startBy = clock.now() + APPROVAL_TTL_MS;
      clock.advance(APPROVAL_TTL_MS - 10_000);
      await run.connect();
      await run.advance();
      expect((await run.envelope()).exp).toBe(startBy);
    });

    test('is not made when the approval is nearly over by the time of the transaction', async () => {
      await run.start();
      await run.approve();
      clock.advance(APPROVAL_TTL_MS - START_LEFT_MS - 1);
      await run.connect();
      const { agentsOf } = own.deps.registry;
      const late = {
        ...own.deps.registry,
        agentsOf: async (tenant: typeof run.tenant) => {
          const found = await agentsOf(tenant);
          clock.advance(1);
          return found;
        },
      };
      await runOn({ ...own, deps: { ...own.deps, registry: late } }, run.tenant, run.agent).advance();
      expect((await run.step()).status).toBe('stalled');
    });

    test('of a safe step that policy approved carries no approval, and is made anew as the same attempt', async () => {
      await run.start({ trust: 'guided', steps: [{ risk: 'safe' }] });
      await run.connect();
      await run.advance();
      expect((await run.envelope()).authority).toMatchObject({ rule: 'auto', approvals: [] });
      await run.connect();
      await run.say(missing(0), 2);
      await run.advance();
      expect(await run.envelope()).toMatchObject({ attempt: 1, lease_epoch: 2, authority: { rule: 'auto' } });
    });
  });

  describe('a new connection', () => {
    test('is asked for what was sent before it, and what it never had is made anew: same attempt, same approval', async () => {
      const first = await sent();
      const before = await run.envelope();
      const { leaseEpoch, open } = await run.connect();
      expect(leaseEpoch).toBe(first.leaseEpoch + 1);
      expect(open).toEqual([{ runId: run.run, stepId: S1, attempt: 1, envelopeId: before.envelope_id }]);
      await run.say(missing(0), leaseEpoch);
      expect(await run.step()).toMatchObject({ status: 'approved', attempt: 0 });
      await run.advance();
      const after = await run.envelope();
      expect(after).toMatchObject({ attempt: 1, seq: 2, lease_epoch: 2, idem_key: before.idem_key });
      expect(after.envelope_id).not.toBe(before.envelope_id);
      expect(after.authority).toEqual(before.authority);
      expect(after.exec).toEqual(before.exec);
    });

    test('leaves nothing to the one before: no envelope, no lease, no say in its end', async () => {
      await sent();
      await run.connect();
      await run.say(missing(0), 2);
      await run.advance();
      expect([await waiting(1), await waiting(2)]).toEqual([[], ['ready']]);
      expect(await own.ports.renew(run.agent, 1, NONCE, 9)).toBeNull();
      await own.ports.disconnected(run.agent, 1);
      expect(await own.ports.renew(run.agent, 2, NONCE, 0)).not.toBeNull();
    });

    test('of another process counts as much: the older one hands out nothing', async () => {
      await approved();
      const other = runOn(processOn({ ...backend, clock }), run.tenant, run.agent);
      const { leaseEpoch } = await other.connect();
      await run.advance();
      expect([await waiting(1), await waiting(leaseEpoch)]).toEqual([[], ['ready']]);
    });

    test('that knows the step settles it, and one that has lost it leaves it to a person', async () => {
      await sent();
      await run.connect({ seqMark: 1 });
      await run.say(missing(1), 2);
      expect(await run.load()).toMatchObject({
        status: 'needs-person',
        steps: [{ status: 'unknown', trouble: expect.stringContaining('no record of it') }, {}],
      });
      await run.connect({ seqMark: 1 });
      await run.say(FINISHED, 3);
      expect((await run.step()).status).toBe('succeeded');
    });

    test('with a journal below what was heard of it is refused, and the agent’s description says why', async () => {
      await run.connect({ seqMark: 5 });
      expect(
        await own.ports.connect(run.agent, helloOf(run.tenant, run.agent, { seqMark: 4 })),
      ).toMatchObject({
        ok: false,
        sentence: expect.stringContaining('restored, copied or cut'),
      });
      await run.start();
      await run.approve();
      await own.ports.disconnected(run.agent, 1);
      expect(await run.advance()).toBe('waiting');
    });

    test('of an earlier enrolment is refused', async () => {
      const old = helloOf(run.tenant, run.agent, { agentEpoch: 0 });
      expect(await own.ports.connect(run.agent, old)).toMatchObject({ ok: false });
    });

    test('lifts epoch and numbers above all that the agent has journaled', async () => {
      await run.start();
      await run.approve();
      await run.connect({ seqMark: 20, leaseEpoch: 7 });
      await run.advance();
      expect(await run.envelope()).toMatchObject({ seq: 21, lease_epoch: 8 });
    });
  });

  describe('an envelope that is not handed out', () => {
    const withheld = async (leaseEpoch = 1) => {
      for (const { about, standing } of await own.ports.waitingJobs(run.agent, leaseEpoch))
        if (standing === 'over') await own.ports.withheld(run.agent, about, leaseEpoch);
    };

    test('because its agent was busy until its time was over, is made anew under the same approval', async () => {
      await sent();
      const before = await run.envelope();
      clock.advance(ENVELOPE_TTL_MS);
      await withheld();
      expect(await run.step()).toMatchObject({ status: 'approved', attempt: 0 });
      await own.ports.renew(run.agent, 1, NONCE, 0);
      await run.advance();
      const after = await run.envelope();
      expect(after).toMatchObject({ attempt: 1, seq: 2, authority: before.authority });
      expect(await waiting(1)).toEqual(['ready']);
    });

    test.each(['pause', 'abort'] as const)(
      'because of a %s of its run never started, and nobody has to look',
      async (type) => {
        await sent();
        await run.act({ type });
        expect(await waiting(1)).toEqual(['over']);
        await withheld();
        expect(await run.step()).toMatchObject({ status: 'stalled', attempt: 1, approval: null });
        if (type === 'abort') return;
        await run.resume();
        await run.act({ type: 'ask-again', step: S1 });
        await run.approve();
        await run.advance();
        expect(await run.envelope()).toMatchObject({ attempt: 2, seq: 2 });
      },
    );

    test('and was reported by its agent after all, is not withheld', async () => {
      await sent();
      const [job] = await own.ports.waitingJobs(run.agent, 1);
      await run.say(STARTED, 1);
      if (job) await own.ports.withheld(run.agent, job.about, 1);
      expect((await run.step()).status).toBe('running');
    });
  });

  describe('a pause of everything', () => {
    test('takes an unused approval back, and after it somebody has to approve again', async () => {
      await approved();
      await run.panic();
      await run.advance();
      expect(await run.step()).toMatchObject({ status: 'stalled', approval: null });
      await run.calm();
      expect(await run.advance()).toBe('waiting');
      await run.act({ type: 'ask-again', step: S1 });
      await run.approve();
      await run.advance();
      expect(await run.envelope()).toMatchObject({ attempt: 1, panic_epoch: 1 });
    });

    test('that began and ended before anybody looked voids the approval all the same', async () => {
      await approved();
      await run.panic();
      await run.calm();
      await run.advance();
      expect((await run.step()).status).toBe('stalled');
    });

    test('keeps what was sent before it from being made anew', async () => {
      await sent();
      await run.panic();
      const { leaseEpoch } = await run.connect();
      await run.say(missing(0), leaseEpoch);
      await run.advance();
      expect(await run.step()).toMatchObject({ status: 'stalled', approval: null });
    });
  });

  describe('an approver', () => {
    const demote = (role: 'viewer' | 'responder') =>
      run.ofTenant({
        type: 'set-roles',
        by: admin(ADA),
        member: { user: BOB, role, sameAs: null },
        defaultRole: 'approver',
      });

    test.each(['viewer', 'responder'] as const)('who is %s by now has approved nothing', async (role) => {
      await approved();
      await demote(role);
      await run.advance();
      expect(await run.step()).toMatchObject({
        status: 'stalled',
        trouble: expect.stringContaining('may not approve steps any more'),
      });
      expect(await waiting(1)).toEqual([]);
    });

    test('who may not approve any more has not approved what has to be made anew either', async () => {
      await sent();
      await demote('viewer');
      await run.connect();
      await run.say(missing(0), 2);
      await run.advance();
      expect((await run.step()).status).toBe('stalled');
    });

    test('has approved the attempt that was shown, and no further one', async () => {
      await sent();
      await run.say({ kind: 'rejected', code: 'time', sentence: 'Too late.' }, 1);
      expect(await run.advance()).toBe('waiting');
      await run.act({ type: 'ask-again', step: S1 });
      await run.approve();
      await run.advance();
      const { authority, attempt } = await run.envelope();
      const approval = openSigned('approval', decodeSigned(authority.approvals[0]), () =>
        publicOf(testKey(2)),
      );
      expect([attempt, approval]).toMatchObject([2, { record: { attempt: 2, after: 'not-started' } }]);
    });
  });

  describe('an unknown outcome', () => {
    test('is run again only by a ruling and an approval that names it', async () => {
      await sent();
      await run.say({ kind: 'unknown', sentence: 'Lost.' }, 1);
      expect([(await run.load()).status, await run.advance()]).toEqual(['needs-person', 'waiting']);
      await run.settle('rerun');
      expect(await run.advance()).toBe('waiting');
      await run.approve();
      await run.advance();
      const { authority, attempt, exec } = await run.envelope();
      expect([attempt, exec.env.DD0C_ATTEMPT]).toEqual([2, '2']);
      const approval = openSigned('approval', decodeSigned(authority.approvals[0]), () =>
        publicOf(testKey(2)),
      );
      expect(approval).toMatchObject({ record: { attempt: 2, after: 'unknown' } });
    });
  });

  describe('a report', () => {
    test.each([
      ['started', STARTED],
      ['finished', FINISHED],
      ['rejected', { kind: 'rejected', code: 'policy', sentence: 'No.' }],
      ['not started', { kind: 'rejected', code: 'not-started', sentence: 'No.' }],
      ['unknown', { kind: 'unknown', sentence: 'Lost.' }],
      ['missing', missing(0)],
      ['journal gap', missing(1)],
    ])('that comes five times at once over two connections is recorded once: %s', async (_kind, said) => {
      await sent();
      const { dispatch } = await run.step();
      await run.connect();
      const about = { runId: run.run, stepId: S1, attempt: 1, envelopeId: dispatch?.envelopeId };
      const versions = async () => (await own.log.list(runKind, run.tenant))[0]?.version;
      await run.say(said, 2);
      const before = await versions();
      const processes = [own, processOn({ ...backend, clock })];
      const again = Array.from({ length: 5 }, (_turn, turn) =>
        processes[turn % 2]?.ports.record(run.agent, { ...about, ...said } as never, 2),
      );
      await Promise.all(again);
      expect(await versions()).toBe(before);
    });

    test('and its opposite at the same time leave one of them, and a person is told when they cannot both be', async () => {
      await sent();
      const both = [FINISHED, { kind: 'rejected', code: 'policy', sentence: 'No.' }];
      await Promise.all(both.map((said) => run.say(said, 1)));
      const { status, contradiction } = await run.step();
      expect(status === 'succeeded' || (status === 'rejected' && contradiction !== undefined)).toBe(true);
    });
  });

  describe('at the same time', () => {
    const ACTS = {
      dispatch: () => run.advance(),
      panic: () => run.panic(),
      'pause of the run': () => run.act({ type: 'pause' }),
      abort: () => run.act({ type: 'abort' }),
      'new connection': () => run.connect(),
      'lost role': () =>
        run.ofTenant({
          type: 'set-roles',
          by: admin(ADA),
          member: { user: BOB, role: 'viewer', sameAs: null },
          defaultRole: 'approver',
        }),
    } as const;
    const names = Object.keys(ACTS) as (keyof typeof ACTS)[];
    const pairs = names.flatMap((one, at) => names.slice(at).map((two) => [one, two] as const));

    test.each(pairs)(
      '%s and %s leave one envelope or none, and nothing that was stopped before it',
      async (one, two) => {
        await approved();
        await Promise.all([ACTS[one](), ACTS[two](), run.advance()]);
        const { steps, status } = await run.load();
        const [step] = steps;
        expect(['dispatched', 'approved', 'stalled']).toContain(step?.status);
        if (step?.status !== 'dispatched') return;
        const envelope = await run.envelope();
        expect(envelope).toMatchObject({ attempt: 1, seq: 1, panic_epoch: 0 });
        expect(await run.advance()).toBe('waiting');
        if (status !== 'running') expect(await waiting(envelope.lease_epoch)).toEqual(['over']);
      },
    );
  });
});
