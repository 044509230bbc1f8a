/** A pause of everything against many dispatches at once, in Postgres. */
import { expect, test } from '@jest/globals';
import { TENANT_STREAM } from '../../../src/audit/log.ts';
import { runId } from '../../../src/protocol/ids.ts';
import type { AgentRegistry } from '../../../src/run/service.ts';
import { BACKENDS } from '../../support/backends.ts';
import { freshTenant, processOn, runOn } from '../../support/execution.ts';
import { fakeClock } from '../../support/fakes.ts';

const ROUNDS = 4;
const RUNS = 50;

test(`${ROUNDS * RUNS} times: what is sent was sent before the pause, and after it nothing is`, async () => {
  const clock = fakeClock();
  const [, open] = BACKENDS[0];
  const backend = await open(clock);
  try {
    const own = processOn({ ...backend, clock });
    /** How many envelopes were to be signed in a transaction that could see the pause. */
    let late = 0;
    let sent = 0;
    let dispatching: () => void = () => undefined;
    const registry: AgentRegistry = {
      ...own.deps.registry,
      async nextSeq(tx, agent) {
        dispatching();
        const slot = await own.deps.registry.nextSeq(tx, agent);
        const { rows } = await tx.query('SELECT status FROM subject WHERE stream = $1', [TENANT_STREAM]);
        if (rows[0]?.status === 'paused') late += 1;
        return slot;
      },
    };
    const watched = { ...own, deps: { ...own.deps, registry } };
    for (let round = 0; round < ROUNDS; round += 1) {
      const tenant = freshTenant();
      const agent = await backend.enrol(tenant);
      const runs = Array.from({ length: RUNS }, (_, at) => runOn(watched, tenant, agent, runId(`R${at}`)));
      const [first] = runs;
      await first?.connect();
      await Promise.all(
        runs.map(async (run) => {
          await run.start();
          await run.approve();
        }),
      );
      // By turns: at once, which the pause wins as a rule, and in the middle of a dispatch, which then is sent.
      const moment = round % 2 === 0 ? new Promise<void>((resolve) => (dispatching = resolve)) : null;
      const advances = runs.map((run) => run.advance());
      await moment;
      await Promise.all([...advances, first?.panic()]);
      for (const run of runs) {
        const { status, dispatch } = await run.step();
        if (dispatch) sent += 1;
        expect(await run.advance()).not.toBe(dispatch ? 'moved' : 'sent');
        if (!dispatch) expect((await run.step()).dispatch).toBeNull();
        expect(['dispatched', 'stalled', 'approved']).toContain(status);
      }
    }
    expect(late).toBe(0);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(ROUNDS * RUNS);
  } finally {
    await backend.close();
  }
}, 60_000);
