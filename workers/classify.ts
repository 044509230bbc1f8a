import type { Log } from '../src/audit/log.ts';
import type { SubjectRef } from '../src/audit/subject.ts';
import { judge } from '../src/runbook/flatten.ts';
import { runbookKind, toJudge } from '../src/runbook/stream.ts';
import type { Classify } from '../src/safety/verdict.ts';
import { declaredOf } from '../src/tenant/program.ts';
import { tenantState } from '../src/tenant/service.ts';

export interface ClassifyDeps {
  readonly log: Log;
  readonly classify: Classify;
  /** Whether a model is asked once structure has its verdicts. */
  readonly refine: boolean;
}

/** Gives every command of new steps its verdict. Only then are they shown: never a preview without colours. */
export async function classifyRunbook(
  { log, classify, refine }: ClassifyDeps,
  ref: SubjectRef,
): Promise<void> {
  const loaded = await log.load(runbookKind, ref);
  const steps = loaded && toJudge(loaded.state);
  if (!steps) return;
  const declared = declaredOf(await tenantState(log, ref.tenant));
  const verdicts = judge(steps.parse, (command, _, cwd) => classify(command, declared, cwd), steps.opinions);
  const revision = loaded.state.revision ?? 0;
  await log.transact(runbookKind, ref, { type: 'classified', verdicts, revision, refine });
}
