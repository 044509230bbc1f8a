import { runOf } from '../src/audit/streams.ts';
import type { SubjectRef } from '../src/audit/subject.ts';
import { type AdvanceDeps, advanceRun } from '../src/run/service.ts';

export interface StepDeps extends AdvanceDeps {
  readonly clock: { now(): number };
  /** Looks at the subject again at this time and not before. */
  readonly defer: (ref: SubjectRef, until: number) => Promise<void>;
}

/** How soon a run that waits for something outside (an agent, the end of a pause) is looked at again (ms). */
const LOOK_AGAIN_MS = 1_000;

/** Moves a run on as far as it goes by itself. */
export async function advanceStep(deps: StepDeps, ref: SubjectRef): Promise<void> {
  while ((await advanceRun(deps, ref.tenant, runOf(ref))) === 'moved');
  await deps.defer(ref, deps.clock.now() + LOOK_AGAIN_MS);
}
