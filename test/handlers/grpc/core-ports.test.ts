import { describe, expect, test } from '@jest/globals';
import { corePorts } from '../../../handlers/grpc/core-ports.ts';
import { runRef } from '../../../src/audit/streams.ts';
import { runKind } from '../../../src/run/kind.ts';
import type { RunState } from '../../../src/run/run.ts';
import { AGENT, apply, buildRun, command, NOW, RUN, TENANT } from '../../support/builders.ts';
import { fakeLogger, memoryLog } from '../../support/fakes.ts';

/** How many envelopes and kills wait for the agent of this run. */
async function waitingIn(run: RunState, isAt = true) {
  const { log, put } = memoryLog();
  put(runKind, runRef(TENANT, RUN), run);
  const agents = {
    find: async () => ({ tenantId: TENANT, publicKey: '', agentEpoch: 1 }),
    isAt: async () => isAt,
  };
  const ports = corePorts({
    log,
    agents: agents as never,
    gateway: 'g',
    clock: { now: () => NOW },
    logger: fakeLogger().logger,
    onChange: () => () => undefined,
  });
  return { jobs: (await ports.waitingJobs(AGENT)).length, kills: (await ports.killsAsked(AGENT)).length };
}

describe('what waits for an agent', () => {
  const sent = buildRun({ at: 'dispatched' });
  test('is the envelope of a step that was sent and has not started', async () => {
    expect(await waitingIn(sent)).toEqual({ jobs: 1, kills: 0 });
    expect(await waitingIn(buildRun({ at: 'running' }))).toEqual({ jobs: 0, kills: 0 });
  });

  test('is nothing here when its newest connection is elsewhere: two programs may have its identity', async () => {
    expect(await waitingIn(sent, false)).toEqual({ jobs: 0, kills: 0 });
  });

  test('is no envelope of a run that was paused or aborted meanwhile', async () => {
    const paused = apply(sent, command.pause()).state;
    expect(await waitingIn(paused)).toEqual({ jobs: 0, kills: 0 });
    expect(await waitingIn(apply(paused, command.resume()).state)).toEqual({ jobs: 1, kills: 0 });
    expect(await waitingIn(apply(sent, command.abort()).state)).toEqual({ jobs: 0, kills: 0 });
  });

  test('is the wish to end a step also when its run was aborted', async () => {
    const aborted = apply(buildRun({ at: 'running' }), command.abort()).state;
    expect(await waitingIn(apply(aborted, command.on('kill')).state)).toEqual({ jobs: 0, kills: 1 });
  });
});
