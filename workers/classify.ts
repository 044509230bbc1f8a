import type { Log } from '../src/audit/log.ts';
import type { SubjectRef } from '../src/audit/subject.ts';
import { judge } from '../src/runbook/flatten.ts';
import { runbookKind } from '../src/runbook/stream.ts';
import type { Classify } from '../src/safety/verdict.ts';
import { declaredOf } from '../src/tenant/program.ts';
import { tenantState } from '../src/tenant/service.ts';

export interface ClassifyDeps {
  readonly log: Log;
  readonly classify: Classify;
}

/** Gives every command of a parsed runbook its verdict. Only then is a preview shown: never one without colours. */
export async function classifyRunbook({ log, classify }: ClassifyDeps, ref: SubjectRef): Promise<void> {
  const loaded = await log.load(runbookKind, ref);
  if (loaded?.state.status !== 'parsed' || !loaded.state.parse) return;
  const declared = declaredOf(await tenantState(log, ref.tenant));
  const verdicts = judge(loaded.state.parse, (command) => classify(command, declared));
  await log.transact(runbookKind, ref, { type: 'classified', verdicts });
}
