import { runOf } from '../audit/streams.ts';
import type { Refusal } from '../audit/subject.ts';
import type { TenantId, UserId } from '../protocol/ids.ts';
import { LIVE_STATUSES, runKind } from './kind.ts';
import type { RunState } from './run.ts';
import { actOnRun, type RunDeps } from './service.ts';

/** The runs of the workspace in which something may still start or end, oldest first. */
export async function liveRuns({ log }: Pick<RunDeps, 'log'>, tenant: TenantId): Promise<RunState[]> {
  return (await log.list(runKind, tenant, LIVE_STATUSES))
    .map(({ state }) => state)
    .sort((a, b) => a.startedAt - b.startedAt);
}

/** Asks the agents to end every step that is running now. The first refusal is given back; the others are still asked. */
export async function killRunningSteps(
  deps: RunDeps,
  tenant: TenantId,
  by: UserId,
): Promise<{ ok: true } | { ok: false; refusal: Refusal }> {
  const runs = await deps.log.list(runKind, tenant, ['under-way']);
  const running = runs.flatMap(({ ref, state }) =>
    state.steps.filter(({ status }) => status === 'running').map(({ id }) => ({ run: runOf(ref), step: id })),
  );
  const asked = await Promise.all(
    running.map(({ run, step }) => actOnRun(deps, tenant, run, by, { type: 'kill', step })),
  );
  const refused = asked.find((answer) => !answer.ok);
  return refused && !refused.ok ? { ok: false, refusal: refused.refusal } : { ok: true };
}
